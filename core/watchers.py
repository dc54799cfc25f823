"""How many readers watch something move, and how often each may look.

A refresh takes some 15 ms of the interpreter that the training threads need too. Up to ten
pages are refreshed twice a second; of more, each waits longer, so that all together ask no
more often. Knows nothing of what is drawn.

Thread safety: a `Watchers` may be used from any number of threads at once.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from time import monotonic

INTERVAL = 0.5
"""Seconds between two refreshes of a page, while few watch."""
FEW = 10
"""So many pages are refreshed at that interval."""
LONGEST = 8.0
"""No page waits longer, however many watch."""
_FORGET = 30.0  # seconds without a refresh: the page is closed, or its run has ended
# Before pages go faster again, so many of those that made them slower must have left: otherwise
# one that comes and goes would make all of them change their pace each time.
_LEFT = 0.7


class Watchers:
    """The pages that were refreshed of late.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._seen: dict[str, float] = {}
        self._lock = Lock()

    def refreshed(self, who: str, interval: float = INTERVAL) -> float:
        """Note that a page was refreshed just now.

        Args:
            who: names the page.
            interval: at which it is refreshed at present, in seconds.

        Returns:
            At which it should be.
        """
        now = self._clock()
        with self._lock:
            self._seen.pop(who, None)
            self._seen[who] = now  # the longest unseen stand first
            while now - next(iter(self._seen.values())) > _FORGET:
                self._seen.pop(next(iter(self._seen)))
            count = len(self._seen)
        slower = _interval_for(count)
        if slower >= interval:
            return slower
        faster = _interval_for(count / _LEFT)
        return min(faster, interval)


def _interval_for(pages: float) -> float:
    interval = INTERVAL
    while pages > FEW * interval / INTERVAL and interval < LONGEST:
        interval *= 2
    return interval
