"""The card about 20 and 40: how far back is learned, by the recorded sweep. Knows no other page."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.experiments.judgement import Judgement, judge
from core.experiments.summary import REACH_COLUMNS, cell_rows, group_rows, reach_rows
from core.experiments.verdict import ARTICLE
from core.palette import ACTIVATIONS
from dashboard.article.card import told
from dashboard.article.run_here import Repeatable, run_here
from dashboard.charts import sweep as charts
from dashboard.charts.parts import upright
from dashboard.server import recorded_sweep
from dashboard.widgets.live_chart import live_chart
from dashboard.widgets.plain import plain
from dashboard.widgets.recorded_badge import pictures, tell_recorded

_CLAIMED = {"tanh": 20, "relu": 40}
_HOW = (
    "In a latch text a letter comes back exactly *lag* characters later, so that there is nothing "
    "to learn but where, and which letter; the reach is where mean recall falls through halfway."
)


def reach_card() -> None:
    """The card."""
    found = recorded_sweep()
    left, right = st.columns([4, 5], gap="large")
    if found is None:
        with left:
            told("The article", plain(ARTICLE))
            told("Measured", "Nothing is recorded here: *Compare* measures it.")
        return
    snapshot, note = found
    judgement = judge(snapshot.plan, snapshot.cells, snapshot.results)
    with left:
        told("The article", plain(ARTICLE))
        horizons = judgement.horizons.headline if judgement.horizons else ""
        told(
            "Measured",
            plain(" ".join(filter(None, (judgement.headline, judgement.certainty_in_words))))
            + (f"\n\nOn real text: {plain(horizons)}" if horizons else ""),
        )
        told("How it is measured", _HOW)
        cells = [cell for cell in snapshot.plan.of_grid(snapshot.cells) if cell.seed == 0]
        run_here(
            "reach",
            [
                Repeatable(cell.name, cell.trained_config, snapshot.results[cell.key].seconds)
                for cell in cells
            ],
            then="*Compare* measures the recall of such runs, many at once.",
        )
    with right, pictures(True):
        _draw(judgement, pd.DataFrame(cell_rows(snapshot.plan, snapshot.cells, snapshot.results)))
        st.caption("*Compare*, Unrolling limits, has the whole of it, and measures other grids.")
    tell_recorded(note)


def _draw(judgement: Judgement, cells: pd.DataFrame) -> None:
    plan = judgement.plan
    cells["distance"] = cells["lag"]
    names = [plan.line_name(line) for line in plan.lines]
    styles = charts.line_styles(names, [line.activation for line in plan.lines])
    reaches = pd.DataFrame(reach_rows(judgement), columns=REACH_COLUMNS)
    figure = charts.recall_chart(pd.DataFrame(group_rows(judgement)), cells, styles, reaches)
    for place, (activation, claimed) in enumerate(_CLAIMED.items()):
        style = ACTIVATIONS[activation]
        upright(
            figure,
            claimed,
            style.line,
            f"the article: {activation if activation == 'tanh' else 'ReLU'} {claimed}",
            y=0.9 - 0.1 * place,
            xanchor="left",
            yanchor="middle",
        )
    figure["layout"]["xaxis"] |= {
        "range": (6, 1.3 * max(_CLAIMED.values())),  # room for what stands beside the last line
        "tickvals": [*plan.distances, *_CLAIMED.values()],
    }
    live_chart(figure, key="reach", height=420, alt="Recall by lag, each reach, and 20 and 40")
