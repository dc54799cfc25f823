"""A line through looks at a server's memory says how sure it is of its slope."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.trend import trend

SECONDS = np.arange(0.0, 1200.0, 5.0)  # twenty minutes, a look every five seconds


def noise(alike: float, seed: int) -> np.ndarray:
    """Of spread 1, each look `alike` the one before."""
    drawn = np.random.default_rng(seed).normal(size=len(SECONDS))
    looks = [drawn[0]]
    for new in drawn[1:]:
        looks.append(alike * looks[-1] + math.sqrt(1 - alike**2) * new)
    return np.array(looks)


def test_looks_on_a_line_leave_no_doubt():
    found = trend([0, 60, 120, 180], [400, 402, 404, 406])
    assert (found.low, found.slope, found.high) == pytest.approx((2.0, 2.0, 2.0))


@pytest.mark.parametrize("alike", [0.0, 0.8])
def test_the_interval_holds_the_true_slope_in_nineteen_of_twenty_cases(alike):
    held = 0
    for seed in range(200):
        found = trend(SECONDS, 400 + 0.3 * SECONDS / 60 + noise(alike, seed))
        held += found.low <= 0.3 <= found.high
    assert 180 <= held <= 199


def test_looks_that_follow_each_other_tell_less_than_as_many_free_ones():
    def width(alike: float) -> float:
        found = [trend(SECONDS, noise(alike, seed)) for seed in range(20)]
        return sum(one.high - one.low for one in found) / len(found)

    assert width(0.8) > 2 * width(0.0)


def test_a_single_step_up_is_no_slope_that_one_can_be_sure_of():
    found = trend([0, 5, 10, 15], [400, 400, 410, 410])
    assert found.low < 0 < found.slope < found.high


def test_looks_that_go_together_from_first_to_last_tell_nothing_of_a_slope():
    looks = [400.0] * 4 + [410.0] * 4 + [400.0] * 4
    assert trend(SECONDS[:12], looks).low < 0 < trend(SECONDS[:12], looks).high


def test_two_looks_make_no_trend():
    with pytest.raises(ValueError, match="three looks, and there are 2"):
        trend([0, 5], [400, 401])
