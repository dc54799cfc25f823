"""The teacher's key is compared, not guessed."""

import pytest

from core.classroom.teacher_key import MOST_WRONG, MOST_WRONG_OF_ALL, WITHIN, TeacherKey
from core.errors import RunError


@pytest.fixture
def key(clock):
    return TeacherKey("chalk", clock)


def wrong(key, address="10.0.0.7"):
    with pytest.raises(RunError) as caught:
        key.check("cheese", address)
    return str(caught.value)


def test_the_key_comes_from_the_environment_and_spaces_around_it_do_not_count(monkeypatch):
    assert not TeacherKey().is_set
    monkeypatch.setenv("UNROLL_TEACHER_KEY", " chalk ")
    TeacherKey().check("chalk\n", "")


def test_without_a_key_nobody_is_a_teacher(clock):
    nobody = TeacherKey("", clock)
    with pytest.raises(RunError, match="not the teacher's key"):
        nobody.check("", "10.0.0.7")
    assert not nobody.proves("browser", nobody.proof("browser"))


def test_after_some_wrong_keys_an_address_waits_and_the_right_one_is_not_looked_at(key, clock):
    for _ in range(MOST_WRONG):
        assert "not the teacher's key" in wrong(key)
    clock.now += WITHIN - 60
    with pytest.raises(RunError, match="Too many wrong keys: try again in 1 minute"):
        key.check("chalk", "10.0.0.7")
    key.check("chalk", "10.0.0.8")  # another address is not made to wait
    clock.now += 61
    key.check("chalk", "10.0.0.7")


def test_many_addresses_guess_no_faster(key):
    for number in range(MOST_WRONG_OF_ALL):
        assert "not the teacher's key" in wrong(key, f"10.0.0.{number}")
    assert "Too many wrong keys" in wrong(key, "10.0.1.1")


def test_a_proof_holds_for_one_browser_and_until_the_key_is_changed(key, clock):
    proof = key.proof("mine")
    assert TeacherKey("chalk", clock).proves("mine", proof)
    assert not key.proves("yours", proof)
    assert not TeacherKey("crayon", clock).proves("mine", proof)
    assert not key.proves("mine", "")
