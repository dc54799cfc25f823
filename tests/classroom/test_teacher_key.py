"""The teacher's key is compared, not guessed."""

import pytest

from core.classroom.teacher_key import (
    EVERY,
    HELD,
    MANY_WRONG,
    MANY_WRONG_OF_ALL,
    MOST_WRONG,
    WITHIN,
    TeacherKey,
)
from core.errors import RunError


@pytest.fixture
def key(clock):
    return TeacherKey("chalk", clock)


PROXY = "10.0.0.1"  # from which all come


def wrong(key, browser="a student's", address=PROXY):
    with pytest.raises(RunError) as caught:
        key.check("cheese", browser, address)
    return str(caught.value)


def guess_with_many_browsers(key, count=MANY_WRONG):
    for number in range(count):
        assert "not the teacher's key" in wrong(key, f"browser {number}")


def test_the_key_comes_from_the_environment_and_spaces_around_it_do_not_count(monkeypatch):
    assert not TeacherKey().is_set
    monkeypatch.setenv("UNROLL_TEACHER_KEY", " chalk ")
    TeacherKey().check("chalk\n", "one", "")


def test_without_a_key_nobody_is_a_teacher(clock):
    nobody = TeacherKey("", clock)
    with pytest.raises(RunError, match="not the teacher's key"):
        nobody.check("", "one", PROXY)
    assert not nobody.proves("browser", nobody.proof("browser"))


def test_after_some_wrong_keys_a_browser_waits_and_the_right_one_is_not_looked_at(key, clock):
    for _ in range(MOST_WRONG):
        assert "not the teacher's key" in wrong(key)
    clock.now += WITHIN - 60
    with pytest.raises(
        RunError, match="Too many wrong keys from this browser: try again in 1 minute"
    ):
        key.check("chalk", "a student's", PROXY)
    key.check("chalk", "the teacher's", PROXY)  # behind the same proxy, and not made to wait
    clock.now += 61
    key.check("chalk", "a student's", PROXY)


def test_many_browsers_of_one_address_take_turns_and_the_teacher_has_one(key, clock):
    guess_with_many_browsers(key)
    assert "not the teacher's key" in wrong(key, "browser 1")  # the first turn
    for number in range(2, 6):
        assert f"in {EVERY * (number - 1):.0f} seconds" in wrong(key, f"browser {number}")
    with pytest.raises(RunError, match="this one was not: type it again in 50 seconds"):
        key.check("chalk", "the teacher's", PROXY)
    for _ in range(100):  # who does not wait moves nobody back
        wrong(key, "browser 2")
    clock.now += 50
    key.check("chalk", "the teacher's", PROXY)


def test_all_browsers_of_an_address_guess_six_keys_a_minute_once_there_were_many_wrong_ones(
    key, clock
):
    guess_with_many_browsers(key)
    looked_at = 0
    for second in range(600):
        clock.now += 1
        for number in range(3 * second, 3 * second + 3):  # ever new ones, three a second
            looked_at += "not the teacher's key" in wrong(key, f"new {number}")
    assert looked_at <= 600 / EVERY + 1


def test_a_teacher_at_another_address_does_not_wait_for_who_guesses(key):
    guess_with_many_browsers(key)
    for number in range(1_000):  # each takes a place among those who wait
        wrong(key, f"new {number}")
    key.check("chalk", "the teacher's", "10.0.0.9")


def test_a_turn_that_nobody_takes_passes(key, clock):
    guess_with_many_browsers(key)
    wrong(key, "browser 1")
    assert "in 10 seconds" in wrong(key, "browser 2")
    clock.now += EVERY + HELD + 1
    key.check("chalk", "the teacher's", PROXY)


def test_many_addresses_guess_no_faster(key):
    for number in range(MANY_WRONG_OF_ALL):
        assert "not the teacher's key" in wrong(key, f"browser {number}", f"10.0.0.{number}")
    assert "not the teacher's key" in wrong(key, "the next", "10.0.1.1")
    assert "one by one" in wrong(key, "and the next", "10.0.1.2")


def test_a_proof_holds_for_one_browser_and_until_the_key_is_changed(key, clock):
    proof = key.proof("mine")
    assert TeacherKey("chalk", clock).proves("mine", proof)
    assert not key.proves("yours", proof)
    assert not TeacherKey("crayon", clock).proves("mine", proof)
    assert not key.proves("mine", "")
