"""What a server of many people remembers of them: who teaches, whose a text is, what is locked,
and the class: who joined, what it was asked, where it is led, what was handed in.

Browsers are named by hashes of their secrets, see `visitor.py`. Runs are not in here: their owner
stands in their own row. Knows nothing of pages.
"""

from __future__ import annotations

import json
from pathlib import Path

from core.classroom import guide, hand_ins, members, questions
from core.classroom.guide import Guide
from core.classroom.hand_ins import HandIns
from core.classroom.members import Members
from core.classroom.questions import Questions
from core.paths import data_home
from core.storage.database import Schema, SetAside
from core.storage.remembering import RememberingDatabase

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
        members.TABLE + questions.TABLES + guide.TABLE + hand_ins.TABLE,
        guide.STEP,
    ),
    application_id=0x556E7263,  # "Unrc"
    remedy="check the disk and the folder's permissions.",
)
_LOCKED, _ADDRESS = "starting_is_locked", "address"


class ClassroomStore(RememberingDatabase):
    """One file beside the store of runs.

    Args:
        home: the folder; the user's own if left out.

    Attributes:
        members: who joined the class.
        questions: what the room was asked, and its answers.
        guide: where the teacher leads.
        hand_ins: the runs that were handed in.

    Raises:
        StoreError: it cannot be opened.
    """

    def __init__(self, home: Path | None = None) -> None:
        super().__init__((home or data_home()) / "classroom.sqlite", _SCHEMA)
        with self.reading() as connection:
            connection.execute("PRAGMA secure_delete = ON")  # what is forgotten is overwritten
        self.members = Members(self)
        self.questions = Questions(self, self.members)
        self.guide = Guide(self)
        self.hand_ins = HandIns(self, self.members)

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
        found = self.rows("SELECT proof FROM teachers WHERE browser = ?", browser)
        return str(found[0][0]) if found else ""

    # -- whose a text is -----------------------------------------------------------------

    def note_text(self, browser: str, text: str) -> None:
        """Somebody brought this text along; others may have, too.

        Raises:
            StoreError: it cannot be written.
        """
        with self.transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO texts VALUES (?, ?)", (browser, text))

    def forget_text(self, browser: str, text: str) -> None:
        """Somebody wants to find this text no more.

        Raises:
            StoreError: it cannot be written.
        """
        with self.transaction() as connection:
            connection.execute("DELETE FROM texts WHERE browser = ? AND text = ?", (browser, text))

    def owners_of(self, text: str) -> frozenset[str]:
        """The browsers that brought this text along."""
        with self.reading() as connection:
            found = connection.execute("SELECT browser FROM texts WHERE text = ?", (text,))
            return frozenset(browser for (browser,) in found)

    def texts_of(self, browser: str) -> frozenset[str]:
        """The keys of the texts that somebody brought along."""
        found = self.rows("SELECT text FROM texts WHERE browser = ?", browser)
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
        self._set(_LOCKED, locked)

    # -- the class -----------------------------------------------------------------------

    @property
    def address(self) -> str:
        """Where students find this server, as its teacher has put it; empty if nowhere."""
        return str(self._setting(_ADDRESS) or "")

    def set_address(self, address: str) -> None:
        """Let students find this server there.

        Raises:
            StoreError: it cannot be written.
        """
        self._set(_ADDRESS, address)

    def forget_class(self) -> None:
        """Delete names, questions, answers, hand-ins and the place, and overwrite them in the file.

        Runs stay with those who trained them.

        Raises:
            StoreError: it cannot be written.
        """
        with self.transaction() as connection:
            for table in ("answers", "questions", "hand_ins", "places", "members"):
                connection.execute(f"DELETE FROM {table}")
        with self.reading() as connection:
            # What was deleted is in the log, too, until that begins anew.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _set(self, name: str, value: object) -> None:
        with self.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, json.dumps(value))
            )

    def _setting(self, name: str) -> object:
        found = self.rows("SELECT value FROM settings WHERE name = ?", name)
        return json.loads(found[0][0]) if found else None


def open_classroom() -> ClassroomStore:
    """The store of this server; where it was damaged, it was set aside and a new one begins.

    Raises:
        StoreError: it cannot be opened.
    """
    try:
        return ClassroomStore()
    except SetAside:
        return ClassroomStore()
