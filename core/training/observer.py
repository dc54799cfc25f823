"""Who listens to a run while it trains. Knows nothing of who that is, or of files.

Storage implements this and the manager hands it to each run, so that training imports no
storage.
"""

from __future__ import annotations

from typing import Protocol

from core.records import RunStatus
from core.training.state import TrainerState


class RunObserver(Protocol):
    """Told of everything that a run does, by the training thread.

    Every method must return at once: the next step waits for it. None may raise.
    """

    def record(self, record: object) -> None:
        """A `StepRecord`, `Report`, `Event`, or another record that the trainer yields."""

    def describe(self, **facts: object) -> None:
        """What turned out before the first step: text_title, text_length, floors, device ..."""

    def status(self, status: RunStatus, message: str) -> None:
        """The status changed, or the message that explains it."""

    def checkpoint_due(self) -> bool:
        """Whether to call `checkpoint` before the next step; asked after every step."""

    def checkpoint(self, state: TrainerState) -> None:
        """The state as it stands; also at a pause and at the end, without being asked for."""
