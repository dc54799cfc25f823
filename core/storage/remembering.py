"""A database that remembers for a moment what it was asked. Knows nothing of what is in it.

Thirty pages that look every other second ask the same few things, several times in each look. Each
query gives up the interpreter's lock while it holds the connection's, so that all others wait for
both. What is remembered is had without either.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import get_ident
from time import monotonic

from core.storage.database import Database, Schema

FRESH_SECONDS = 2.0
"""For so long an answer serves although another process may have written."""
_MOST = 1_000  # answers, which many different questions would make without end

Rows = tuple[tuple, ...]


class RememberingDatabase(Database):
    """As `Database`, for short answers that many ask for and few change.

    What this object writes shows in its next answer; what others write, two seconds later.

    Args:
        path: the file.
        schema: what kind it is.
        clock: seconds that only grow.
    """

    def __init__(self, path: Path, schema: Schema, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._remembered: dict[tuple[str, tuple], tuple[float, Rows]] = {}
        self._writes: int | None = None  # the thread in whose transaction we are
        super().__init__(path, schema)

    def rows(self, query: str, *values: object) -> Rows:
        """What a query finds.

        Raises:
            StoreError: the disk fails.
        """
        writes = self._writes == get_ident()  # it must see what it has written, and nobody else
        asked, now = (query, values), self._clock()
        if not writes:
            at, found = self._remembered.get(asked, (0.0, None))
            if found is not None and now - at < FRESH_SECONDS:
                return found
        with self.reading() as connection:
            rows = tuple(connection.execute(query, values).fetchall())
            if not writes:  # nobody else does now: that takes the lock which this thread has
                if len(self._remembered) >= _MOST:
                    self._remembered = {}
                self._remembered[asked] = now, rows
        return rows

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """As that of `Database`; what was remembered is forgotten with it.

        Raises:
            StoreError: the disk is full, read-only or fails, and nothing was written.
        """
        with self._lock:
            nested = self._writes is not None
            self._writes = get_ident()
            try:
                with super().transaction() as connection:
                    yield connection
            finally:
                if not nested:
                    self._writes, self._remembered = None, {}
