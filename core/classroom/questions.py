"""Questions put to the room, and its answers: one a browser, hidden until they are revealed.

    open      everybody answers, and changes their mind; what was answered is nowhere to be had
    locked    nobody answers any more; it is hidden still
    revealed  how often each was answered stands beside the outcome

Knows no page.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence

from core.classroom.distribution import binned
from core.classroom.members import Members
from core.classroom.question import (
    Question,
    QuestionState,
    checked_answer,
    checked_outcome,
    checked_question,
    in_a_line,
)
from core.errors import RunError
from core.storage.remembering import RememberingDatabase

TABLES = """
    CREATE TABLE questions (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        text TEXT NOT NULL,
        options TEXT NOT NULL,
        about TEXT NOT NULL,
        state TEXT NOT NULL,
        outcome TEXT NOT NULL DEFAULT '',
        asked REAL NOT NULL,
        away INTEGER NOT NULL DEFAULT 0
    );
    CREATE TABLE answers (
        question INTEGER NOT NULL REFERENCES questions (number) ON DELETE CASCADE,
        browser TEXT NOT NULL,
        answer TEXT NOT NULL,
        answered REAL NOT NULL,
        PRIMARY KEY (question, browser)
    );
"""


class Questions:
    """The questions of the one class of a server. Thread safety: as the database's.

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

    # -- what the teacher does -----------------------------------------------------------

    def put(
        self, text: str, options: Sequence[str] = (), about: str = "", outcome: str = ""
    ) -> Question:
        """Ask the room, in place of what was asked before.

        Args:
            text: the question.
            options: 2 to 6 answers to choose from; none asks for a number.
            about: what it is about.
            outcome: what is to be proposed when it is revealed, where it is known already.

        Raises:
            RunError: a text is missing or too long, or there are too few or too many options.
        """
        text, choices = checked_question(text, options)
        outcome = checked_outcome(outcome)
        with self._database.transaction() as connection:
            connection.execute("UPDATE questions SET away = 1")
            connection.execute(
                "INSERT INTO questions (text, options, about, outcome, state, asked) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (
                    *(text, json.dumps(choices), in_a_line(about), outcome),
                    *(QuestionState.OPEN, self._clock()),
                ),
            )
            return self._read("ORDER BY number DESC LIMIT 1")[0]

    def lock(self, number: int) -> None:
        """Let nobody answer any more.

        Raises:
            RunError: it is not open.
        """
        self._move(number, (QuestionState.OPEN,), QuestionState.LOCKED)

    def open_again(self, number: int) -> None:
        """Let all answer again, as long as nothing was revealed.

        Raises:
            RunError: it is not locked.
        """
        self._move(number, (QuestionState.LOCKED,), QuestionState.OPEN)

    def reveal(self, number: int, outcome: str = "") -> None:
        """Show what was answered, beside what came true.

        Raises:
            RunError: it is still open, or the outcome is too long.
        """
        outcome = checked_outcome(outcome)
        shown_once = (QuestionState.LOCKED, QuestionState.REVEALED)
        with self._database.transaction() as connection:
            self._move(number, shown_once, QuestionState.REVEALED)
            connection.execute(
                "UPDATE questions SET outcome = ? WHERE number = ?", (outcome, number)
            )

    def put_away(self, number: int) -> None:
        """Ask the room nothing; nobody answers it any more."""
        with self._database.transaction() as connection:
            connection.execute("UPDATE questions SET away = 1 WHERE number = ?", (number,))

    # -- what the room does --------------------------------------------------------------

    def answer(self, number: int, browser: str, answer: str | float) -> None:
        """Answer a question, in place of what this browser answered before.

        Raises:
            RunError: it is not open, or this cannot be answered.
        """
        with self._database.transaction() as connection:  # it may be locked in this very moment
            question = self.get(number)
            if question != self.current() or question.state != QuestionState.OPEN:
                raise RunError("This question is locked: what you answered before counts.")
            given = checked_answer(question, answer)
            self._members.admit(browser)
            connection.execute(
                "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?)",
                (number, browser, given, self._clock()),
            )

    # -- what is known -------------------------------------------------------------------

    def current(self) -> Question | None:
        """What the room is asked now."""
        return next(iter(self._read("WHERE away = 0 ORDER BY number DESC LIMIT 1")), None)

    def get(self, number: int) -> Question:
        """One question.

        Raises:
            RunError: there is none of this number.
        """
        found = self._read("WHERE number = ?", number)
        if not found:
            raise RunError("This question was put away: wait for the next one.")
        return found[0]

    def all(self) -> list[Question]:
        """All that were asked, oldest first."""
        return self._read("ORDER BY number")

    def answer_of(self, number: int, browser: str) -> str | None:
        """What a browser answered itself; None if nothing."""
        return self.answers_of(browser).get(number)

    def answers_of(self, browser: str) -> dict[int, str]:
        """All that a browser answered, by the question's number."""
        return dict(
            self._database.rows("SELECT question, answer FROM answers WHERE browser = ?", browser)
        )

    def answered(self, number: int) -> int:
        """How many have answered: all that is told before it is revealed."""
        ((count,),) = self._database.rows("SELECT count(*) FROM answers WHERE question = ?", number)
        return int(count)

    def told(self) -> list[Question]:
        """Those whose answers are no secret, oldest first: all but one that the room is asked now
        and that is not revealed."""
        return self._read(
            "WHERE away = 1 OR state = ? ORDER BY number", str(QuestionState.REVEALED)
        )

    def counts(self, number: int) -> list[tuple[str, int]]:
        """How often each was answered: options in their order, numbers in theirs.

        Raises:
            RunError: it is not revealed, so nobody is told.
        """
        question = self.get(number)
        if question.state != QuestionState.REVEALED:
            raise RunError("What was answered is hidden until the question is revealed.")
        rows = self._database.rows("SELECT answer FROM answers WHERE question = ?", number)
        given = [answer for (answer,) in rows]
        if question.options:
            return [(option, given.count(option)) for option in question.options]
        return binned([float(answer) for answer in given])

    # ------------------------------------------------------------------------------------

    def _move(self, number: int, before: tuple[QuestionState, ...], after: QuestionState) -> None:
        with self._database.transaction() as connection:
            state = self.get(number).state
            if state not in before:
                raise RunError(f"This question is {state}, so it cannot be {after} now.")
            connection.execute("UPDATE questions SET state = ? WHERE number = ?", (after, number))

    def _read(self, condition: str, *values: int | str) -> list[Question]:
        rows = self._database.rows(
            f"SELECT number, text, options, about, state, outcome FROM questions {condition}",
            *values,
        )
        return [
            Question(number, text, tuple(json.loads(options)), about, QuestionState(state), outcome)
            for number, text, options, about, state, outcome in rows
        ]
