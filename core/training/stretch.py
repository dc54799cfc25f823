"""How many steps are taken at once, before the thread that trains comes back to Python.

Each time it has to wait for Python's lock, which pages that are drawn at the same time hold. So
steps are taken for 15 ms on end; where coming back takes long, for longer. Knows no trainer.
"""

from __future__ import annotations

from collections import deque
from statistics import median

_SHORTEST, _LONGEST = 0.015, 0.06  # seconds: what is asked of a run meanwhile waits for so long
_BETWEEN = 0.1  # what is spent between two stretches is to be no larger share of them
_REMEMBERED = 8  # stretches


class Stretch:
    """Learns from the last stretches how long the next one is to be."""

    def __init__(self) -> None:
        self._work: deque[tuple[int, float]] = deque(maxlen=_REMEMBERED)
        self._between: deque[float] = deque(maxlen=_REMEMBERED)
        self._ended: float | None = None

    def steps(self) -> int:
        """How many steps to take next: one, as long as nothing is known of them."""
        taken = sum(steps for steps, _ in self._work)
        worked = sum(seconds for _, seconds in self._work)
        if not worked:  # also by a clock that is too coarse for a few of them
            return 1
        between = median(self._between) if self._between else 0.0
        seconds = min(max(_SHORTEST, between / _BETWEEN), _LONGEST)
        return max(1, int(seconds * taken / worked))

    def took(self, steps: int, worked: float, ended: float) -> None:
        """Learn from steps that were taken.

        Args:
            steps: how many there were.
            worked: seconds of work in them, without waiting for Python's lock.
            ended: when they were over, in seconds of a clock that only grows.
        """
        if not steps:
            return
        self._work.append((steps, worked))
        if self._ended is not None:
            self._between.append(ended - self._ended - worked)
        self._ended = ended

    def forget(self) -> None:
        """From now on a step takes another time."""
        self._work.clear()
