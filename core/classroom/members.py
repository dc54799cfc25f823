"""Who joined a class: browsers by the hash of their secret, with the nickname that they gave.

Knows no page. The nickname is all that is kept of a person, and it may be empty.
"""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from core.errors import RunError, shown
from core.storage.remembering import RememberingDatabase

LONGEST_NAME = 40
MOST_MEMBERS = 500

TABLE = """
    CREATE TABLE members (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        browser TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        joined REAL NOT NULL,
        follows INTEGER NOT NULL DEFAULT 1,
        went INTEGER NOT NULL DEFAULT 0 -- the number of the last place it was taken to
    );
"""


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who joined.

    Attributes:
        number: in the order of joining, from 1.
        browser: the hash of its secret.
        name: empty where none was given.
        follows: whether its pages go where the teacher is.
        went: the number of the last place that it was taken to; 0 for none.
    """

    number: int
    browser: str
    name: str
    follows: bool
    went: int


class Members:
    """The members of the one class of a server. Thread safety: as the database's.

    Raises:
        StoreError: by every method, where the file cannot be read or written.
    """

    def __init__(
        self, database: RememberingDatabase, clock: Callable[[], float] = time.time
    ) -> None:
        self._database, self._clock = database, clock

    def join(self, browser: str, name: str = "") -> None:
        """Let a browser in; one that is in already changes its name.

        Raises:
            RunError: the name is too long, or the class is full.
        """
        name = nickname(name)
        with self._database.transaction() as connection:
            self.admit(browser)
            connection.execute("UPDATE members SET name = ? WHERE browser = ?", (name, browser))

    def admit(self, browser: str) -> None:
        """Let a browser in without a name, unless it is in.

        Raises:
            RunError: the class is full.
        """
        with self._database.transaction() as connection:
            if self.of(browser) is not None:
                return
            if self.count() >= MOST_MEMBERS:
                raise RunError(
                    f"{MOST_MEMBERS} browsers have joined this class, which is as many as may: "
                    "its teacher can forget the class and begin anew."
                )
            connection.execute(
                "INSERT INTO members (browser, name, joined) VALUES (?, '', ?)",
                (browser, self._clock()),
            )

    def of(self, browser: str) -> Member | None:
        """The member with this browser."""
        return next((member for member in self._read("WHERE browser = ?", browser)), None)

    def all(self) -> list[Member]:
        """Everybody, in the order of joining."""
        return self._read("ORDER BY number")

    def count(self) -> int:
        """How many there are."""
        ((number,),) = self._database.rows("SELECT count(*) FROM members")
        return int(number)

    def follow(self, browser: str, follows: bool) -> None:
        """Note whether a member's pages go where the teacher is."""
        self._set(browser, "follows", int(follows))

    def went(self, browser: str, place: int) -> None:
        """Note that a member's page was taken to a place."""
        self._set(browser, "went", place)

    def _set(self, browser: str, column: str, value: int) -> None:
        with self._database.transaction() as connection:
            connection.execute(
                f"UPDATE members SET {column} = ? WHERE browser = ?", (value, browser)
            )

    def _read(self, condition: str, *values: str) -> list[Member]:
        rows = self._database.rows(
            f"SELECT number, browser, name, follows, went FROM members {condition}", *values
        )
        return [
            Member(number, browser, name, bool(follows), went)
            for number, browser, name, follows, went in rows
        ]


def nickname(typed: str) -> str:
    """What somebody typed as their name: one line of printable characters, perhaps none.

    Raises:
        RunError: it is longer than allowed.
    """
    # A million characters need not be looked at to be refused.
    line = " ".join(unicodedata.normalize("NFC", typed[:1_000]).split())
    line = "".join(character for character in line if character.isprintable())
    if len(line) > LONGEST_NAME:
        raise RunError(
            f"“{shown(line)}” is too long for a nickname, which may have {LONGEST_NAME} "
            "characters: choose a shorter one, or none."
        )
    return line
