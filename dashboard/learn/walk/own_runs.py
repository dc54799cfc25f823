"""Runs that a step of the walk needs: found where they were trained before, or started here.

They wait in the ordinary queue and are kept as all runs are. Others' runs of the same settings
count for nothing here. Knows no step.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.config import TrainingConfig
from core.errors import UnrollError
from core.records import RunStatus, live_changes, new_run_id
from core.storage.rows import RunRow
from core.training.snapshot import RunSnapshot
from dashboard import gate
from dashboard.server import attendance, library, manager
from dashboard.widgets.plain import plain

# Keys of st.session_state.
_REFUSAL = "walk_refusal"  # why the last start did not come to be
_WAITING = "walk_waiting"  # what it would have started, and the others after it


def ended(configs: Sequence[TrainingConfig]) -> tuple[RunSnapshot, ...] | None:
    """A run of each of these settings that took all its steps; None while one is missing."""
    found = here(configs)
    whole = len(found) == len(configs) and not any(shot.status.active for shot in found)
    return found if whole else None


def here(configs: Sequence[TrainingConfig]) -> tuple[RunSnapshot, ...]:
    """What there is of them in their order, those that still train too."""
    found = tuple(shot for shot in _found(configs) if shot is not None)
    for shot in found:
        attendance().seen(shot.run_id)
    return found


def training(configs: Sequence[TrainingConfig]) -> bool:
    """Whether some of them train here or wait for a place."""
    return any(shot.status.active for shot in here(configs))


def start(configs: Sequence[TrainingConfig]) -> None:
    """Start those that have not ended and do not train."""
    state = st.session_state
    state[_REFUSAL], state[_WAITING] = "", ()
    missing = [
        config for config, shot in zip(configs, _found(configs), strict=True) if shot is None
    ]
    for place, config in enumerate(missing):
        try:
            gate.start(config, new_run_id(), ())
        except UnrollError as error:
            state[_REFUSAL], state[_WAITING] = str(error), tuple(missing[place:])
            return


def go_on(configs: Sequence[TrainingConfig]) -> None:
    """Start those that were asked for and refused a place, once there is room."""
    waiting = [c for c in st.session_state.get(_WAITING, ()) if c in configs]
    if waiting:
        start(waiting)


def tell(configs: Sequence[TrainingConfig]) -> None:
    """How far they are, and a button where nobody trains them."""
    active, many = training(configs), len(configs) > 1
    refusal = st.session_state.get(_REFUSAL)
    if refusal and not active:  # or else the others come when there is room
        st.error(plain(refusal))
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
        held = [shot.run_id for shot in shots if shot.status == RunStatus.PAUSED]
        told = f"Paused: resume run {held[0]} on the Train page" if held else "Training"
        st.progress(min(1.0, sum(shot.step for shot in shots) / max(1, steps)), told)


def _found(configs: Sequence[TrainingConfig]) -> list[RunSnapshot | None]:
    """Of each of these settings a run that has taken all its steps, or one that trains here."""
    # Another's is theirs to pause, stop and change: no step may depend on it.
    shots = [r.snapshot for r in manager().runs() if gate.is_own(r) and not r.planned]
    shots = [s for s in shots if s.status.active or s.status == RunStatus.FINISHED]
    # What was changed on the way says nothing of the settings that it began with.
    shots = [s for s in shots if s.config in configs and not live_changes(s.events)]
    shots = [s for s in shots if not gate.came_in_a_file(s.run_id)]
    shots.sort(key=lambda shot: shot.status.active)
    found = [next((s for s in shots if s.config == config), None) for config in configs]
    if all(found):
        return found
    kept = gate.own_measurements()
    return [shot or _kept(kept, config) for shot, config in zip(found, configs, strict=True)]


def _kept(rows: Sequence[RunRow], config: TrainingConfig) -> RunSnapshot | None:
    settings = config.model_dump(mode="json")
    row = next((row for row in rows if row.settings == settings), None)
    stored = library().stored(row.id) if row else None
    shot = stored.snapshot if stored else None
    return shot if shot is not None and shot.reports else None
