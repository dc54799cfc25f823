"""What one of many people may take, and what the environment says of it."""

import re

import pytest

from core.errors import ConfigError, RunError, StoreError
from core.training.limits import Limits, slots, unwatched_seconds

NAMES = ("UNROLL_SLOTS", "UNROLL_UNWATCHED_MINUTES", "UNROLL_MOST_RUNS", "UNROLL_MOST_STEPS")


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch):
    bounded = ("CHARACTERS", "MEGABYTES", "TEXTS", "SECONDS")
    for name in (*NAMES, *(f"UNROLL_MOST_{what}" for what in bounded)):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(("cores", "places"), [(1, 1), (2, 1), (8, 7)])
def test_one_core_is_left_to_the_pages_and_one_run_always_trains(monkeypatch, cores, places):
    monkeypatch.setattr("os.sched_getaffinity", lambda who: set(range(cores)), raising=False)
    assert slots() == places


def test_the_environment_has_the_last_word(monkeypatch):
    monkeypatch.setenv("UNROLL_SLOTS", "5")
    monkeypatch.setenv("UNROLL_UNWATCHED_MINUTES", "3")
    monkeypatch.setenv("UNROLL_MOST_RUNS", "2")
    monkeypatch.setenv("UNROLL_MOST_MEGABYTES", "7")
    monkeypatch.setenv("UNROLL_MOST_SECONDS", "9")
    assert slots() == 5
    assert unwatched_seconds() == 180
    assert Limits.from_environment() == Limits(runs=2, stored=7_000_000, seconds=9)


def test_no_minutes_mean_that_runs_may_always_train_unseen(monkeypatch):
    assert unwatched_seconds() == 600
    monkeypatch.setenv("UNROLL_UNWATCHED_MINUTES", "0")
    assert unwatched_seconds() == float("inf")


@pytest.mark.parametrize("given", ["0", "-1", "two", "1.5", "9" * 20])
def test_what_is_no_number_of_places_is_refused(monkeypatch, given):
    monkeypatch.setenv("UNROLL_SLOTS", given)
    with pytest.raises(
        ConfigError, match=rf"^UNROLL_SLOTS={re.escape(given)} is not allowed: give"
    ):
        slots()


def test_each_limit_says_what_was_asked_what_is_allowed_and_what_to_do(small):
    most = Limits(runs=2, steps=100, text=50, stored=3_000_000)
    most.require_runs(1)
    most.require_steps(small(steps=100))
    most.require_text(50)
    most.require_room(2_999_999)
    Limits(seconds=60).require_seconds(60.0)
    with pytest.raises(RunError, match=r"^61 seconds are too many .* may take 60: choose fewer"):
        Limits(seconds=60).require_seconds(61.0)
    Limits(texts=3).require_texts(2)
    with pytest.raises(RunError, match=r"^You keep 3 of the 3 texts .*: delete one of them"):
        Limits(texts=3).require_texts(3)
    with pytest.raises(RunError, match=r"^2 of your runs .* each person may have 2: stop one"):
        most.require_runs(2)
    with pytest.raises(RunError, match=r"^steps=101 is too many .* may have 100: choose fewer"):
        most.require_steps(small(steps=101))
    with pytest.raises(RunError, match=r"^This text has 51 characters.* may have 50: cut it"):
        most.require_text(51)
    with pytest.raises(StoreError, match=r"^Your runs take 3 MB.* may have 3: delete some"):
        most.require_room(3_000_000)
