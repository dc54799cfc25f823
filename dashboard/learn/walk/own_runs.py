"""Runs that a step of the walk needs: found where they were trained before, or started here.

They wait in the ordinary queue and are kept as all runs are. Knows no step.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import streamlit as st

from core.config import TrainingConfig
from core.errors import StoreError, UnrollError
from core.records import RunStatus
from core.training.snapshot import RunSnapshot
from dashboard.server import library, manager
from dashboard.widgets.plain import plain

_REFUSAL = "walk_refusal"  # why the last start did not come to be, in st.session_state


def ended(configs: Sequence[TrainingConfig]) -> tuple[RunSnapshot, ...] | None:
    """A run of each of these settings that took all its steps; None while one is missing."""
    found = [_ended(config) for config in configs]
    whole = tuple(run for run in found if run is not None)
    return whole if len(whole) == len(configs) else None


def here(configs: Sequence[TrainingConfig]) -> tuple[RunSnapshot, ...]:
    """What there is of them, those that still train too, in their order."""
    return tuple(run for config in configs if (run := _ended(config) or _active(config)))


def training(configs: Sequence[TrainingConfig]) -> bool:
    """Whether some of them train here or wait for a place."""
    return any(_active(config) is not None for config in configs)


def start(configs: Sequence[TrainingConfig]) -> None:
    """Start those that have not ended and do not train."""
    st.session_state.pop(_REFUSAL, None)
    for config in configs:
        if _ended(config) is None and _active(config) is None:
            try:
                manager().start(config)
            except UnrollError as error:
                st.session_state[_REFUSAL] = str(error)
                return


def tell(configs: Sequence[TrainingConfig]) -> None:
    """How far they are, and a button where nobody trains them."""
    if refusal := st.session_state.get(_REFUSAL):
        st.error(plain(refusal))
    active, many = training(configs), len(configs) > 1
    st.button(
        f"Train the {len(configs)} runs here" if many else "Train it here",
        on_click=start,
        args=(configs,),
        key="walk_train",
        icon=":material/play_arrow:",
        disabled=active,
    )
    if active:
        shots = here(configs)
        steps = sum(config.steps for config in configs)
        st.progress(min(1.0, sum(shot.step for shot in shots) / max(1, steps)), "Training")


def _ended(config: TrainingConfig) -> RunSnapshot | None:
    for run in manager().runs():
        if run.snapshot.config == config and run.snapshot.status == RunStatus.FINISHED:
            return run.snapshot
    with suppress(StoreError):  # no store: what this server has trained is all there is
        settings = config.model_dump(mode="json")
        for row in library().shelf().runs():
            if row.status == RunStatus.FINISHED and row.settings == settings:
                stored = library().stored(row.id)
                return stored.snapshot if stored else None
    return None


def _active(config: TrainingConfig) -> RunSnapshot | None:
    for run in manager().runs():
        if run.snapshot.config == config and run.snapshot.status.active:
            return run.snapshot
    return None
