"""The columns of a training step: their names and kinds, and how they are made, joined and cut.

A *table* of steps is a dictionary: an array `(steps,)` for each name in `KINDS`, all of one
length, a row a step. It is the form in which steps are taken, travel and are kept; a `StepRecord`
is one of its rows, to read. `clipped` is in no table: it can be told from the norms.
Knows nothing of where tables are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from core.records import ContextRecord, Event, ProbeRecord, Report, StepRecord

Columns = dict[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class StepTable:
    """Some steps that were taken one after the other, one at least."""

    columns: Columns

    def __len__(self) -> int:
        return len(self.columns["step"])

    def records(self) -> Iterator[StepRecord]:
        """One by one."""
        c = self.columns
        rows = zip(*(column.tolist() for column in (*c.values(), clipped(c))), strict=True)
        names = (*c, "clipped")
        for row in rows:
            yield StepRecord(**dict(zip(names, row, strict=True)))


Told = StepTable | Report | ProbeRecord | ContextRecord | Event
"""What a run tells; see `Record` for the same with one step at a time."""

KINDS = {  # the order is that of the bytes on disk; see `storage/stretches.py`
    "step": np.dtype("<i8"),
    "characters_seen": np.dtype("<i8"),
    "seconds": np.dtype("<f8"),
    "loss_nats": np.dtype("<f8"),
    "grad_norm": np.dtype("<f8"),
    "grad_norm_clipped": np.dtype("<f8"),
    "learning_rate": np.dtype("<f8"),
}
CSV = tuple(field.name for field in fields(StepRecord))
"""The columns of `train --metrics` and of an exported run's metrics.csv, in their order."""


def columns_of(records: Sequence[StepRecord]) -> Columns:
    """Records as a table, 56 bytes a step."""
    return {
        name: np.array([getattr(record, name) for record in records], kind)
        for name, kind in KINDS.items()
    }


def joined(parts: Iterable[Mapping[str, np.ndarray]]) -> Columns:
    """Several tables, in order, as one; of none, an empty one."""
    parts = [columns_of(()), *parts]
    return {name: np.concatenate([part[name] for part in parts]) for name in KINDS}


def cut(columns: Mapping[str, np.ndarray], rows: slice | np.ndarray) -> Columns:
    """Some rows of a table: a slice of them, or those where a mask `(steps,)` is true."""
    return {name: column[rows] for name, column in columns.items()}


def clipped(columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """Which steps of a table were clipped, `(steps,)`: the norm after it is the smaller one."""
    return np.asarray(columns["grad_norm_clipped"] < columns["grad_norm"])


def csv_rows(columns: Mapping[str, np.ndarray]) -> Iterable[tuple[float, ...]]:
    """A table as rows of `CSV`; yes and no as 1 and 0."""
    whole = {**columns, "clipped": clipped(columns).astype(int)}
    return zip(*(whole[name].tolist() for name in CSV), strict=True)
