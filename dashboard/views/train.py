"""Train: choose a network, start it, watch it learn."""

import streamlit as st

from dashboard import pace, session
from dashboard.link import write_link
from dashboard.train.live_run import draw_run
from dashboard.train.race_button import race_button
from dashboard.train.settings import settings_panel
from dashboard.widgets.describe import describe
from dashboard.widgets.look import look_controls
from dashboard.widgets.plain import plain
from dashboard.widgets.run_controls import run_controls

run = session.watched_run()
status = run.snapshot.status if run else None
active = run is not None and status.active
live_settings = run.live if run else None

with st.sidebar:
    config = settings_panel(run)

if active:
    described = run.snapshot.config.changed(**live_settings.model_dump())
else:
    described = config or session.config()
with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
    st.header("Train", width="content", anchor=False)
    st.markdown(describe(described), width="content")
    race_button(described if run else None)
for problem in session.problems():
    st.warning(plain(problem))

with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    run_controls(run, config)
    look = look_controls()


@st.fragment(run_every=pace.refresh_seconds() if active else None)
def live() -> None:
    """The part that moves."""
    snapshot = run.snapshot if run else None
    draw_run(snapshot, look)
    if active and (pace.refreshed() or snapshot.status != status or run.live != live_settings):
        # Many watch, other buttons fit it now, another tab has moved a slider, or a value was
        # refused; at the run's end this also ends the timer and frees the settings.
        st.rerun()


live()
write_link()
