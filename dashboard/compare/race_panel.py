"""A race as it stands: who differs in what, figures, curves, texts, and guess against outcome.

Reads frozen snapshots only. Drawn again about twice a second while the race is active.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from html import escape

import pandas as pd
import streamlit as st

from core.experiments.lanes import differences, lane_names
from core.experiments.lead import Lead
from core.experiments.race import Guess, RaceSnapshot
from core.palette import GREY, Style
from core.records import RunStatus
from core.training.snapshot import RunSnapshot
from dashboard.charts.frames import metrics_frame, reports_frame
from dashboard.charts.losses import Look, Unit, written
from dashboard.charts.race import (
    LINES_AND_MARKERS,
    LaneCurves,
    race_flow_chart,
    race_loss_chart,
    race_norm_chart,
    together,
)
from dashboard.charts.theme import STATUS_COLOURS
from dashboard.compare import racing
from dashboard.compare.race_form import AXIS_WORDS
from dashboard.server import library
from dashboard.widgets.live_chart import live_chart
from dashboard.widgets.plain import plain
from dashboard.widgets.run_status import waits
from dashboard.widgets.verbatim import verbatim

_UNDER = Style(GREY, "dot", "x", 2.0)


def draw_race(
    race: RaceSnapshot,
    look: Look,
    under: RunSnapshot | None,
    lead: Lead | None,
    ahead: str,
    guess: Guess | None,
) -> None:
    """The whole panel.

    Args:
        race: what is known.
        look: of the losses, but for the axis, which is the race's.
        under: a finished run to lay under the race.
        lead: who is ahead, if anybody.
        ahead: the same in words.
        guess: what this visitor guessed before it, if anything.
    """
    configs = [lane.config for lane in race.lanes]
    names, styles = lane_names(configs), racing.lane_styles(configs)
    _progress(race)
    for place, (column, runs) in enumerate(zip(st.columns(len(race.runs)), race.runs, strict=True)):
        with column:
            _lane(names[place], styles[place], runs, look.unit)
    _outcome(race, names, lead, ahead, guess)
    lanes = list(map(_curves, names, styles, race.runs))
    if under is not None:
        kind = "recorded run" if library().recording(under.run_id) else "run"
        lanes.append(_curves(f"under it: {kind} {under.run_id}", _UNDER, [under]))
    revision = f"{race.race_id}-{look.unit}-{look.scale}"
    left, right = st.columns([3, 2])
    with left:
        live_chart(
            race_loss_chart(lanes, race.lanes[0].floors, replace(look, axis=race.axis)),
            key="race_loss",
            height=380,
            alt="Losses of all lanes with n-gram floors",
            revision=revision,
        )
        st.caption(LINES_AND_MARKERS)
    with right:
        live_chart(
            race_flow_chart(lanes),
            key="race_flow",
            height=380,
            alt="Gradient flow of all lanes by characters back",
            revision=race.race_id,
        )
    left, right = st.columns([3, 2])
    with left:
        live_chart(
            race_norm_chart(lanes, axis=race.axis),
            key="race_norm",
            height=300,
            alt="Gradient norms of all lanes, logarithmic",
            revision=revision,
        )
    with right:
        _samples(names, race.lanes)


def _curves(name: str, style: Style, runs: Sequence[RunSnapshot]) -> LaneCurves:
    """One run as it is, or the mean of several and all their reports."""
    steps = min(len(run.history) for run in runs)
    # Cut to the same steps, so that a row of one stands for the same steps as in the others.
    return LaneCurves(
        name,
        style,
        together([metrics_frame(run.history.until(steps)) for run in runs]),
        reports_frame([report for run in runs for report in run.reports]),
        runs[0].probes[-1] if runs[0].probes else None,
    )


def _progress(race: RaceSnapshot) -> None:
    digits = 1 if race.axis == "seconds" else 0
    state = "held at" if race.held else "racing:"
    if not race.active:
        state = "stopped at" if race.stopped else "ended at"
    waiting = [lane.message for lane in race.lanes if lane.status.active and lane.message]
    words = f"{race.reached:,.{digits}f} of {race.end:,.0f} {AXIS_WORDS[race.axis]}"
    share = min(1.0, race.reached / race.end) if race.end else 1.0
    active = [run for runs in race.runs for run in runs if run.status.active]
    if active and all(run.status == RunStatus.QUEUED for run in active):
        waiting = [waits([run.run_id for run in active])]
    st.progress(share, plain(f"{waiting[0]} …" if waiting else f"{state} {words}"))


def _lane(name: str, style: Style, runs: Sequence[RunSnapshot], unit: Unit) -> None:
    """One lane in a few numbers, under its colour: a mean where it has several seeds."""
    st.html(
        f'<div style="border-top: 5px {_border(style)} {style.color}; padding-top: .3rem; '
        f'font-size: 1.2rem"><strong>{escape(name)}</strong></div>'
    )
    lane = worst_off(runs)
    horizons = ", ".join(run.probes[-1].horizon_in_words for run in runs if run.probes) or "–"
    paces = [run.steps_per_second for run in runs]
    pace = sum(pace for pace in paces if pace)
    speed = f"{pace * lane.config.characters_per_step:,.0f}" if pace else "–"
    training = _mean([run.history.mean_loss(100) for run in runs if len(run.history)], unit)
    validation = _mean([run.reports[-1].validation_loss_nats for run in runs if run.reports], unit)
    st.markdown(
        f":{STATUS_COLOURS[lane.status]}-badge[{lane.status}] step {lane.step:,} · "
        f"training **{training}** {unit} · validation **{validation}** · "
        f"horizon **{horizons}** characters · **{speed}** characters/s"
    )
    if lane.status in (RunStatus.DIVERGED, RunStatus.FAILED):
        st.error(plain(lane.message), icon=":material/error:")


def worst_off(runs: Sequence[RunSnapshot]) -> RunSnapshot:
    """The run that speaks for a lane: one that diverged or failed, else the first."""
    lost = (RunStatus.DIVERGED, RunStatus.FAILED)
    return next((run for run in runs if run.status in lost), runs[0])


def _mean(losses: Sequence[float], unit: Unit) -> str:
    """The mean, and behind it the single ones where there are several."""
    if not losses:
        return "–"
    mean = written(sum(losses) / len(losses), unit)
    each = ", ".join(written(loss, unit) for loss in losses)
    return mean if len(losses) == 1 else f"{mean} ({each})"


def same_in_all(race: RaceSnapshot) -> str:
    """The row that says exactly what differs."""
    configs = [lane.config for lane in race.lanes]
    words = ", ".join(name.replace("_", " ") for name in differences(configs))
    same = (
        f"Different: **{words}**. The same in all: everything else, the text, the seed's first "
        "weights wherever their shapes allow, and the characters in their order."
    )
    if (seeds := len(race.runs[0])) > 1:
        same += (
            f" Each lane is {seeds} runs of other first weights, drawn as their mean; its texts "
            "and its gradient flow are those of the first."
        )
    return same


def _border(style: Style) -> str:
    return "solid" if style.dash == "solid" else "dashed"


def _samples(names: list[str], lanes: tuple[RunSnapshot, ...]) -> None:
    st.markdown("**The latest text of each**")
    for name, lane in zip(names, lanes, strict=True):
        written = lane.reports[-1] if lane.reports else None
        st.caption(f"{plain(name)}, step {written.step:,}" if written else plain(name))
        if written:
            verbatim(written.sample)


def _outcome(
    race: RaceSnapshot, names: list[str], lead: Lead | None, ahead: str, guess: Guess | None
) -> None:
    """Who is ahead; at the end also the guess beside it."""
    st.markdown(f"##### {plain(ahead)}")  # always: what stands below would be made anew
    if guess is None:
        return
    if race.active:
        st.caption("Your guess is kept, and shown at the end.")
        return
    lanes = enumerate(map(worst_off, race.runs))
    diverged = [place for place, lane in lanes if lane.status == RunStatus.DIVERGED]
    best = "–" if lead is None else names[lead.lane]
    if lead is not None and not lead.ahead:
        best = "not known" if lead.unknown else "within the noise"
    horizons = [lane.probes[-1].horizon_in_words if lane.probes else "–" for lane in race.lanes]
    rows = [
        ("Ahead at the end", _name(names, guess.leader), best),
        ("Diverges", _listed(names, guess.diverges), _listed(names, diverged)),
        *(
            (f"Horizon of {name}, characters", _number(guessed), measured)
            for name, guessed, measured in zip(names, guess.horizons, horizons, strict=True)
        ),
    ]
    st.dataframe(
        pd.DataFrame(rows, columns=["", "You guessed", "It was"]), hide_index=True, width="content"
    )


def _name(names: list[str], place: int | None) -> str:
    return "–" if place is None else names[place]


def _listed(names: list[str], places: Iterable[int]) -> str:
    return "; ".join(names[place] for place in places) or "none"


def _number(value: int | None) -> str:
    return "–" if value is None else f"{value}"
