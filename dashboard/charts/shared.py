"""A thing that several readers ask for is made once.

Ten pages that watch one run ask for the same curves twice a second each. Making a figure
takes longer than sending it, and holds up the training thread meanwhile. Knows nothing of
pages or of what is made.

Thread safety: a `Shared` may be used from any number of threads at once.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from threading import Lock
from time import monotonic
from typing import Generic, TypeVar

_KEPT = 50
"""Things kept at once; the one made longest ago goes first."""

Value = TypeVar("Value")


class Shared(Generic[Value]):
    """The newest of each kind of thing.

    Args:
        fresh_seconds: for so long a thing serves although its data have moved on. Choose less
            than a reader's own interval, and a reader alone never sees the same twice.
        clock: seconds that only grow.
    """

    def __init__(self, fresh_seconds: float = 0.4, clock: Callable[[], float] = monotonic) -> None:
        self._fresh_seconds, self._clock = fresh_seconds, clock
        self._kept: dict[Hashable, tuple[Hashable, float, Value]] = {}
        self._lock = Lock()

    def get(self, key: Hashable, version: Hashable, make: Callable[[], Value]) -> Value:
        """The thing of this key: one that is kept, or else a new one.

        Args:
            key: whatever must not be out of date by a moment.
            version: what may be, such as how many steps are drawn.
            make: makes the thing as it is now; called on this thread.
        """
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None:
            its_version, made_at, value = kept
            if its_version == version or self._clock() - made_at < self._fresh_seconds:
                return value
        value = make()
        with self._lock:
            self._kept.pop(key, None)
            self._kept[key] = (version, self._clock(), value)
            while len(self._kept) > _KEPT:
                self._kept.pop(next(iter(self._kept)))
        return value
