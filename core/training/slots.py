"""Places to train: only so many runs at a time, first come first served.

Knows nothing of what runs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Condition


class Slots:
    """A fair counting semaphore whose waiters can give up.

    Thread safety: every method may be called from any thread.
    """

    def __init__(self, count: int) -> None:
        self._free = count
        self._waiting: deque[object] = deque()
        self._changed = Condition()

    def acquire(self, give_up: Callable[[], bool]) -> bool:
        """Wait for a place.

        Args:
            give_up: asked after every `wake`; True ends the wait.

        Returns:
            Whether a place was taken.
        """
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
            try:
                while not (self._free and self._waiting[0] is ticket):
                    if give_up():
                        return False
                    self._changed.wait()
                self._free -= 1
                return True
            finally:
                self._waiting.remove(ticket)
                self._changed.notify_all()

    def release(self) -> None:
        """Give a place back."""
        with self._changed:
            self._free += 1
            self._changed.notify_all()

    def wake(self) -> None:
        """Let every waiter ask again whether to give up."""
        with self._changed:
            self._changed.notify_all()
