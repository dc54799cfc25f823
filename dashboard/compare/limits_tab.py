"""The tab Unrolling limits: choose a grid, start it, watch it fill, read the verdict, add to it."""

from __future__ import annotations

import csv
import io
from time import monotonic

import streamlit as st

from core.errors import UnrollError
from core.experiments.background import SweepSnapshot
from core.experiments.judgement import judge
from core.experiments.plan import SweepPlan
from core.experiments.summary import table
from dashboard import gate
from dashboard.compare import sweeping
from dashboard.compare.cell_details import cell_details
from dashboard.compare.sweep_form import fill_form, sweep_form
from dashboard.compare.sweep_panel import draw_sweep, in_words
from dashboard.pace import refresh_seconds, refreshed
from dashboard.server import library, sweeps
from dashboard.widgets import refused
from dashboard.widgets.command_row import command, command_row
from dashboard.widgets.latch_drawing import latch_drawing
from dashboard.widgets.plain import plain
from dashboard.widgets.recorded_badge import pictures, tell_recorded
from dashboard.widgets.verbatim import verbatim

_START_WIDTH = 250  # pixels: enough for "Continue, 999 cells to go"
_MORE_WIDTH = 220  # pixels: enough for "Add lags 4, 20, 24"
_INTRO = (
    "How far back can a network learn to look? In a *latch text* one character depends on "
    "another exactly *lag* characters before it. A grid of runs measures how much of it each "
    "activation recalls at the end, lag by lag and seed by seed; its *reach* is the lag at which "
    "that falls through halfway between chance and all."
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
    if plan is not None and plan.on_latch:
        verbatim(latch_drawing(plan.distances[0]), wrap=False)
    shown, problem = None, ""
    try:
        shown = sweeping.shown(plan) if plan else None
    except UnrollError as error:
        problem = str(error)
    estimate = None
    if shown is not None and not shown.active and shown.done < len(shown.cells):
        estimate = sweeping.seconds_needed(shown)
    drawn, note = sweeping.pictured(shown) if shown else (None, "")
    _buttons(plan, shown, drawn)
    with st.container():  # below the buttons: what comes and goes must not move them
        if not gate.may_sweep():
            st.info(gate.NO_SWEEPS, icon=":material/groups:")
        if library().store is None:
            st.warning(plain(library().problem))
        for refusal in (problem, refused.refusal("sweep")):
            if refusal:
                st.error(plain(refusal))
        if note:
            ahead = f"Start trains these cells here: about {in_words(estimate or 0)}."
            tell_recorded(note, ahead if gate.may_sweep() else "")
    if shown is None or drawn is None:
        return

    @st.fragment(run_every=2 * refresh_seconds() if shown.active else None)
    def live() -> None:
        """The part that moves."""
        began = monotonic()
        snapshot = (sweeps().snapshot if shown.active else None) or drawn
        with pictures(bool(note)):
            draw_sweep(snapshot, estimate)
        if shown.active and (refreshed(began) or not snapshot.active):
            # Many watch, or other buttons fit it now; at the end this also ends the timer.
            st.rerun()

    live()
    if not shown.active:
        with pictures(bool(note)):
            cell_details(drawn)


def _buttons(
    plan: SweepPlan | None, shown: SweepSnapshot | None, drawn: SweepSnapshot | None
) -> None:
    """What can be done with the grid as it was measured here; the file is of what is drawn."""
    active, mine = shown is not None and shown.active, gate.may_sweep()
    done = shown.done if shown else 0
    left = len(shown.cells) - done if shown else 0
    judgement = judge(shown.plan, shown.cells, shown.results) if shown and not active else None
    further = judgement.further if judgement else None
    with command_row("limits"):
        command(
            f"Continue, {left} cells to go" if done and left and not active else "Start",
            _start,
            plan,
            key="sweep_start",
            fits=bool(left) and not active and mine,
            icon="play_arrow",
            kind="primary",
            help="Trains the cells of this grid that are not measured yet.",
            width=_START_WIDTH,
        )
        command(
            "Stop",
            _stop,
            key="sweep_stop",
            fits=active and mine,
            icon="stop",
            kind="primary",
        )
        command(
            f"Add {judgement.added}" if judgement and further else "Add seeds or lags",
            _extend,
            further,
            key="sweep_more",
            fits=further is not None and mine,
            icon="add",
            help="Measures what the verdict lacks; no cell is trained twice.",
            width=_MORE_WIDTH,
        )
        st.download_button(
            "All cells as CSV",
            lambda: _csv(drawn) if drawn else "",
            file_name="unroll-sweep.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            disabled=active or drawn is None or not drawn.done,
            key="sweep_csv",
        )


def _start(plan: SweepPlan) -> None:
    refused.attempted("sweep", gate.start_sweep, plan)  # another session's is on, a full disk


def _stop() -> None:
    refused.attempted("sweep", gate.stop_sweep)  # it may not be theirs


def _extend(plan: SweepPlan) -> None:
    fill_form(plan)
    _start(plan)


def _csv(snapshot: SweepSnapshot) -> str:
    rows = table(snapshot.plan, snapshot.cells, snapshot.results)
    file = io.StringIO()
    writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()
