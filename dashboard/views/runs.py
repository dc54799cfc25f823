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
read = [store.runs()]  # what the list begins with; it reads anew when it is drawn again
active = any(row.status.active for row in read[0])
told = []  # what stands below the list


# Apart from the rest of the page: a search draws only the list again, and so does the clock.
@st.fragment(run_every=(4 if active else 10) * session.refresh_seconds())
def found() -> None:
    """Runs of the command line and of sweeps come in and train on while one looks."""
    rows = read.pop() if read else store.runs()
    chosen = table(filters(rows), len(rows))
    news = [any(row.status.active for row in rows), *((row.id, row.status) for row in chosen)]
    if not told:
        told.extend([news, chosen])
    elif told[0] != news:
        st.rerun()


found()
chosen_runs(told[1])
