"""Ends runs that nobody looks at, with their state, where others want the place.

Whoever comes back resumes one from the store. Paused it would keep its thread, its memory and one
of the few runs that its owner may have; so one that somebody paused and left ends, too. Starts no
thread: a run's own asks, as one of the run's observers. Knows nothing of pages: whoever shows a
run says so with `seen`.

Thread safety: every method may be called from any thread.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from core.records import RunStatus
from core.steps import Told
from core.training.observer import RunObserver
from core.training.run import Run

_ASK_EVERY = 1.0  # seconds


class Attendance:
    """When each run was last looked at.

    Args:
        patience: seconds for which a run may train unseen.
        wanted: asked with a run whether its place is wanted.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        patience: float,
        wanted: Callable[[Run], bool],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.patience = patience
        self.clock = clock
        self._wanted = wanted
        self._seen: dict[str, float] = {}  # of runs that are active

    def seen(self, run_id: str) -> None:
        """Somebody looks at this run now; nothing where nobody guards it."""
        if run_id in self._seen:
            self._seen[run_id] = self.clock()

    def left(self, run: Run) -> bool:
        """Whether the run was not looked at for so long, and its place is wanted."""
        now = self.clock()
        unseen = now - self._seen.get(run.run_id, now)  # it may end in this very moment
        return unseen > self.patience and self._wanted(run)

    def forget(self, run_id: str) -> None:
        """The run has ended."""
        self._seen.pop(run_id, None)

    def guard(self, run: Run, kept: bool = True) -> RunObserver:
        """An observer of the run that ends it once nobody looks at it.

        Args:
            run: the run.
            kept: whether its records are; else it is paused, or all would be lost.
        """
        self._seen[run.run_id] = self.clock()
        return _Guard(self, run, kept)

    @property
    def reason(self) -> str:
        """What such a run says for itself."""
        return (
            f"Nobody looked at this run for {self.patience / 60:g} minutes and others share this "
            "server, so it was ended and is kept. Resume goes on from here."
        )


class _Guard(RunObserver):
    def __init__(self, attendance: Attendance, run: Run, kept: bool) -> None:
        self._attendance = attendance
        self._run = run
        # A lane that paused alone would keep the others of its race waiting, with their places.
        self._ends = kept or run.in_race
        self._leave = run.interrupt if self._ends else run.hold
        self._next = attendance.clock() + _ASK_EVERY

    def status(self, status: RunStatus, message: str) -> None:
        """Forget a run that has ended."""
        if not status.active:
            self._attendance.forget(self._run.run_id)

    def record(self, record: Told) -> None:
        """Between two steps."""
        now = self._attendance.clock()
        if now < self._next:
            return
        self._next = now + _ASK_EVERY
        self._look()

    def idle(self) -> None:
        """On hold."""
        if self._ends:
            self._look()

    def _look(self) -> None:
        if self._attendance.left(self._run):
            self._leave(self._attendance.reason)
