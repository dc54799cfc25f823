"""What this server has once, for all its sessions: store, runs, races and sweeps.

Knows no page and no session. Each is made when it is first asked for, and lives as long as the
server does.
"""

from __future__ import annotations

import atexit
import gc
import logging
import os
import signal
import sys

import streamlit as st

from core.engines.warm import compile_in_background
from core.experiments.background import BackgroundSweeps, SweepSnapshot
from core.experiments.cluster import Cluster, scheduler_address
from core.experiments.lanes import LEAST, MOST
from core.experiments.past_race import PastRace
from core.experiments.race import Guess
from core.experiments.races import Races
from core.experiments.recorded_article import RecordedArticle, read_recorded_article
from core.experiments.recorded_cells import RecordedCells
from core.experiments.recorded_sweep import read_recorded_sweep
from core.experiments.sweep_store import SweepStore
from core.training.attendance import Attendance
from core.training.limits import Limits, slots, unwatched_seconds
from core.training.manager import MOST_ACTIVE, MOST_OF_MANY, RunManager
from core.training.observer import Observers, RunObserver
from core.training.run import Run
from core.training.snapshot import WatchedRun
from dashboard import visitor
from dashboard.library import Library
from dashboard.runtime.mends import (
    keep_charts_that_a_page_has_drawn,
    keep_what_is_to_be_fetched,
    read_options_without_waiting,
    send_all_that_was_drawn,
)

# Seconds after which a thread that has Python's lock gives it to one that waits. Each message to a
# page lets go of it for a moment, and training needs it between any two stretches of steps: at
# Python's 0.005, beside many pages, both mostly wait.
_SWITCH_SECONDS = 0.001
_PATIENCE = 2.0  # seconds for a run to end its step, and for a sweep, when the server stops


@st.cache_resource
def library() -> Library:
    """The store of runs of this server."""
    return Library()


@st.cache_resource
def manager() -> RunManager:
    """The run manager of this server.

    Raises:
        ConfigError: the environment asks for places to train that cannot be.
    """
    # What was imported up to now lives as long as the server: the collector need not look at
    # it again, which saves the training threads a tenth of a second each time.
    gc.collect()
    gc.freeze()
    read_options_without_waiting()
    send_all_that_was_drawn()
    keep_charts_that_a_page_has_drawn()
    keep_what_is_to_be_fetched()
    sys.setswitchinterval(_SWITCH_SECONDS)
    compile_in_background()
    made = RunManager(
        max_running=slots(),
        observe=_observed,
        most_active=MOST_OF_MANY if visitor.shared() else MOST_ACTIVE,
    )
    atexit.register(_end, made, library())
    return made


def _end(runs: RunManager, recorded: Library) -> None:
    """Keep every run's state, and end the threads that train.

    Called by `atexit`: Streamlit handles the signals itself, and on any of them its event loop
    ends and the main thread comes to its own end. Threads live on until what is registered there
    has returned. Then the interpreter stops them wherever they are, which in the middle of
    compiled code aborts the process.
    """
    _hear_no_more_signals()
    all_ended = runs.interrupt_all(_PATIENCE)
    recorded.close()
    if not all_ended:  # some step takes too long; its run goes on from its last checkpoint
        os._exit(0)


def _observed(run: Run) -> RunObserver:
    writer = library().writer
    recorders = [writer.observe(run)] if writer else []
    return Observers(*recorders, attendance().guard(run, kept=writer is not None))


@st.cache_resource
def attendance() -> Attendance:
    """Which of this server's runs are looked at.

    Raises:
        ConfigError: the environment asks for minutes that cannot be.
    """
    shared, key, places = visitor.shared(), visitor.teacher_key(), manager().slots

    def wanted(run: Run) -> bool:
        # On one's own machine a run that trains over night is in nobody's way.
        return shared and (key.is_set or places.others_wait(run.browser))

    return Attendance(unwatched_seconds(), wanted)


@st.cache_resource
def limits() -> Limits:
    """What each person may have where many share this server.

    Raises:
        ConfigError: the environment asks for what cannot be.
    """
    return Limits.from_environment()


@st.cache_resource
def races() -> Races:
    """The races of this server."""
    return Races(manager(), shared=visitor.shared())


@st.cache_resource
def guesses() -> dict[str, Guess]:
    """What was guessed before each race, by its id."""
    return {}


@st.cache_resource
def sweeps() -> BackgroundSweeps:
    """The sweeps of this server.

    Raises:
        SweepError: the environment names a scheduler that is none.
        StoreError: what was measured cannot be read.
    """
    store = library().store
    runs = RecordedCells(store) if store and not store.read_only else None
    made = BackgroundSweeps(Cluster(scheduler_address()), SweepStore(), runs)
    atexit.register(_end_sweeps, made)
    return made


def _hear_no_more_signals() -> None:
    # Streamlit's handlers fail once its loop is closed, which would break off what is being kept.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _end_sweeps(made: BackgroundSweeps) -> None:
    _hear_no_more_signals()
    # At a program's end Dask has no thread left to tell of cells that are given up, and says so
    # of each.
    logging.getLogger("tornado.application").setLevel(logging.CRITICAL)
    made.close(_PATIENCE)


@st.cache_resource
def recorded_race() -> tuple[PastRace, str] | None:
    """The recorded runs that read as much as the first of them, as a race that is over.

    With it come when and with what the first of them was made.
    """
    rows = library().recordings()
    read = [(row.text_sha256, row.characters_seen) for row in rows]
    alike = [row for row, its in zip(rows, read, strict=True) if its == read[0]][:MOST]
    lanes = [run for row in alike if (run := library().stored(row.id)) is not None]
    if len(lanes) < LEAST:
        return None
    return PastRace(lanes), alike[0].note


@st.cache_resource
def recorded_sweep() -> tuple[SweepSnapshot, str] | None:
    """The recorded sweep, and when and with what it was made."""
    found = read_recorded_sweep()
    return None if found is None else (found.snapshot, found.note)


@st.cache_resource
def recorded_article() -> RecordedArticle | None:
    """The article's claims as they were measured."""
    return read_recorded_article()


def find_run(run_id: str) -> WatchedRun | None:
    """A run of this server, or one out of the store; None of one that was deleted."""
    run = manager().get(run_id)
    if run is not None and not run.snapshot.status.active and library().is_deleted(run_id):
        manager().forget(run_id)  # the command line may have deleted it
        run = None
    return run or library().stored(run_id)


def recorded_note(run: WatchedRun | None) -> str:
    """When and with what a recorded run was made; nothing of any other."""
    row = None if run is None else library().recording(run.run_id)
    return "" if row is None else row.note
