"""What this server has once, for all its sessions: store, runs, races and sweeps.

Knows no page and no session. Each is made when it is first asked for, and lives as long as the
server does.
"""

from __future__ import annotations

import gc

import streamlit as st

from core.errors import RunError
from core.experiments.background import BackgroundSweeps
from core.experiments.cluster import Cluster, scheduler_address
from core.experiments.race import Guess, Races
from core.experiments.recorded_cells import RecordedCells
from core.experiments.sweep_store import SweepStore
from core.training.manager import RunManager
from core.training.run import Run
from core.training.snapshot import WatchedRun
from dashboard.library import Library

_MAX_RUNNING = 2  # more would only take turns on a laptop's cores


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
    writer = library().writer
    return RunManager(max_running=_MAX_RUNNING, observe=writer.observe if writer else None)


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
    return BackgroundSweeps(Cluster(scheduler_address()), SweepStore(), runs)


def find_run(run_id: str) -> WatchedRun | None:
    """A run of this server, or one out of the store."""
    return manager().get(run_id) or library().stored(run_id)


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
