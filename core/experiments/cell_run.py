"""What a cell leaves beside its measurement: all that makes it a run like any other.

Plain values that travel from a worker to the process that asked for them. Knows nothing of how
a cell is trained, or of where runs are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from core.experiments.cells import CellResult
from core.records import Report, StepRecord
from core.training.state import TrainerState

_KINDS = {
    field.name: np.int64 if field.name in ("step", "characters_seen") else np.float64
    for field in fields(StepRecord)
    if field.name != "clipped"  # where the norm after clipping is the smaller one
}


@dataclass(frozen=True)
class CellRun:
    """A cell that was trained.

    Attributes:
        result: what it measured.
        columns: every step, an array `(steps,)` for each field of `StepRecord` but `clipped`.
        reports: as every run makes them.
        state: the trainer's after the last step.
        text_sha256: of the text it was trained on.
    """

    result: CellResult
    columns: Mapping[str, np.ndarray]
    reports: tuple[Report, ...]
    state: TrainerState
    text_sha256: str


def step_columns(records: Sequence[StepRecord]) -> dict[str, np.ndarray]:
    """Records as columns, 56 bytes a step."""
    return {
        name: np.array([getattr(record, name) for record in records], kind)
        for name, kind in _KINDS.items()
    }


def joined(parts: Iterable[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """The columns of several stretches, in order, as one; of none, empty ones."""
    parts = [step_columns(()), *parts]
    return {name: np.concatenate([part[name] for part in parts]) for name in _KINDS}
