"""The ear of a run, and how what it heard becomes rows. Starts no thread.

A `Recorder` is filled by the thread that trains and emptied by the writer's. Knows nothing of
when that happens.
"""

from __future__ import annotations

import json
import sqlite3
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from time import monotonic
from typing import Any

import numpy as np

from core.config import TrainingConfig
from core.records import Event, Record, Report, RunStatus, StepRecord
from core.storage import blocks, ledger
from core.storage.checkpoints import Checkpoint
from core.storage.store import Store
from core.training.observer import Description, RunObserver
from core.training.state import TrainerState


@dataclass
class Progress:
    """Where a run's records end in the store."""

    tail: dict[str, np.ndarray]  # the steps of the last block, if it is not full
    events: int = 0


@dataclass(frozen=True)
class _Facts:
    columns: dict[str, Any]


@dataclass
class Batch:
    """What one run told since the last write, sorted by where it goes."""

    steps: list[StepRecord] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    others: list[Any] = field(default_factory=list)
    columns: dict[str, Any] = field(default_factory=dict)
    checkpoint: Checkpoint | None = None
    ended: bool = False


class Recorder(RunObserver):
    """An observer whose methods cost the training thread next to nothing.

    Thread safety: `told` is a queue of one thread that appends and one that takes.

    Args:
        run_id: its id in the store.
        config: the experiment.
        progress: where its records end at present.
        checkpoint_every: seconds between checkpoints.
        wake: lets the writer know of something that should not wait.
        hold: asks the run to pause, for a reason.
    """

    def __init__(
        self,
        run_id: str,
        config: TrainingConfig,
        progress: Progress,
        checkpoint_every: float,
        wake: Callable[[], None],
        hold: Callable[[str], None],
    ) -> None:
        self.run_id = run_id
        self.config = config
        self.progress = progress
        self.hold = hold
        self.told: deque[object] = deque()
        self._every = checkpoint_every
        self._next = monotonic() + checkpoint_every
        self._wake = wake

    def record(self, record: Record) -> None:
        """All that a step costs."""
        self.told.append(record)

    def describe(self, description: Description) -> None:
        """Columns of the run's row that were not known when it was created."""
        self.told.append(_Facts(asdict(description)))

    def status(self, status: RunStatus, message: str) -> None:
        """The status changed."""
        self.told.append(_Facts({"status": status, "message": message}))
        self._wake()

    def checkpoint_due(self) -> bool:
        """Whether the last checkpoint is so long ago."""
        return monotonic() >= self._next

    def checkpoint(self, state: TrainerState) -> None:
        """Keep this state, and no older one."""
        self._next = monotonic() + self._every
        self.told.append(state)
        self._wake()


def take(recorder: Recorder, batch: Batch | None) -> tuple[Batch | None, bool]:
    """Empty the queue into a batch.

    Args:
        recorder: whose queue.
        batch: what is to be written before it, if anything.

    Returns:
        The batch, None if there is nothing to write, and whether a step was among it.
    """
    told, trained = recorder.told, False
    while told:
        batch = batch or Batch()
        thing = told.popleft()
        if isinstance(thing, StepRecord):
            batch.steps.append(thing)
            trained = True
        elif isinstance(thing, Report):
            batch.reports.append(thing)
        elif isinstance(thing, Event):
            batch.events.append(thing)
        elif isinstance(thing, TrainerState):
            events = recorder.progress.events + len(batch.events)
            batch.checkpoint = Checkpoint(thing, recorder.config, events)
        elif isinstance(thing, _Facts):
            batch.columns |= thing.columns
            batch.ended = "status" in batch.columns and not batch.columns["status"].active
        else:
            batch.others.append(thing)
    return batch, trained


def write(
    connection: sqlite3.Connection, store: Store, recorder: Recorder, batch: Batch
) -> Progress:
    """Put a batch into the tables, inside a transaction.

    Returns:
        Where the run's records end then.
    """
    run, progress = recorder.run_id, recorder.progress
    columns = {
        name: json.dumps(value) if isinstance(value, dict) else value
        for name, value in batch.columns.items()
    }
    columns["updated"] = store.now()
    if batch.ended:
        columns["owner"] = None
    tail = progress.tail
    if batch.steps:
        last = batch.steps[-1]
        columns |= {
            "step": last.step,
            "characters_seen": last.characters_seen,
            "seconds": last.seconds,
        }
        new = {
            "step": np.array([record.step for record in batch.steps]),
            **blocks.columns_of(batch.steps),
        }
        grown = blocks.joined([tail, new])  # begins with a block
        full = len(grown["step"]) // blocks.BLOCK_STEPS * blocks.BLOCK_STEPS
        tail = {name: column[full:] for name, column in grown.items()}
    assignments = ", ".join(f"{name} = ?" for name in columns)
    found = connection.execute(
        f"UPDATE runs SET {assignments} WHERE id = ?", (*columns.values(), run)
    )
    if found.rowcount == 0:  # deleted for good by someone else
        return progress
    if batch.steps:
        ledger.put_steps(connection, run, grown)
    if batch.reports:
        ledger.put_reports(connection, run, batch.reports)
        store.refresh_validation(connection, run)
    ledger.put_events(connection, run, progress.events, batch.events)
    for record in batch.others:
        ledger.put_probe(connection, run, record)
    return Progress(tail, progress.events + len(batch.events))
