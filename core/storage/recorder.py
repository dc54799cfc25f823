"""The ear of a run: what it hears waits here until the writer takes it. Starts no thread.

A `Recorder` is filled by the thread that trains and emptied by the writer's. Knows nothing of
when that happens, or of tables.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from time import monotonic
from typing import Any

from core.config import TrainingConfig
from core.records import (
    ContextRecord,
    Event,
    ProbeRecord,
    Report,
    RunStatus,
)
from core.steps import Columns, StepTable, Told, joined
from core.storage.batch import Batch, Progress
from core.storage.checkpoints import Checkpoint
from core.training.observer import Description, RunObserver
from core.training.state import TrainerState


@dataclass(frozen=True)
class _Facts:
    row: dict[str, Any]


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

    def record(self, record: Told) -> None:
        """All that a step costs."""
        self.told.append(record)

    def describe(self, description: Description) -> None:
        """Fields of the run's row that were not known when it was created."""
        self.told.append(_Facts(asdict(description)))

    def status(self, status: RunStatus, message: str) -> None:
        """The status changed."""
        self.told.append(_Facts({"status": status, "message": message}))
        self._wake()

    def checkpoint_due(self) -> bool:
        """Whether the last checkpoint is so long ago."""
        return monotonic() >= self._next

    def begin_anew(self) -> None:
        """Ask for a checkpoint now: the last one may be lost."""
        self._next = monotonic()

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
    told = recorder.told
    if not told:
        return batch, False
    batch = batch or Batch()
    news = [told.popleft() for _ in range(len(told))]
    try:
        return batch, _sort(news, recorder, batch)
    except BaseException:
        told.extendleft(reversed(news))  # nothing is lost: the next try begins with them
        raise


def _sort(news: Sequence[object], recorder: Recorder, batch: Batch) -> bool:
    """Put what was told into the batch; whether a step was among it."""
    trained: list[Columns] = []
    reports, events = list(batch.reports), list(batch.events)
    probes, contexts = list(batch.probes), list(batch.contexts)
    for one in news:
        match one:
            case StepTable(columns):
                trained.append(columns)
            case Report() as report:
                reports.append(report)
            case Event() as event:
                events.append(event)
            case ProbeRecord() as probe:
                probes.append(probe)
            case ContextRecord() as curve:
                contexts.append(curve)
            case TrainerState() as state:
                known = recorder.progress.events + len(events)
                batch.checkpoint = Checkpoint(state, recorder.config, known)
            case _Facts(row):
                batch.row |= row
                batch.ended = "status" in batch.row and not batch.row["status"].active
    if trained:
        batch.steps = joined([batch.steps, *trained])
    batch.reports, batch.events = reports, events
    batch.probes, batch.contexts = probes, contexts
    return bool(trained)
