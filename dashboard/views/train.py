"""Train: choose a network, start it, watch it learn."""

from time import monotonic

import streamlit as st

from core.engines.cost import time_ahead
from dashboard import pace, session
from dashboard.classroom.hand_in import hand_in_button
from dashboard.link import write_link
from dashboard.server import manager, recorded_note
from dashboard.train.live_run import draw_run
from dashboard.train.race_button import race_button
from dashboard.train.settings import settings_panel
from dashboard.widgets import page_head
from dashboard.widgets.describe import describe
from dashboard.widgets.look import look_controls
from dashboard.widgets.network_picture import network_picture
from dashboard.widgets.plain import plain
from dashboard.widgets.run_controls import planned_changes, run_controls

run = session.watched_run()
# What buttons and settings are drawn for.
drawn = (run.snapshot.status, run.held, run.live) if run else None
active = drawn is not None and drawn[0].active

with st.sidebar:
    config = settings_panel(run)

if run is not None and active:
    described = run.snapshot.config.changed(**run.live.model_dump())
else:
    described = config or session.config()
with page_head.beside():
    st.markdown(describe(described), width="content")
run_controls(run, config)
with st.container(
    horizontal=True,
    horizontal_alignment="distribute",
    vertical_alignment="center",
    key="look_and_race",
):
    look = look_controls()
    with st.container(horizontal=True, width="content"):
        hand_in_button(run)
        race_button(described, watched=run is not None)
with st.container():  # below the buttons: what comes and goes must not move them
    if not active:
        planned_changes()
    for problem in session.problems():
        st.warning(plain(problem))


# Not a run that is just about to take a free place: its first step must show at once.
waits = run is not None and run.run_id in manager().slots.line()


@st.fragment(run_every=pace.refresh_seconds(waits) if active else None)
def live() -> None:
    """The part that moves."""
    began = monotonic()
    if session.watched_run() is not run:
        st.rerun()  # many have ended since this one did: it is found in the store
    takes = "" if active else time_ahead(described)
    draw_run(run.snapshot if run else None, look, takes, recorded_note(run))
    if run is None or not active:
        return
    if pace.refreshed(began) or (run.snapshot.status, run.held, run.live) != drawn:
        # Many watch, other buttons fit it now, another tab has moved a slider, or a value was
        # refused; at the run's end this also ends the timer and frees the settings.
        st.rerun()


live()
st.subheader("The network", anchor=False)
network_picture(described, key="network")
write_link()
