"""How many steps are taken at once: by how long each takes, and how long coming back takes."""

import pytest

from core.training.stretch import Stretch


class Rounds:
    """Stretches of steps of about 1 ms, by a clock that is set, with some time between."""

    def __init__(self):
        self.stretch = Stretch()
        self._now = 0.0

    def take(self, rounds, *, step=1 / 1024, between=0.0):
        """How many steps each round took."""
        taken = []
        for _ in range(rounds):
            steps = self.stretch.steps()
            self._now += steps * step + between
            self.stretch.took(steps, steps * step, self._now)
            taken.append(steps)
        return taken


@pytest.fixture
def rounds():
    return Rounds()


def test_the_first_step_is_taken_alone_and_then_as_many_as_fit_into_15_ms(rounds):
    assert rounds.take(3) == [1, 15, 15]


def test_steps_longer_than_that_are_taken_one_by_one(rounds):
    assert rounds.take(3, step=0.1) == [1, 1, 1]


@pytest.mark.parametrize(("between", "steps"), [(0.001, 15), (0.003, 30), (0.1, 61)])
def test_where_coming_back_takes_long_more_are_taken_at_once(rounds, between, steps):
    taken = rounds.take(20, between=between)
    assert taken[-1] == pytest.approx(steps, abs=1)
    assert rounds.take(20)[-1] == 15  # and no longer than that


def test_one_long_pause_between_many_stretches_changes_nothing(rounds):
    rounds.take(8)
    rounds.take(1, between=30.0)
    assert rounds.take(3) == [15, 15, 15]


def test_after_a_change_of_what_a_step_takes_the_next_is_taken_alone(rounds):
    rounds.take(4)
    rounds.stretch.forget()
    assert rounds.take(3, step=0.03) == [1, 1, 1]


def test_a_clock_too_coarse_for_a_step_lets_steps_be_taken_one_by_one(rounds):
    rounds.stretch.took(1, 0.0, 0.001)
    assert rounds.stretch.steps() == 1
    rounds.stretch.took(7, 1 / 64, 0.01)
    assert rounds.stretch.steps() == 7


def test_steps_that_failed_teach_nothing(rounds):
    rounds.stretch.took(0, 0.5, 1.0)
    assert rounds.stretch.steps() == 1
