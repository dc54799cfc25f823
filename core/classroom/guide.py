"""Where the teacher is, for pages that follow: a page and its query. Knows no page.

A place is told by its number, so that each page goes there once, and is not taken back to it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.errors import RunError
from core.storage.remembering import RememberingDatabase

_LONGEST = 4_000  # characters of a query, as it is kept

TABLE = """
    CREATE TABLE places (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        page TEXT NOT NULL,
        query TEXT NOT NULL,
        since REAL NOT NULL
    );
"""
STEP = "ALTER TABLE places ADD COLUMN step INTEGER;"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the teacher is.

    Attributes:
        number: grows with each place.
        page: its title.
        query: of its address: the run, the settings, the picture.
        since: seconds since 1970.
        step: at which the run stood then; None where the page shows none.
    """

    number: int
    page: str
    query: Mapping[str, str]
    since: float
    step: int | None = None


class Guide:
    """The teacher's place. Thread safety: as the database's.

    Raises:
        StoreError: by every method, where the file cannot be read or written.
    """

    def __init__(
        self, database: RememberingDatabase, clock: Callable[[], float] = time.time
    ) -> None:
        self._database, self._clock = database, clock

    def lead(
        self, page: str, query: Mapping[str, str] | None = None, step: int | None = None
    ) -> Place:
        """Take all pages that follow to this one.

        Args:
            page, query, step: as of `Place`.

        Raises:
            RunError: the query is too long to be passed on.
        """
        written = json.dumps(dict(query or {}))
        if len(written) > _LONGEST:
            raise RunError(
                f"This page's address has {len(written):,} characters, and {_LONGEST:,} can be "
                "sent: share it as a link."
            )
        with self._database.transaction() as connection:
            # The number goes on growing, though only the newest is kept.
            connection.execute("DELETE FROM places")
            since = self._clock()
            number = connection.execute(
                "INSERT INTO places (page, query, since, step) VALUES (?, ?, ?, ?)",
                (page, written, since, step),
            ).lastrowid
        return Place(number or 0, page, dict(query or {}), since, step)

    def leave(self) -> None:
        """Lead nobody any more; pages stay where they are."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM places")

    def place(self) -> Place | None:
        """Where the teacher is; None where nobody is led."""
        found = self._database.rows(
            "SELECT number, page, query, since, step FROM places ORDER BY number DESC LIMIT 1"
        )
        if not found:
            return None
        number, page, query, since, step = found[0]
        return Place(number, page, json.loads(query), since, step)
