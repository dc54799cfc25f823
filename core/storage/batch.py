"""What a run told since the last write, and how that becomes rows: the one way to record a run.

A run that trains is written so twice a second, a sweep's cell and an imported run once. Knows
nothing of who told it, or when.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from core import steps
from core.records import ContextRecord, Event, ProbeRecord, Report
from core.steps import Columns
from core.storage.checkpoints import Checkpoint
from core.storage.store import Store
from core.storage.stretches import STRETCH

_END = ("status", "message")  # of a row


def _no_steps() -> Columns:
    return steps.joined(())


@dataclass(frozen=True)
class Progress:
    """Where a run's records end in the store."""

    tail: Columns = field(default_factory=_no_steps)  # of the last stretch, if it is not full
    events: int = 0


@dataclass
class Batch:
    """What one run told, sorted by where it goes.

    Attributes:
        steps: a table; they follow those that are in the store.
        reports: each replaces one at the same step.
        events: they follow those that are in the store.
        probes: each replaces one at the same step.
        contexts: each replaces one at the same step.
        row: fields of the run's `RunRow`. `step`, `characters_seen` and `seconds` are those of
            the last step, unless they are given.
        checkpoint: to be saved once the rest is written.
        ended: whether the run trains no more.
    """

    steps: Columns = field(default_factory=_no_steps)
    reports: Sequence[Report] = ()
    events: Sequence[Event] = ()
    probes: Sequence[ProbeRecord] = ()
    contexts: Sequence[ContextRecord] = ()
    row: dict[str, Any] = field(default_factory=dict)
    checkpoint: Checkpoint | None = None
    ended: bool = False

    def without_its_end(self) -> Batch:
        """What is written before the checkpoint: all but that the run has ended.

        Who finds a run ended finds its last checkpoint, too, and may go on from there.
        """
        if self.checkpoint is None or not self.ended:
            return self
        row = {name: value for name, value in self.row.items() if name not in _END}
        return replace(self, row=row, ended=False)

    def its_end(self) -> Batch:
        """What is left to do then: the checkpoint, and after it what `without_its_end` left out."""
        row = {name: self.row[name] for name in _END if name in self.row}
        late = self.checkpoint is not None and self.ended
        return Batch(row=row if late else {}, checkpoint=self.checkpoint, ended=self.ended)


def write(store: Store, run_id: str, batch: Batch, progress: Progress) -> Progress:
    """Put a batch into the tables, its checkpoint left out.

    Returns:
        Where the run's records end then; as they did if it was deleted for good by somebody.

    Raises:
        StoreError: it cannot be written, and nothing was.
    """
    tail, ledger = progress.tail, store.ledger
    row: dict[str, Any] = {"updated": store.now()}
    if batch.ended:
        row["owner"] = None
    trained = len(batch.steps["step"])
    if trained:
        for name in ("step", "characters_seen", "seconds"):
            row[name] = batch.steps[name][-1].item()
        grown = steps.joined([tail, batch.steps])  # begins with a stretch
        full = len(grown["step"]) // STRETCH * STRETCH
        tail = steps.cut(grown, slice(full, None))
    with store.transaction():
        if not store.update(run_id, **(row | batch.row)):
            return progress
        if trained:
            ledger.put_steps(run_id, grown)
        if batch.reports:
            ledger.put_reports(run_id, batch.reports)
            store.refresh_validation(run_id)
        ledger.put_events(run_id, progress.events, batch.events)
        ledger.put_probes(run_id, batch.probes)
        ledger.put_contexts(run_id, batch.contexts)
    return Progress(tail, progress.events + len(batch.events))
