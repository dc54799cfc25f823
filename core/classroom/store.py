"""What a server of many people remembers of them: who teaches, whose a text is, what is locked.

Browsers are named by hashes of their secrets, see `visitor.py`. Runs are not in here: their owner
stands in their own row. Knows nothing of pages.
"""

from __future__ import annotations

import json
from pathlib import Path

from core.paths import data_home
from core.storage.database import Database, Schema, SetAside

_SCHEMA = Schema(
    title="The store of the classroom",
    migrations=(
        """
        CREATE TABLE teachers (
            browser TEXT PRIMARY KEY,
            proof TEXT NOT NULL
        );
        CREATE TABLE texts (
            browser TEXT NOT NULL,
            text TEXT NOT NULL,
            PRIMARY KEY (browser, text)
        );
        CREATE TABLE settings (
            name TEXT PRIMARY KEY,
            value TEXT NOT NULL
        );
        """,
    ),
    application_id=0x556E7263,  # "Unrc"
    remedy="check the disk and the folder's permissions.",
)
_LOCKED = "starting_is_locked"


class ClassroomStore(Database):
    """One file beside the store of runs.

    Args:
        home: the folder; the user's own if left out.

    Raises:
        StoreError: it cannot be opened.
    """

    def __init__(self, home: Path | None = None) -> None:
        super().__init__((home or data_home()) / "classroom.sqlite", _SCHEMA)

    # -- who teaches ---------------------------------------------------------------------

    def remember_teacher(self, browser: str, proof: str) -> None:
        """Note that a browser has shown the key.

        Raises:
            StoreError: it cannot be written.
        """
        with self.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO teachers VALUES (?, ?)", (browser, proof))

    def forget_teacher(self, browser: str) -> None:
        """A teacher's browser is like any other from now on.

        Raises:
            StoreError: it cannot be written.
        """
        with self.transaction() as connection:
            connection.execute("DELETE FROM teachers WHERE browser = ?", (browser,))

    def proof_of(self, browser: str) -> str:
        """What was noted of a browser; empty if nothing."""
        with self.reading() as connection:
            found = connection.execute(
                "SELECT proof FROM teachers WHERE browser = ?", (browser,)
            ).fetchone()
        return found[0] if found else ""

    # -- whose a text is -----------------------------------------------------------------

    def note_text(self, browser: str, text: str) -> None:
        """Somebody brought this text along; others may have, too.

        Raises:
            StoreError: it cannot be written.
        """
        with self.transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO texts VALUES (?, ?)", (browser, text))

    def texts_of(self, browser: str) -> frozenset[str]:
        """The keys of the texts that somebody brought along."""
        with self.reading() as connection:
            found = connection.execute("SELECT text FROM texts WHERE browser = ?", (browser,))
            return frozenset(text for (text,) in found)

    # -- what is locked ------------------------------------------------------------------

    @property
    def starting_is_locked(self) -> bool:
        """Whether the teacher alone may start anything."""
        return bool(self._setting(_LOCKED))

    def lock_starting(self, locked: bool) -> None:
        """Let nobody but the teacher start anything, or let all again.

        Raises:
            StoreError: it cannot be written.
        """
        with self.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO settings VALUES (?, ?)", (_LOCKED, json.dumps(locked))
            )

    def _setting(self, name: str) -> object:
        with self.reading() as connection:
            found = connection.execute(
                "SELECT value FROM settings WHERE name = ?", (name,)
            ).fetchone()
        return json.loads(found[0]) if found else None


def open_classroom() -> ClassroomStore:
    """The store of this server; where it was damaged, it was set aside and a new one begins.

    Raises:
        StoreError: it cannot be opened.
    """
    try:
        return ClassroomStore()
    except SetAside:
        return ClassroomStore()
