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
from dashboard.widgets.command_row import command, command_row
from dashboard.widgets.plain import plain

_START_WIDTH = 250  # pixels: enough for "Continue, 999 cells to go"
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
    shown, problem = None, ""
    try:
        shown = sweeping.shown(plan) if plan else None
    except UnrollError as error:
        problem = str(error)
    estimate = None
    if shown is not None and not shown.active and shown.done < len(shown.cells):
        estimate = sweeping.seconds_needed(shown)
    _buttons(plan, shown)
    with st.container():  # below the buttons: what comes and goes must not move them
        if library().store is None:
            st.warning(plain(library().problem))
        for refusal in (problem, st.session_state.pop("sweep_refusal", "")):
            if refusal:
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
    active = shown is not None and shown.active
    done = shown.done if shown else 0
    left = len(shown.cells) - done if shown else 0
    with command_row("limits"):
        command(
            f"Continue, {left} cells to go" if done and left and not active else "Start",
            _start,
            plan,
            key="sweep_start",
            fits=bool(left) and not active,
            icon="play_arrow",
            kind="primary",
            help="Trains the cells of this grid that are not measured yet.",
            width=_START_WIDTH,
        )
        command(
            "Stop",
            sweeps().stop,
            key="sweep_stop",
            fits=active,
            icon="stop",
            kind="primary",
        )
        st.download_button(
            "All cells as CSV",
            lambda: _csv(shown) if shown else "",
            file_name="unroll-sweep.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            disabled=active or not done,
            key="sweep_csv",
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
