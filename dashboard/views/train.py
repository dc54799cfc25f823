"""Train: choose a network, start it, watch it learn."""

import streamlit as st

from dashboard import session
from dashboard.components.live_run import draw_run, look_controls
from dashboard.components.plain import plain
from dashboard.components.race_button import race_button
from dashboard.components.run_controls import planned_changes, run_controls
from dashboard.components.settings import describe, settings_panel

run = session.watched_run()
status = run.snapshot.status if run else None
active = run is not None and status.active
live_settings = run.live if run else None
held = run is not None and run.held

with st.sidebar:
    config = settings_panel(run)

if active:
    described = run.snapshot.config.changed(**live_settings.model_dump())
else:
    described = config or session.config()
with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
    st.header("Train", width="content", anchor=False)
    st.markdown(describe(described), width="content")
    race_button(described, watched=run is not None)
with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    run_controls(run, config)
    look = look_controls()
with st.container():  # below the buttons: what comes and goes must not move them
    if not active:
        planned_changes()
    for problem in session.problems():
        st.warning(plain(problem))


@st.fragment(run_every=session.refresh_seconds() if active else None)
def live() -> None:
    """The part that moves."""
    snapshot = run.snapshot if run else None
    draw_run(snapshot, look)
    moved = active and (snapshot.status, run.held, run.live) != (status, held, live_settings)
    if active and (session.refreshed() or moved):
        # Many watch, other buttons fit it now, another tab has moved a slider, or a value was
        # refused; at the run's end this also ends the timer and frees the settings.
        st.rerun()


live()
session.write_link()
