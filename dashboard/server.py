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

import streamlit as st

from core.engines.warm import compile_in_background
from core.errors import RunError
from core.experiments.background import BackgroundSweeps, SweepSnapshot
from core.experiments.cluster import Cluster, scheduler_address
from core.experiments.past_race import PastRace
from core.experiments.race import LEAST, MOST, Guess, Races
from core.experiments.recorded_article import RecordedArticle, read_recorded_article
from core.experiments.recorded_cells import RecordedCells
from core.experiments.recorded_sweep import read_recorded_sweep
from core.experiments.sweep_store import SweepStore
from core.storage.recorded import PREFIX
from core.training.manager import RunManager
from core.training.run import Run
from core.training.snapshot import WatchedRun
from dashboard.library import Library

_MAX_RUNNING = 2  # more would only take turns on a laptop's cores
_PATIENCE = 2.0  # seconds for a run to end its step, and for a sweep, when the server stops


@st.cache_resource
def library() -> Library:
    """The store of runs of this server."""
    return Library()


@st.cache_resource
def manager() -> RunManager:
    """The run manager of this server."""
    # What was imported up to now lives as long as the server: the collector need not look at
    # it again, which saves the training threads a tenth of a second each time.
    gc.collect()
    gc.freeze()
    compile_in_background()
    writer = library().writer
    made = RunManager(max_running=_MAX_RUNNING, observe=writer.observe if writer else None)
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


@st.cache_resource
def races() -> Races:
    """The races of this server."""
    return Races(manager())


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

    With it come when and with what they were made.
    """
    rows = library().recordings()
    read = [(row.text_sha256, row.characters_seen) for row in rows]
    alike = [row for row, its in zip(rows, read, strict=True) if its == read[0]][:MOST]
    lanes = [run for row in alike if (run := library().stored(row.id)) is not None]
    if len(lanes) < LEAST:
        return None
    return PastRace(lanes), " ".join(
        f"{row.name.removeprefix(PREFIX)}, {row.note}" for row in alike
    )


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
    """A run of this server, or one out of the store."""
    return manager().get(run_id) or library().stored(run_id)


def recorded_note(run: WatchedRun | None) -> str:
    """When and with what a recorded run was made; nothing of any other."""
    row = None if run is None else library().recording(run.run_id)
    return "" if row is None else row.note


def commanded(run: WatchedRun) -> Run:
    """The run, to give it a command.

    Raises:
        RunError: it is out of the store, and takes none.
    """
    if isinstance(run, Run):
        return run
    status = run.snapshot.status
    where = "trains in another process; command it there" if status.active else f"is {status}"
    raise RunError(f"This run {where}.")
