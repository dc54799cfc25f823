"""What several sessions look at is made once, and is never out of date for long."""

from dashboard.charts.shared import _KEPT, Shared


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def made():
    """A `Shared`, its clock, and a function that asks it and tells what was made."""
    clock, count = Clock(), iter(range(1_000))
    shared = Shared(fresh_seconds=0.4, clock=clock)
    return shared, clock, lambda key, version: shared.get(key, version, lambda: next(count))


def test_a_second_session_gets_what_the_first_one_made():
    _, clock, ask = made()
    assert ask("run", 10) == 0
    clock.now = 0.3
    assert ask("run", 25) == 0


def test_after_a_moment_new_data_are_drawn():
    _, clock, ask = made()
    ask("run", 10)
    clock.now = 0.5
    assert ask("run", 25) == 1
    clock.now = 0.8
    assert ask("run", 40) == 1


def test_a_run_that_stands_still_is_drawn_once_however_long_it_is_watched():
    _, clock, ask = made()
    ask("run", 10)
    clock.now = 1e6
    assert ask("run", 10) == 0


def test_another_key_is_drawn_at_once():
    _, _, ask = made()
    assert ask(("run", "nats"), 10) == 0
    assert ask(("run", "bits"), 10) == 1
    assert ask(("run", "nats"), 10) == 0


def test_the_oldest_are_forgotten():
    _, _, ask = made()
    for key in range(_KEPT + 1):
        ask(key, 0)
    assert ask(1, 0) == 1
    assert ask(0, 0) == _KEPT + 1
