"""The runs of one line at one distance: how each seed learned, and links to open or repeat it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from core.experiments.background import SweepSnapshot
from core.experiments.cells import Cell, CellResult, Line
from core.links import DEFAULT_PRESET, to_query
from dashboard.charts import sweep as charts
from dashboard.compare.sweeping import recorded
from dashboard.widgets.live_chart import live_chart

_COLUMNS = {
    "Recall at the end": st.column_config.NumberColumn(format="percent"),
    "Best recall": st.column_config.NumberColumn(
        format="percent", help="At any of ten marks on the way; it counts for nothing."
    ),
    "Loss, nats": st.column_config.NumberColumn(format="%.4f"),
    "Largest gradient": st.column_config.NumberColumn(format="compact"),
    "Updates": st.column_config.NumberColumn(format="localized"),
    "Seconds": st.column_config.NumberColumn(format="%.1f"),
    "Its run": st.column_config.LinkColumn(
        display_text="open", help="Its curves, texts and weights, on the Train page."
    ),
    "Repeat it": st.column_config.LinkColumn(
        display_text="set up", help="Its settings on the Train page, to start it there."
    ),
}
_MARKS = ["seed", "characters", "recall", "loss_nats"]


def cell_details(snapshot: SweepSnapshot) -> None:
    """Let a line and a distance be chosen, and show their cells."""
    plan, results = snapshot.plan, snapshot.results
    by_place: dict[tuple[Line, int], list[Cell]] = {
        (line, distance): [] for line in plan.lines for distance in plan.distances
    }
    for cell in plan.of_grid(snapshot.cells):
        if cell.key in results:
            by_place[cell.line, cell.distance].append(cell)
    measured = [place for place, cells in by_place.items() if cells]
    if not measured:
        return
    chosen = st.selectbox(
        "The runs of",
        measured,
        index=None,
        format_func=lambda at: f"{plan.line_name(at[0])}, {plan.distance_name} {at[1]}",
        placeholder="choose a cell of the map to see its runs",
    )
    if chosen is None:
        return
    own = by_place[chosen]
    runs = recorded(cell.key for cell in own)
    rows = [_row(cell, results[cell.key], runs.get(cell.key)) for cell in own]
    marks = [
        {"seed": cell.seed, **{name: getattr(mark, name) for name in _MARKS[1:]}}
        for cell in own
        for mark in results[cell.key].marks
    ]
    left, right = st.columns([11, 9])
    with left:
        st.dataframe(pd.DataFrame(rows), hide_index=True, column_config=_COLUMNS)
    with right:
        live_chart(
            charts.learning_chart(
                pd.DataFrame(marks, columns=_MARKS), "recall" if plan.on_latch else "loss_nats"
            ),
            key="learning",
            height=320,
            alt="How each seed learned",
            revision=str(chosen),
        )


def _row(cell: Cell, result: CellResult, run_id: str | None) -> dict[str, Any]:
    its_run = None
    if run_id is not None:
        query = to_query(DEFAULT_PRESET, cell.trained_config) | {"run": run_id}
        its_run = f"/?{urlencode(query)}"
    return {
        "Seed": cell.seed,
        "Status": result.status,
        "Its run": its_run,
        "Recall at the end": result.recall_at_end,
        "Best recall": result.recall,
        "Loss, nats": result.loss_nats,
        "Largest gradient": result.max_grad_norm,
        "Updates": result.updates,
        "Seconds": result.seconds,
        "Worker": result.worker,
        "Repeat it": f"/?{urlencode(to_query(DEFAULT_PRESET, cell.config))}",
    }
