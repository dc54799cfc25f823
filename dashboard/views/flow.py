"""Gradient flow: where in time the gradient dies, and why."""

import streamlit as st

from dashboard import pace, session
from dashboard.flow.clipping_microscope import clipping_microscope
from dashboard.flow.flow_panel import draw_flow, draw_windows_and_causes
from dashboard.flow.gradient_checker import gradient_checker
from dashboard.flow.replay import replay_panel
from dashboard.flow.unit_map import unit_map
from dashboard.link import write_link
from dashboard.server import recorded_note
from dashboard.widgets.findings import findings_list
from dashboard.widgets.plain import plain
from dashboard.widgets.recorded_badge import pictures, tell_recorded

run = session.watched_run()
status = run.snapshot.status if run else None
active = status is not None and status.active
note = recorded_note(run)
# Probes come a few times a second at most, and eight charts cost more than three.
seconds = 2 * pace.refresh_seconds()

st.header("Where in time the gradient dies")
with st.container():  # what comes and goes must not make anew what stands below
    for problem in session.problems():
        st.warning(plain(problem))
    tell_recorded(note)
    if run is None:
        st.info("There is no run to look into yet: start one on the Train page.")


@st.fragment(run_every=seconds if active else None)
def live() -> None:
    """The part that moves with every probe."""
    if session.watched_run() is not run:
        st.rerun()  # a button in here went back in the run, or trains it again: show that one
    snapshot = run.snapshot if run else None
    with pictures(bool(note)):
        draw_flow(snapshot, session.config())
        with st.container():
            replay_panel(run)
        findings_list(snapshot)
        draw_windows_and_causes(snapshot, session.config())
        clipping_microscope(snapshot)
    if snapshot is not None and active and (pace.refreshed() or snapshot.status != status):
        st.rerun()  # at another pace; or the run has ended, and this also ends the timer


@st.fragment(run_every=4 * seconds if active else None)
def units() -> None:
    """The part that asks the run for its weights."""
    with pictures(bool(note)):
        unit_map(run)


live()
st.subheader("Units over text")
units()
gradient_checker(run)
write_link()
