"""Runs that are named and not there yet, for whoever else has heard the name.

Thread safety: every method may be called from any thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition

_PATIENCE = 10.0  # seconds: a start takes milliseconds, but for a disk that is slow


class Starting:
    """The ids of runs that somebody is about to start."""

    def __init__(self) -> None:
        self._ids: set[str] = set()
        self._changed = Condition()

    @contextmanager
    def begun(self, run_id: str) -> Iterator[None]:
        """While the run of this id is being started, or until that has failed."""
        with self._changed:
            self._ids.add(run_id)
        try:
            yield
        finally:
            with self._changed:
                self._ids.discard(run_id)
                self._changed.notify_all()

    def wait(self, run_id: str | None) -> None:
        """Until nobody is about to start the run of this id."""
        with self._changed:
            self._changed.wait_for(lambda: run_id not in self._ids, _PATIENCE)
