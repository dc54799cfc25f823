"""What a visitor's session holds, and the one run manager that all sessions share.

Session state holds plain values only: the chosen preset and settings, and the id of the run
that is watched. Runs live in the manager and outlast any session.
"""

from __future__ import annotations

import gc
import random
import secrets
from collections.abc import Callable
from typing import Any

import streamlit as st

from core.config import TrainingConfig
from core.errors import UnrollError
from core.links import Link, from_query, to_query
from core.records import Event, live_changes
from core.storage.stored_run import StoredRun, past_of
from core.training.manager import RunManager
from core.training.run import Run
from dashboard.library import library
from dashboard.pace import INTERVAL, Watchers

_MAX_RUNNING = 2  # more would only take turns on a laptop's cores

# Keys of st.session_state.
_PRESET, _CONFIG, _RUN, _PROBLEMS = "preset", "config", "run_id", "problems"
_NO_RUN = "new"  # in place of a run's id: show none, not even one that trains here
_PAGE, _LINK = "page", "link"
_PACE = "pace"  # seconds between two refreshes
_PLANNED = "planned"  # live changes that the next run is to repeat ...
_PLANNED_FOR = "planned_for"  # ... and the id of the run that does, once one was started


@st.cache_resource
def manager() -> RunManager:
    """The run manager of this server."""
    # What was imported up to now lives as long as the server: the collector need not look at
    # it again, which saves the training threads a tenth of a second each time.
    gc.collect()
    gc.freeze()
    writer = library().writer
    return RunManager(max_running=_MAX_RUNNING, observe=writer.observe if writer else None)


def find_run(run_id: str) -> Run | StoredRun | None:
    """A run of this server, or one out of the store."""
    return manager().get(run_id) or library().archived(run_id)


def arrive() -> None:
    """On a session's first run: take the settings and the run from the link.

    A link without a run shows the newest run that still trains here, so that a reload or a
    second tab finds it.
    """
    state = st.session_state
    if _CONFIG in state:
        return
    link: Link = from_query(st.query_params.to_dict())
    problems = list(link.problems)
    state[_PRESET], state[_CONFIG] = link.preset, link.config
    plan(link.events)
    if library().problem:
        problems.append(library().problem)
    wanted = st.query_params.get("run")
    run = None
    if wanted != _NO_RUN:
        run = find_run(wanted) if wanted else manager().latest_active()
    if wanted not in (None, _NO_RUN) and run is None:
        problems.append(
            f"Run {wanted[:20]} is not known here: it was deleted, or the link is from another "
            "machine."
            + (" Its settings are filled in; Start repeats it." if _says_settings() else "")
        )
    state[_PROBLEMS] = tuple(problems)
    state[_RUN] = _NO_RUN if wanted == _NO_RUN else None
    if run is None:
        return
    own = (link.config, link.events) == (run.snapshot.config, _changes_of(run))
    if run.snapshot.status.active or "preset" not in st.query_params or own:
        watch(run)
    else:  # it has ended, and the settings were changed since
        state[_RUN] = run.run_id


def enter(page: str) -> None:
    """Note the page that is shown. On the way to another one Streamlit drops the query."""
    if st.session_state.get(_PAGE) != page:
        st.session_state[_PAGE] = page
        st.session_state[_LINK] = None


def watch(run: Run | StoredRun) -> None:
    """Show this run, and its settings in the widgets."""
    snapshot = run.snapshot
    st.session_state[_RUN] = run.run_id
    plan(())
    set_config(snapshot.config.changed(**snapshot.live.model_dump()))


def leave() -> None:
    """Watch no run, and set up another; the one that was watched goes on by itself."""
    st.session_state[_RUN] = _NO_RUN


def watched_run() -> Run | StoredRun | None:
    """The run this session shows; one out of the store takes no commands."""
    run_id = st.session_state.get(_RUN)
    return find_run(run_id) if run_id and run_id != _NO_RUN else None


def start(config: TrainingConfig) -> None:
    """Start a run and watch it; the second click of a double click starts no second one."""
    run, runs = watched_run(), manager()
    if run is not None and run.snapshot.status.active:
        return
    st.session_state[_PROBLEMS] = ()
    before, planned = st.session_state.get(_RUN), planned_changes()
    plan(planned)
    # A second click ends this click's script wherever it uses the session state. So the run
    # is named there first, and nothing is noted after its start: whoever comes next finds it,
    # or it has not been started.
    st.session_state[_RUN] = st.session_state[_PLANNED_FOR] = run_id = secrets.token_hex(4)
    try:
        runs.start(config, run_id=run_id, planned=planned)
    except UnrollError as error:
        st.session_state[_RUN] = before
        tell(str(error))


def resume(run_id: str, steps: int | None = None) -> None:
    """Train a stored run on, to its planned end or to more steps, and watch it.

    Raises:
        UnrollError: it cannot go on.
    """
    shelf = library()
    shelf.flush()
    config, past = past_of(shelf.shelf(), run_id, steps)
    run = manager().start(config, run_id=run_id, past=past)
    shelf.forget(run_id)
    st.session_state[_PROBLEMS] = ()
    watch(run)


def planned_changes() -> tuple[Event, ...]:
    """The live changes that the next run is to repeat: once, not again in the run after it."""
    taken_by = st.session_state.get(_PLANNED_FOR)
    if taken_by and manager().get(taken_by) is not None:
        return ()
    return st.session_state.get(_PLANNED, ())


def plan(events: tuple[Event, ...]) -> None:
    """Repeat these live changes in the next run; none forgets them."""
    st.session_state[_PLANNED], st.session_state[_PLANNED_FOR] = events, None


def set_up(preset: str, config: TrainingConfig, planned: tuple[Event, ...] = ()) -> None:
    """Fill in settings to start a new run from."""
    state = st.session_state
    state[_PRESET], state[_CONFIG] = preset, config
    plan(planned)
    state[_PROBLEMS], state[_RUN] = (), _NO_RUN


def config() -> TrainingConfig:
    """The settings as chosen."""
    return st.session_state[_CONFIG]


def set_config(value: TrainingConfig) -> None:
    """Choose settings."""
    st.session_state[_CONFIG] = value


def preset() -> str:
    """The preset that the settings started from."""
    return st.session_state[_PRESET]


def set_preset(key: str) -> None:
    """Name the preset that the settings start from."""
    st.session_state[_PRESET] = key


def problems() -> tuple[str, ...]:
    """Sentences about the link this session came from."""
    return st.session_state[_PROBLEMS]


def tell(problem: str) -> None:
    """Show a sentence at the top of the Train page, in place of those of the link."""
    st.session_state[_PROBLEMS] = (problem,)


def write_link() -> None:
    """Keep the address bar such that its link opens the same experiment, and this run."""
    query = _query()
    if st.session_state.get(_RUN):
        query["run"] = st.session_state[_RUN]
    # Once a page: written again after each step back, it would never let the visitor leave.
    if st.session_state.get(_LINK) != query:
        st.session_state[_LINK] = query
        st.query_params.from_dict(query)


def _says_settings() -> bool:
    """Whether the link names settings, and not a run alone."""
    return any(name in st.query_params for name in (_PRESET, *TrainingConfig.model_fields))


def _query() -> dict[str, str]:
    """A link's query: the watched run from its start with its live changes, or the settings."""
    run = watched_run()
    if run is not None:
        snapshot, mine = run.snapshot, config()
        began = snapshot.config
        same = mine.changed(**began.live.model_dump()) == began
        if same and mine.live in (began.live, snapshot.live):  # no other run is being set up
            return to_query(preset(), snapshot.config, _changes_of(run))
    return to_query(preset(), config(), planned_changes())


def _changes_of(run: Run | StoredRun) -> tuple[Event, ...]:
    """The live changes of a run, and those that it is still to make by itself."""
    snapshot = run.snapshot
    to_come = [e for e in getattr(run, "planned", ()) if e.step >= snapshot.step]
    return (*live_changes(snapshot.events), *to_come)


def refresh_seconds() -> float:
    """How often this page looks at what moves: about twice a second, less where many watch.

    Pages that opened together would all ask in the same moment; a little difference between
    them spreads the work.
    """
    return st.session_state.get(_PACE, INTERVAL) * _own(
        "jitter", lambda: random.uniform(0.85, 1.15)
    )


def refreshed() -> bool:
    """Note that what moves on this page was drawn; whether it needs another pace from now on.

    If so, run the whole page again: it alone sets the pace.
    """
    before = st.session_state.get(_PACE, INTERVAL)
    pace = _watchers().refreshed(_own("page_id", lambda: secrets.token_hex(8)), before)
    st.session_state[_PACE] = pace
    return pace != before


@st.cache_resource
def _watchers() -> Watchers:
    return Watchers()


def _own(key: str, make: Callable[[], Any]) -> Any:
    """A value that this session keeps from its first use on."""
    if key not in st.session_state:
        st.session_state[key] = make()
    return st.session_state[key]
