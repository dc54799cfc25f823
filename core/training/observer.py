"""Who listens to a run while it trains. Knows nothing of who that is, or of files.

Storage and the command line write observers, and whoever starts a run hands them to it, so that
training imports neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.records import RunStatus
from core.steps import Told
from core.training.state import TrainerState


@dataclass(frozen=True, slots=True)
class Description:
    """What turned out about a run before its first step."""

    text_title: str
    text_sha256: str
    text_length: int
    floors: Mapping[str, float]  # nats: uniform, unigram, bigram ...
    device: str
    device_reason: str
    engine: str
    engine_reason: str


class RunObserver:
    """Told of everything that a run does, by its training thread. Override what is of interest.

    Every method must return at once: the next step waits for it. One that raises fails the run.
    """

    def record(self, record: Told) -> None:
        """Some steps, a report, a probe or an event, in the order in which they come about."""

    def describe(self, description: Description) -> None:
        """The text is there and the device is chosen; before the first step."""

    def status(self, status: RunStatus, message: str) -> None:
        """The status changed; the message explains it."""

    def idle(self) -> None:
        """Some more seconds on hold have gone by without an order."""

    def checkpoint_due(self) -> bool:
        """Whether to call `checkpoint` before the next step; asked after every step."""
        return False

    def checkpoint(self, state: TrainerState) -> None:
        """The state as it stands; also at a pause and at the end, without being asked for."""


class Observers(RunObserver):
    """Several observers, told one after the other as if they were one."""

    def __init__(self, *observers: RunObserver) -> None:
        self._observers = observers

    def record(self, record: Told) -> None:
        """Tell all."""
        for observer in self._observers:
            observer.record(record)

    def describe(self, description: Description) -> None:
        """Tell all."""
        for observer in self._observers:
            observer.describe(description)

    def status(self, status: RunStatus, message: str) -> None:
        """Tell all."""
        for observer in self._observers:
            observer.status(status, message)

    def idle(self) -> None:
        """Tell all."""
        for observer in self._observers:
            observer.idle()

    def checkpoint_due(self) -> bool:
        """Whether anybody wants one."""
        return any(observer.checkpoint_due() for observer in self._observers)

    def checkpoint(self, state: TrainerState) -> None:
        """Tell all."""
        for observer in self._observers:
            observer.checkpoint(state)
