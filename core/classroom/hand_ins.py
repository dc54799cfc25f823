"""Runs that were handed in: which browser, which run, when. Knows no page, and no run.

A run stays with whoever trained it: what is handed in is its id.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from core.classroom.members import Members
from core.errors import RunError
from core.storage.remembering import RememberingDatabase

MOST_RUNS = 5
"""So many runs may one person hand in."""

TABLE = """
    CREATE TABLE hand_ins (
        browser TEXT NOT NULL,
        run TEXT NOT NULL,
        at REAL NOT NULL,
        PRIMARY KEY (browser, run)
    );
"""


@dataclass(frozen=True, slots=True)
class HandIn:
    """One run that was handed in, at so many seconds since 1970."""

    browser: str
    run_id: str
    at: float


class HandIns:
    """What was handed in. Thread safety: as the database's.

    Raises:
        StoreError: by every method, where the file cannot be read or written.
    """

    def __init__(
        self,
        database: RememberingDatabase,
        members: Members,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database, self._members, self._clock = database, members, clock

    def hand_in(self, browser: str, run_id: str) -> None:
        """Hand a run in; a second time changes nothing.

        Raises:
            RunError: this browser has handed in as many as it may.
        """
        with self._database.transaction() as connection:
            before = self.of(browser)
            if any(one.run_id == run_id for one in before):
                return
            if len(before) >= MOST_RUNS:
                raise RunError(
                    f"You have handed in {len(before)} runs, which is as many as each person may: "
                    "take one back first."
                )
            self._members.admit(browser)
            connection.execute(
                "INSERT INTO hand_ins VALUES (?, ?, ?)", (browser, run_id, self._clock())
            )

    def take_back(self, browser: str, run_id: str) -> None:
        """Hand a run in no longer."""
        with self._database.transaction() as connection:
            connection.execute(
                "DELETE FROM hand_ins WHERE browser = ? AND run = ?", (browser, run_id)
            )

    def of(self, browser: str) -> list[HandIn]:
        """What a browser has handed in, oldest first."""
        return [one for one in self.all() if one.browser == browser]

    def all(self) -> list[HandIn]:
        """All that was handed in, oldest first."""
        rows = self._database.rows("SELECT browser, run, at FROM hand_ins ORDER BY at, rowid")
        return [HandIn(*row) for row in rows]
