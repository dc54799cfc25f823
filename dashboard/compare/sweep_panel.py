"""A sweep as it stands: progress, verdict, curves with reaches, map and table, horizons.

Reads frozen snapshots only. Drawn again about once a second while the sweep is active.
"""

from __future__ import annotations

from collections import Counter

import pandas as pd
import streamlit as st

from core.data.latch import latch_floor
from core.experiments.background import SweepSnapshot
from core.experiments.judgement import Judgement, judge
from core.experiments.plan import AT_T, SweepPlan
from core.experiments.summary import cell_rows, counted, group_rows
from core.palette import Style
from dashboard.charts import sweep as charts
from dashboard.compare.horizon_panel import draw_horizons
from dashboard.widgets.live_chart import live_chart
from dashboard.widgets.plain import plain

Styles = dict[str, Style]  # by a line's name

_TABLE = {
    "line": "Line",
    "distance": "Lag",
    "outcome": "Outcome",
    "score": "Mean",
    "low": "From",
    "high": "To",
    "seeds_done": "Seeds",
    "updates": "Updates",
    "characters": "Characters",
    "max_grad_norm": "Largest gradient",
}

_OF_SEEDS = {
    "Mean": "Over seeds, at the end.",
    "From": "Where the mean's 95 % interval begins.",
    "To": "Where it ends.",
}
_SEED = {
    True: "A seed fixes the latch text and the first weights",
    False: "A seed fixes the first weights",
}


def draw_sweep(snapshot: SweepSnapshot, estimate: float | None) -> None:
    """The whole panel.

    Args:
        snapshot: what is known.
        estimate: seconds that the cells still to come will take, where none is trained yet.
    """
    plan = snapshot.plan
    judgement = judge(plan, snapshot.cells, snapshot.results)
    _progress(snapshot, estimate)
    _verdict(judgement)
    table = pd.DataFrame(group_rows(judgement))
    cells = pd.DataFrame(cell_rows(plan, snapshot.cells, snapshot.results))
    cells["distance"] = cells["lag" if plan.on_latch else "unrollings"]
    lines = [plan.line_name(line) for line in plan.lines]
    styles = charts.line_styles(lines, [line.activation for line in plan.lines])
    left, right = st.columns([11, 9])
    with left:
        _score_curve(judgement, table, cells, styles)
    with right:
        live_chart(
            charts.limit_map(
                table, _running(snapshot), "Lag, characters" if plan.on_latch else "Unrollings T"
            ),
            key="limit_map",
            height=max(330, 110 + 90 * len(lines)),
            alt="What each line scored at each distance",
            revision=str(hash(plan)),
        )
    st.markdown("\n".join(f"- {plain(spread)}" for spread in judgement.spreads))
    if judgement.horizons is not None:
        draw_horizons(judgement.horizons, styles)
    left, right = st.columns([11, 9])
    with left:
        _group_table(plan, table)
        with st.expander("The rule"):
            st.markdown(plain(judgement.rule))
            st.markdown(plain(_fairness(plan)))
    with right:
        if plan.on_latch:
            _loss_curve(plan, table, cells, styles)


def _progress(snapshot: SweepSnapshot, estimate: float | None) -> None:
    text = f"{snapshot.done} of {counted(snapshot.plan, snapshot.cells, snapshot.reused)}"
    if snapshot.active:
        if snapshot.workers:
            text += f" · {snapshot.workers} workers"
        if snapshot.seconds_left is not None:
            text += f" · about {in_words(snapshot.seconds_left)} left"
        elif snapshot.workers:
            text += " · measuring how long it takes"
        if snapshot.stopping:
            text = f"Stopping … {text}"
        elif snapshot.message:
            text = f"{snapshot.message} … {text}"
    elif snapshot.done < len(snapshot.cells):
        text += f" · about {in_words(estimate or 0)} for the others (an estimate)"
    st.progress(min(1.0, snapshot.share), text)
    if snapshot.message and not snapshot.active:
        (st.error if snapshot.failed else st.info)(plain(snapshot.message))
    if snapshot.unrecorded:
        st.warning(plain(snapshot.unrecorded))
    failures = {r.message for r in snapshot.results.values() if r.status == "failed"}
    for message in sorted(failures)[:3]:
        st.error(plain(f"A cell failed: {message}"))


def _verdict(judgement: Judgement) -> None:
    if judgement.begun:
        st.markdown(f"##### {plain(judgement.headline)}")
    else:
        st.markdown("##### The verdict comes with the first cells.")
    if judgement.begun and judgement.certainty_in_words:
        st.markdown(plain(judgement.certainty_in_words))
    st.caption(plain(judgement.article))


def _fairness(plan: SweepPlan) -> str:
    base = plan.base
    return (
        f"Every cell trains on {plan.amount:,} {plan.budget}: {_windows(plan)}, {base.nodes} "
        f"nodes, {base.optimiser} at {base.learning_rate:g}. {_SEED[plan.on_latch]}, the same for "
        "every line. The loss is a mean over the window, so that more unrollings make no larger "
        "gradient. Scores are measured on text that was not trained on."
    )


def _windows(plan: SweepPlan) -> str:
    """How many windows are read at once."""
    if plan.on_latch:
        return f"{plan.base.batch_size} windows at once"
    each = ", ".join(f"{plan.windows(t)} of T {t}" for t in plan.distances)
    predictions = plan.base.batch_size * AT_T
    return f"windows at once: {each}, about {predictions:,} predictions an update each"


def _group_table(plan: SweepPlan, table: pd.DataFrame) -> None:
    score = plan.score_name
    names = {f"{score}_{name}": name for name in ("low", "high")}
    shown = table.rename(columns={f"{score}_mean": "score", **names})
    shown["seeds_done"] = [f"{row.seeds_done} of {row.seeds}" for row in table.itertuples()]
    shown["outcome"] = [charts.OUTCOMES[name][0] for name in table["outcome"]]
    labels = {**_TABLE, "distance": plan.distance_name.capitalize()}
    form = "percent" if plan.on_latch else "%.4f"
    st.dataframe(
        shown[list(labels)].rename(columns=labels),
        hide_index=True,
        height=min(420, 40 + 36 * len(shown)),
        column_config={
            **{
                name: st.column_config.NumberColumn(name, format=form, help=about)
                for name, about in _OF_SEEDS.items()
            },
            "Updates": st.column_config.NumberColumn(format="localized"),
            "Characters": st.column_config.NumberColumn(format="localized"),
            "Largest gradient": st.column_config.NumberColumn(format="compact"),
        },
    )


def _score_curve(
    judgement: Judgement, table: pd.DataFrame, cells: pd.DataFrame, styles: Styles
) -> None:
    if judgement.plan.on_latch:
        figure = charts.recall_chart(table, cells, styles, _reaches(judgement))
        words = "Recall of the echo by lag with each line's reach"
    else:
        figure, words = charts.text_loss_chart(table, cells, styles), "Validation loss by T"
    live_chart(figure, key="score", height=380, alt=f"{words}, mean and its interval over seeds")


def _reaches(judgement: Judgement) -> pd.DataFrame:
    """Every line's reach as `charts.recall_chart` takes them."""
    rows = [
        {
            "line": judgement.plan.line_name(verdict.line),
            "reach": verdict.reach.value,
            "low": verdict.reach.interval.low if verdict.reach.interval else None,
            "high": verdict.reach.interval.high if verdict.reach.interval else None,
        }
        for verdict in judgement.verdicts
        if verdict.reach is not None
    ]
    return pd.DataFrame(rows, columns=["line", "reach", "low", "high"])


def _loss_curve(plan: SweepPlan, table: pd.DataFrame, cells: pd.DataFrame, styles: Styles) -> None:
    floors = pd.DataFrame(
        {
            "lag": plan.distances,
            "perfect": [latch_floor(lag) for lag in plan.distances],
            "forgetful": [latch_floor(lag, remembers=False) for lag in plan.distances],
        }
    )
    live_chart(
        charts.latch_loss_chart(table, cells, styles, floors),
        key="latch_loss",
        height=320,
        alt="Loss by lag with the exact floors",
    )


def _running(snapshot: SweepSnapshot) -> Counter:
    """How many cells are being trained, by line and distance."""
    return Counter(
        (snapshot.plan.line_name(cell.line), cell.distance)
        for cell in snapshot.plan.of_grid(snapshot.cells)
        if cell.key in snapshot.marks
    )


def in_words(seconds: float) -> str:
    """A duration, no finer than an estimate is worth."""
    for below, unit, length, name in (
        (90, 10, 1, "s"),
        (15 * 60, 60, 60, "min"),
        (100 * 60, 300, 60, "min"),
    ):
        if seconds < below:
            return f"{max(unit, round(seconds / unit) * unit) // length} {name}"
    quarters = round(seconds / 900)
    return f"{quarters // 4} h" + (f" {15 * (quarters % 4)} min" if quarters % 4 else "")
