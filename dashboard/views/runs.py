"""Runs: everything that was trained here, to find, compare, go on with and share."""

import streamlit as st

from dashboard import session
from dashboard.components.run_details import chosen_runs, undo_bar
from dashboard.components.runs_list import filters, table
from dashboard.library import library

st.header("Runs", anchor=False)
library().flush()
store = library().shelf()
undo_bar()
rows = store.runs()
if not rows:
    st.info("There are no runs yet: Start on the Train page makes the first.")
shown = [row.id for row in filters(rows)]
active = any(row.status.active for row in rows)
CHOSEN = "runs_chosen"


@st.fragment(run_every=4 * session.refresh_seconds() if active else None)
def live() -> None:
    """The part that moves: runs of the command line and of sweeps train on while one looks."""
    now = {row.id: row for row in store.runs()}
    chosen = table([now[run_id] for run_id in shown if run_id in now])
    before, st.session_state[CHOSEN] = st.session_state.get(CHOSEN), chosen
    if active and now.keys() != {row.id for row in rows}:
        st.rerun()  # a run was started or deleted elsewhere
    if before is not None and chosen != before:
        st.rerun()


live()
by_id = {row.id: row for row in rows}
chosen_runs([by_id[run_id] for run_id in st.session_state.get(CHOSEN, ()) if run_id in by_id])
