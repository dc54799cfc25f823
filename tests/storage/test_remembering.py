"""Answers that are remembered for a moment: whose writes they show, and when."""

from contextlib import suppress

import pytest

from core.storage.database import Schema
from core.storage.remembering import _MOST, FRESH_SECONDS, RememberingDatabase

SCHEMA = Schema("The store", ("CREATE TABLE words (word TEXT);",), "try again.")
ALL = "SELECT word FROM words"


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def opened(tmp_path, clock):
    made = []

    def open_():
        made.append(RememberingDatabase(tmp_path / "words.sqlite", SCHEMA, clock))
        return made[-1]

    yield open_
    for one in made:
        one.close()


def write(database, word):
    with database.transaction() as connection:
        connection.execute("INSERT INTO words VALUES (?)", (word,))


def test_what_was_written_here_shows_at_once(opened):
    database = opened()
    assert database.rows(ALL) == ()
    write(database, "a")
    assert database.rows(ALL) == (("a",),)


def test_what_another_process_wrote_shows_two_seconds_later(opened, clock):
    database, other = opened(), opened()
    assert database.rows(ALL) == ()
    write(other, "a")
    clock.now += FRESH_SECONDS * 0.9
    assert database.rows(ALL) == ()
    clock.now += FRESH_SECONDS * 0.2
    assert database.rows(ALL) == (("a",),)


def test_a_question_that_was_asked_before_opens_no_connection(opened, monkeypatch):
    database = opened()
    found = database.rows(ALL + " WHERE word = ?", "a")
    monkeypatch.setattr(database, "reading", None)
    assert database.rows(ALL + " WHERE word = ?", "a") is found


def test_a_transaction_sees_its_own_writes_and_a_failed_one_leaves_nothing(opened):
    database = opened()
    assert database.rows(ALL) == ()
    seen = []
    with suppress(ZeroDivisionError), database.transaction() as connection:
        connection.execute("INSERT INTO words VALUES ('a')")
        seen.append(database.rows(ALL))
        write(database, "b")  # one inside it
        seen.append(database.rows(ALL))
        _ = 1 / 0
    assert seen == [(("a",),), (("a",), ("b",))]
    assert database.rows(ALL) == ()


def test_so_many_answers_are_remembered_at_most(opened):
    database = opened()
    for number in range(_MOST + 5):
        database.rows("SELECT ?", number)
    assert len(database._remembered) == 5
