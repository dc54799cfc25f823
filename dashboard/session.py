"""What a visitor's session holds: the settings that were chosen, and the run that is watched.

Session state holds plain values only. Runs live in the server and outlast any session. Knows no
widgets, and nothing of the address bar.
"""

from __future__ import annotations

import streamlit as st

from core.config import TrainingConfig
from core.errors import UnrollError
from core.links import nearest_preset
from core.records import Event, live_changes, new_run_id
from core.training.snapshot import WatchedRun
from core.training.starting import Starting
from dashboard import gate
from dashboard.server import attendance, find_run, manager

TRAIN = "views/train.py"
"""The page that shows the run which is watched."""
NO_RUN = "new"
"""In place of a run's id: show none, not even one that trains here."""

# Keys of st.session_state.
_PRESET, _CONFIG, _RUN, _PROBLEMS = "preset", "config", "run_id", "problems"
_OFFERED = "offered"  # the id of a run that is shown though nobody asked for it
_PLANNED = "planned"  # live changes that the next run is to repeat ...
_PLANNED_FOR = "planned_for"  # ... and the id of the run that does, once one was started


_starting = Starting()  # of all sessions: each click has a thread of its own


def begun() -> bool:
    """Whether this session has settings already."""
    return _CONFIG in st.session_state


def end() -> None:
    """Forget the settings, so that a link brings in its own."""
    st.session_state.pop(_CONFIG, None)


def set_up(
    preset: str,
    config: TrainingConfig,
    planned: tuple[Event, ...] = (),
    problems: tuple[str, ...] = (),
) -> None:
    """Fill in settings to start a new run from."""
    state = st.session_state
    state[_PRESET], state[_CONFIG], state[_PROBLEMS] = preset, config, problems
    plan(planned)
    leave()


def set_up_as(run: WatchedRun, **settings: str | int | float) -> None:
    """Fill in a run's settings and live changes, to start one of one's own.

    Args:
        run: the run.
        settings: what is to be otherwise from the first step on.
    """
    config = run.snapshot.config.changed(**settings)
    changes = tuple(event for event in changes_of(run) if event.kind not in settings)
    set_up(nearest_preset(config.model_dump()), config, changes)


def changes_of(run: WatchedRun) -> tuple[Event, ...]:
    """The live changes of a run, and those that it is still to make by itself."""
    snapshot = run.snapshot
    to_come = [event for event in run.planned if event.step >= snapshot.step]
    return (*live_changes(snapshot.events), *to_come)


def watch(run: WatchedRun) -> None:
    """Show this run, and its settings in the widgets."""
    snapshot = run.snapshot
    show(run.run_id)
    st.session_state[_OFFERED] = None
    plan(())
    set_preset(nearest_preset(snapshot.config.model_dump()))
    set_config(snapshot.config.changed(**snapshot.live.model_dump()))


def show(run_id: str | None) -> None:
    """Show this run and leave the settings as they are; None takes no choice."""
    st.session_state[_RUN] = run_id


def leave() -> None:
    """Watch no run, and set up another; the one that was watched goes on by itself."""
    show(NO_RUN)


def offer(run_id: str) -> None:
    """Show this run to a visitor who asked for none, beside the settings as they are."""
    show(run_id)
    st.session_state[_OFFERED] = run_id


def shown() -> str | None:
    """The id of the run that is shown, `NO_RUN`, or None where there is none."""
    return st.session_state.get(_RUN)


def asked_for() -> str | None:
    """The id of the run that was chosen, `NO_RUN`, or None where nothing was."""
    run_id = shown()
    return None if run_id == st.session_state.get(_OFFERED) else run_id


def watched_run() -> WatchedRun | None:
    """The run this session shows."""
    run_id = shown()
    if not run_id or run_id == NO_RUN:
        return None
    attendance().seen(run_id)
    return find_run(run_id)


def start(config: TrainingConfig) -> None:
    """Start a run and watch it; the second click of a double click starts no second one."""
    _starting.wait(shown())
    run = watched_run()
    if run is not None and run.snapshot.status.active:
        return
    st.session_state[_PROBLEMS] = ()
    before, planned = shown(), planned_changes()
    plan(planned)
    # A second click ends this click's script wherever it uses the session state. So the run
    # is named there first, and nothing is noted after its start: whoever comes next finds it,
    # or it has not been started.
    # A second click may also come between the two, and waits for the end of this one's start.
    run_id = new_run_id()
    with _starting.begun(run_id):
        st.session_state[_RUN] = st.session_state[_PLANNED_FOR] = run_id
        try:
            gate.start(config, run_id, planned)
        except UnrollError as error:
            show(before)
            tell(str(error))


def resume(run_id: str, steps: int | None = None) -> None:
    """Train a stored run on, to its planned end or to more steps, and watch it.

    Raises:
        UnrollError: it cannot go on.
    """
    run = gate.resume(run_id, steps)
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


def deleted(run_id: str) -> None:
    """A run was deleted: changes that it was to repeat were for it, and not for the next."""
    if st.session_state.get(_PLANNED_FOR) == run_id:
        plan(())


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
    """Sentences about the link this session came from, and a shown run that was deleted since."""
    run_id, told = shown(), st.session_state[_PROBLEMS]
    if not run_id or run_id == NO_RUN or find_run(run_id) is not None:
        return told
    return (f"Run {run_id} was deleted: Start trains a new one, as set here.", *told)


def tell(*sentences: str) -> None:
    """Show these at the top of the page, in place of those of the link."""
    st.session_state[_PROBLEMS] = sentences
