"""The grid that a session has chosen, and the sweep that shows it.

Session state holds the chosen plan alone. Sweeps run in the server, and what they measured is
on disk: both outlast any session.
"""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from core.errors import StoreError, UnrollError
from core.experiments.background import SweepSnapshot
from core.experiments.estimate import seconds_of_grid
from core.experiments.plan import SweepPlan, text_sha256
from core.experiments.recorded_cells import runs_of_cells
from dashboard.server import library, recorded_sweep, sweeps

_PLAN = "sweep_plan"  # in st.session_state


def chosen_plan() -> SweepPlan | None:
    """What this session's form shows; None before it was touched."""
    return st.session_state.get(_PLAN)


def choose_plan(plan: SweepPlan) -> None:
    """Remember what the form shows: widgets forget on the way to another page."""
    st.session_state[_PLAN] = plan


def shown(plan: SweepPlan) -> SweepSnapshot:
    """The sweep to show: the one that runs, else what is measured of the chosen grid.

    Raises:
        TextError: the plan's text is not there.
        StoreError: what was measured cannot be read.
    """
    now = sweeps().snapshot
    if now is not None and (now.active or now.plan == plan):
        return now
    return sweeps().look_up(plan, text_sha256(plan))


def pictured(own: SweepSnapshot) -> tuple[SweepSnapshot, str]:
    """What to draw of a grid, and when it was recorded, if it was.

    That is what was measured here; until there is something, or something to say, the recorded
    sweep, if it is of the same grid.
    """
    recording = recorded_sweep()
    begun = own.active or own.done or own.message
    if begun or recording is None or recording[0].plan != own.plan:
        return own, ""
    return recording


def recorded(keys: Iterable[str]) -> dict[str, str]:
    """The ids of the runs that these cells left, by key."""
    try:
        return runs_of_cells(library().shelf(), keys)
    except StoreError:  # no store, no runs
        return {}


def seconds_needed(snapshot: SweepSnapshot) -> float:
    """An estimate for the cells that are not measured yet."""
    cluster = sweeps().cluster
    missing = [cell for cell in snapshot.cells if cell.key not in snapshot.results]
    return seconds_of_grid(missing, workers(), warm=cluster.warm)


def workers() -> int:
    """How many would train: known of this machine, of a cluster once it is connected."""
    cluster = sweeps().cluster
    if not cluster.address:
        return cluster.workers
    now = sweeps().snapshot
    return (now.workers if now else None) or 1


def sweep_runs() -> bool:
    """Whether a sweep runs on this server now."""
    try:
        now = sweeps().snapshot
    except UnrollError:  # the tab says why
        return False
    return now is not None and now.active
