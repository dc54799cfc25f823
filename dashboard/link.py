"""The address bar: what a link brings into a session, and the link that opens it again.

How settings are written in a link is `core/links.py`. Draws nothing.
"""

from __future__ import annotations

import streamlit as st

from core.config import TrainingConfig
from core.errors import shown
from core.links import from_query, to_query
from core.training.snapshot import WatchedRun
from dashboard import gate, session
from dashboard.server import find_run, library, manager
from dashboard.widgets import moment, present

# Keys of st.session_state.
_PAGE, _LINK = "page", "link"
# What pages take from it on their first run.
_OF_PAGES = ("picture", "walk_step", "card", "compare_part", *moment.KEYS)


def arrive() -> None:
    """On a session's first run: take the settings and the run from the link.

    A link without a run shows the newest of one's own that still trains here, so that a reload or
    a second tab finds it. Where none does, it shows the newest run of all, or a recorded one,
    beside the link's settings: pages are full before anything was trained.
    """
    if session.begun():
        return
    link = from_query(st.query_params.to_dict())
    problems = list(link.problems)
    if library().problem:
        problems.append(library().problem)
    wanted = st.query_params.get("run")
    run: WatchedRun | None = None
    if wanted != session.NO_RUN:
        run = find_run(wanted) if wanted else manager().latest_active(gate.is_own)
        if wanted and run is None:
            problems.append(_not_known(wanted))
    session.set_up(link.preset, link.config, link.events, tuple(problems))
    if run is None:
        session.show(wanted if wanted == session.NO_RUN else None)
        if not wanted and (row := library().newcomers_run(link.preset, gate.is_own)) is not None:
            session.offer(row.id)
        return
    own = (link.config, link.events) == (run.snapshot.config, session.changes_of(run))
    if run.snapshot.status.active or "preset" not in st.query_params or own:
        session.watch(run)
    else:  # it has ended, and the settings were changed since
        session.show(run.run_id)


def forget() -> None:
    """Let the link that comes next bring in what it holds, as on a session's first run."""
    session.end()
    for key in _OF_PAGES:
        st.session_state.pop(key, None)


def enter(page: str) -> None:
    """Note the page that is shown. On the way to another one Streamlit drops the query."""
    if st.session_state.get(_PAGE) != page:
        st.session_state[_PAGE] = page
        st.session_state[_LINK] = None


def write_link(**more: str) -> None:
    """Keep the address bar such that its link opens the same experiment, and this run.

    Args:
        more: what else the page wants to find there again, or another run.
    """
    query = _query()
    if run_id := session.asked_for():
        query["run"] = run_id
    query |= more | present.query()
    # Once a page: written again after each step back, it would never let the visitor leave.
    if st.session_state.get(_LINK) != query:
        st.session_state[_LINK] = query
        st.query_params.from_dict(query)


def _not_known(run_id: str) -> str:
    named = ("preset", *TrainingConfig.model_fields)
    settings = any(name in st.query_params for name in named)
    return (
        f"Run {shown(run_id)} is not known here: it was deleted, or the link is from another "
        f"machine.{' Its settings are filled in; Start repeats it.' if settings else ''}"
    )


def _query() -> dict[str, str]:
    """A link's query: the chosen run from its start with its live changes, or the settings."""
    run = session.watched_run() if session.asked_for() else None
    if run is not None:
        snapshot, mine = run.snapshot, session.config()
        began = snapshot.config
        same = mine.changed(**began.live.model_dump()) == began
        if same and mine.live in (began.live, snapshot.live):  # no other run is being set up
            return to_query(session.preset(), snapshot.config, session.changes_of(run))
    return to_query(session.preset(), session.config(), session.planned_changes())
