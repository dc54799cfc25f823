"""Gradient flow: where in time the gradient dies, and why."""

from time import monotonic

import streamlit as st

from dashboard import pace, session
from dashboard.flow.clipping_microscope import clipping_microscope
from dashboard.flow.flow_panel import draw_flow, draw_windows_and_causes
from dashboard.flow.gradient_checker import gradient_checker
from dashboard.flow.replay import replay_panel
from dashboard.flow.unit_map import unit_map
from dashboard.link import write_link
from dashboard.server import recorded_note
from dashboard.widgets import page_head
from dashboard.widgets.describe import describe
from dashboard.widgets.findings import findings_list
from dashboard.widgets.phone_fold import phone_fold
from dashboard.widgets.plain import plain
from dashboard.widgets.recorded_badge import pictures
from dashboard.widgets.run_controls import run_controls
from dashboard.widgets.run_status import run_status

run = session.watched_run()
note = recorded_note(run)
# What the buttons are drawn for.
drawn = (run.snapshot.status, run.held) if run else None
active = drawn is not None and drawn[0].active
# Probes come a few times a second at most, and eight charts cost more than three.
seconds = 2 * pace.refresh_seconds()

with page_head.beside():
    name = f"Run {run.run_id}: " if run else ""
    described = describe(run.snapshot.config if run else session.config())
    st.markdown(name + described, width="content")
run_controls(run, session.config())
with st.container():  # what comes and goes must not make anew what stands below
    for problem in session.problems():
        st.warning(plain(problem))


@st.fragment(run_every=seconds if active else None)
def live() -> None:
    """The part that moves with every probe."""
    began = monotonic()
    if session.watched_run() is not run:
        st.rerun()  # a button in here went back in the run, or trains it again: show that one
    snapshot = run.snapshot if run else None
    run_status(snapshot, recorded=note)
    with pictures(bool(note)):
        draw_flow(snapshot, session.config())
        with st.container():
            replay_panel(run)
        findings_list(snapshot)
        with phone_fold("The window's gradient, its reach and the causes", key="causes"):
            draw_windows_and_causes(snapshot, session.config())
        with phone_fold("Clipping, step by step", key="clipping"):
            clipping_microscope(snapshot)
    if run is None or snapshot is None or not active:
        return
    if pace.refreshed(began) or (snapshot.status, run.held) != drawn:
        st.rerun()  # at another pace; or the run has ended, and this also ends the timer


@st.fragment(run_every=4 * seconds if active else None)
def units() -> None:
    """The part that asks the run for its weights."""
    with pictures(bool(note)):
        unit_map(run)


live()
with phone_fold("Units over text", key="units"):
    st.subheader("Units over text")
    units()
with phone_fold("Check the gradient", key="check"):
    gradient_checker(run)
write_link()
