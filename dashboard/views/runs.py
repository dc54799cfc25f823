"""Runs: everything that was trained here, to find, compare, go on with and share."""

import streamlit as st

from core.storage.rows import RunRow
from dashboard import session
from dashboard.classroom.hand_in import hand_in_button
from dashboard.gate import own_first
from dashboard.pace import refresh_seconds
from dashboard.runs.run_details import chosen_runs, undo_bar
from dashboard.runs.runs_list import chosen_of, filters, no_runs, table
from dashboard.server import library
from dashboard.widgets.plain import plain

library().flush()


def listed() -> list[RunRow]:
    """What this visitor finds: their own, others' where they watch one, and what is recorded."""
    return [*own_first(library().shelf().runs(), session.shown()), *library().recordings()]


rows = listed()
read = [rows]  # what the list begins with; it reads anew when it is drawn again
active = any(row.status.active for row in rows)
moves: list[list[object]] = []  # what moves the rest of the page
chosen: list[RunRow] = []


# Apart from the rest of the page: a search draws only the list again, and so does the clock.
@st.fragment(run_every=(4 if active else 10) * refresh_seconds())
def found() -> None:
    """Runs of the command line and of sweeps come in and train on while one looks."""
    now = read.pop() if read else listed()
    shown, of = filters(now) if now else ([], 0)
    theirs = [(row.id, row.status) for row in chosen_of(shown)]
    state: list[object] = [bool(now), any(row.status.active for row in now), theirs]
    if not moves:
        moves.append(state)
        chosen.extend(chosen_of(shown))
    elif moves != [state]:
        st.rerun()  # before the table is drawn: drawn twice at once, it would show another choice
    for sentence in library().notices:
        st.warning(plain(sentence))
    if now:
        table(shown, of)
    else:
        no_runs()


found()
with st.container():  # in one place: what comes and goes must not make anew what stands below
    undo_bar()
if rows:
    hand_in_button(chosen[0] if len(chosen) == 1 else None)
    chosen_runs(chosen)
