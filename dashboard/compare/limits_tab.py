"""The tab Unrolling limits: choose a grid, start it, watch the map fill, read the verdict."""

from __future__ import annotations

import csv
import io

import streamlit as st

from core.errors import UnrollError
from core.experiments.background import SweepSnapshot
from core.experiments.plan import SweepPlan
from core.experiments.summary import cell_rows
from dashboard.compare import sweeping
from dashboard.compare.cell_details import cell_details
from dashboard.compare.sweep_form import sweep_form
from dashboard.compare.sweep_panel import draw_sweep
from dashboard.pace import refresh_seconds, refreshed
from dashboard.server import library, sweeps
from dashboard.widgets.plain import plain

_INTRO = (
    "How far back can a network learn to look? In a *latch text* one character depends on "
    "another exactly *lag* characters before it. A grid of runs finds the largest lag that each "
    "activation learns, seed by seed."
)


def limits_tab() -> None:
    """The whole tab, the form in the sidebar."""
    try:
        now = sweeps().snapshot
    except UnrollError as error:
        st.error(plain(str(error)))
        return
    active = now.plan if now is not None and now.active else None
    if sweeping.chosen_plan() is None and now is not None:
        sweeping.choose_plan(now.plan)  # after a reload, or in a second tab
    with st.sidebar:
        plan = sweep_form(active)
    st.markdown(_INTRO)
    if library().store is None:
        st.warning(plain(library().problem))
    try:
        shown = sweeping.shown(plan) if plan else None
    except UnrollError as error:
        st.error(plain(str(error)))
        shown = None
    estimate = None
    if shown is not None and not shown.active and shown.done < len(shown.cells):
        estimate = sweeping.seconds_needed(shown)
    with st.container(horizontal=True, vertical_alignment="center"):
        _buttons(plan, shown)
    if refusal := st.session_state.pop("sweep_refusal", None):
        st.error(plain(refusal))
    if shown is None:
        return

    @st.fragment(run_every=2 * refresh_seconds() if shown.active else None)
    def live() -> None:
        """The part that moves."""
        snapshot = (sweeps().snapshot if shown.active else None) or shown
        draw_sweep(snapshot, estimate)
        if shown.active and (refreshed() or not snapshot.active):
            # Many watch, or other buttons fit it now; at the end this also ends the timer.
            st.rerun()

    live()
    if not shown.active:
        cell_details(shown)


def _buttons(plan: SweepPlan | None, shown: SweepSnapshot | None) -> None:
    if shown is not None and shown.active:
        st.button("Stop", icon=":material/stop:", type="primary", on_click=sweeps().stop)
        return
    left = len(shown.cells) - shown.done if shown else 0
    label = f"Continue, {left} cells to go" if shown and shown.done and left else "Start"
    st.button(
        label,
        icon=":material/play_arrow:",
        type="primary",
        disabled=shown is None or not left,
        on_click=_start,
        args=(plan,),
        key="sweep_start",
        help=None if left else "Every cell of this grid is measured.",
    )
    if shown is not None and shown.done:
        st.download_button(
            "All cells as CSV",
            lambda: _csv(shown),
            file_name="unroll-sweep.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
        )


def _start(plan: SweepPlan) -> None:
    try:
        sweeps().start(plan)
    except UnrollError as error:  # another session's sweep, a full disk
        st.session_state["sweep_refusal"] = str(error)


def _csv(snapshot: SweepSnapshot) -> str:
    rows = cell_rows(snapshot.plan, snapshot.cells, snapshot.results)
    file = io.StringIO()
    writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()
