"""Train: choose a network, start it, watch it learn."""

import streamlit as st

from dashboard import session
from dashboard.components.live_run import draw_run, look_controls
from dashboard.components.run_controls import run_controls
from dashboard.components.settings import describe, settings_panel

run = session.watched_run()
active = run is not None and run.snapshot.status.active

with st.sidebar:
    config = settings_panel(run)

st.header("Train a recurrent network")
for problem in session.problems():
    st.warning(problem)
described = run.snapshot.config if active else config or session.config()
st.markdown(describe(described))

with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    run_controls(run, config)
    look = look_controls()


@st.fragment(run_every=session.refresh_seconds() if active else None)
def live() -> None:
    """The part that moves."""
    snapshot = run.snapshot if run else None
    draw_run(snapshot, look)
    if active and not snapshot.status.active:
        st.rerun()  # ends the timer and frees the settings


live()
session.write_link()
