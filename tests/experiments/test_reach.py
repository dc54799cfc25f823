"""Reach and its interval: on curves whose answer is known, and over many made-up sweeps."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.experiments.reach import (
    CHANCE,
    HALFWAY,
    Interval,
    Ratio,
    crossing,
    draws,
    mean_interval,
    next_lags,
    ratio,
    reaches,
    seeds_to_settle,
)

LAGS = np.array([8.0, 12.0, 16.0])


def reach_of(*means, lags=LAGS):
    return float(crossing(lags, np.array(means)[:, None])[0])


def all_or_nothing(*successes, seeds=16):
    """Recalls of which so many seeds at each lag are perfect, the others at chance."""
    return np.array([[1.0 if seed < n else CHANCE for seed in range(seeds)] for n in successes])


def test_reach_is_where_the_mean_falls_through_halfway_on_a_straight_line():
    assert reach_of(1.0, 0.125, 0.125) == pytest.approx(10.0)
    assert reach_of(1.0, HALFWAY + 0.1, HALFWAY - 0.3) == pytest.approx(13.0)
    assert reach_of(0.9, HALFWAY, 0.2) == pytest.approx(12.0)


def test_the_last_fall_counts():
    lags = np.array([4.0, 8.0, 12.0, 16.0])
    assert reach_of(1.0, 0.125, 1.0, 0.125, lags=lags) == pytest.approx(14.0)
    assert reach_of(0.1, 0.125, 1.0, 0.125, lags=lags) == pytest.approx(14.0)


def test_a_reach_outside_of_the_grid_is_a_bound():
    assert reach_of(0.5, 0.4, 0.1) == 0.0
    assert reach_of(1.0, 0.2, 0.9) == math.inf
    below, _ = reaches(LAGS, all_or_nothing(2, 1, 0))
    assert (below.value, below.bound, below.inside, below.lags) == (0.0, "less than", None, (8, 16))
    beyond, _ = reaches(LAGS, all_or_nothing(16, 16, 16))
    assert (beyond.bound, beyond.inside) == ("at least", None)
    assert beyond.interval == Interval(math.inf, math.inf)


@pytest.mark.parametrize(("recall", "value"), [(1.0, math.inf), (0.1, 0.0)])
def test_one_lag_alone_says_on_which_side_of_it_reach_lies(recall, value):
    assert reach_of(recall, lags=np.array([8.0])) == value


recall = st.floats(0, 1).filter(lambda value: abs(value - HALFWAY) > 1e-6)


@given(st.lists(recall, min_size=3, max_size=3))
def test_reach_lies_between_a_lag_above_halfway_and_the_next_one_below(means):
    found = reach_of(*means)
    above = [mean >= HALFWAY for mean in means]
    if above[-1]:
        assert found == math.inf
    elif not any(above):
        assert found == 0.0
    else:
        last = max(place for place, is_above in enumerate(above) if is_above)
        assert LAGS[last] <= found <= LAGS[last + 1]


@given(st.lists(recall, min_size=3, max_size=3), st.integers(0, 2), st.floats(0, 1))
def test_more_recall_never_means_less_reach(means, place, share):
    more = list(means)
    more[place] += share * (1 - more[place])
    assert reach_of(*more) >= reach_of(*means) - 1e-9


@given(st.permutations(range(6)))
def test_the_order_of_the_seeds_does_not_matter_for_the_reach(order):
    recalls = np.linspace(0, 1, 18).reshape(3, 6)[::-1]
    assert reaches(LAGS, recalls[:, order])[0].value == pytest.approx(
        reaches(LAGS, recalls)[0].value
    )


def test_draws_are_shares_of_one_seed_fewer_and_always_the_same():
    weights = draws(16)
    assert weights.shape == (2_000, 16)
    assert weights.sum(axis=1) == pytest.approx(np.ones(2_000))
    assert np.unique(np.round(weights * 15) - weights * 15) == pytest.approx(0, abs=1e-12)
    draws.cache_clear()
    assert np.array_equal(draws(16), weights)


def test_the_spread_of_a_drawn_mean_is_the_usual_standard_error():
    values = np.array([2.0, 2.1, 2.3, 2.2, 2.6])
    error = values.std(ddof=1) / math.sqrt(5)
    assert (draws(5) @ values).std() == pytest.approx(error, rel=0.05)
    interval = mean_interval(values)
    assert interval.low < values.mean() - error < values.mean() + error < interval.high


def test_there_is_no_interval_of_two_seeds_or_of_one_that_is_not_finite():
    assert mean_interval(np.array([2.0, 2.1])) is None
    assert mean_interval(np.array([2.0, 2.1, math.inf])) is None
    assert reaches(LAGS, all_or_nothing(2, 1, 0, seeds=2))[0].interval is None


@pytest.mark.parametrize(
    "chances", [(0.95, 0.6, 0.2), (1.0, 0.8, 0.3), (0.9, 0.5, 0.1), (1.0, 0.3, 0.1)]
)
def test_the_interval_of_sixteen_seeds_covers_the_true_reach_in_90_to_99_percent(chances):
    chances = np.array(chances)[:, None]
    truth = crossing(LAGS, CHANCE + (1 - CHANCE) * chances)[0]
    generator = np.random.default_rng(1)
    covered = 0
    for _ in range(500):
        recalls = np.where(generator.random((3, 16)) < chances, 1.0, CHANCE)
        covered += reaches(LAGS, recalls)[0].interval.contains(truth)
    assert 450 <= covered <= 495


def test_the_interval_of_a_ratio_covers_the_true_one():
    chances = np.array([[1.0, 0.35, 0.02], [1.0, 0.75, 0.2]])[:, :, None]
    one, other = (crossing(LAGS, CHANCE + (1 - CHANCE) * own)[0] for own in chances)
    generator = np.random.default_rng(2)
    covered = 0
    for _ in range(500):
        recalls = np.where(generator.random((2, 3, 16)) < chances, 1.0, CHANCE)
        covered += ratio(LAGS, *recalls).interval.contains(other / one)
    assert 450 <= covered <= 495


def test_a_ratio_is_paired_lines_that_are_alike_are_alike_in_every_draw():
    recalls = all_or_nothing(16, 9, 2)
    same = ratio(LAGS, recalls, recalls)
    assert (same.value, same.interval, same.shares) == (1.0, Interval(1.0, 1.0), (0.0, 0.0))
    assert not same.settled


def test_a_ratio_that_is_clear_is_settled():
    found = ratio(LAGS, all_or_nothing(16, 1, 0), all_or_nothing(16, 14, 1))
    assert found.value == pytest.approx(
        reach_of(1, (14 + 2 * CHANCE) / 16, (1 + 15 * CHANCE) / 16)
        / reach_of(1, (1 + 15 * CHANCE) / 16, CHANCE)
    )
    assert found.interval.low > 1
    assert found.settled
    assert found.shares == (0.0, 1.0)


def test_a_ratio_with_a_reach_outside_of_the_grid_is_the_range_that_is_left():
    inside, beyond, below = (all_or_nothing(*n) for n in ((16, 0, 0), (16, 16, 16), (0, 0, 0)))
    found = ratio(LAGS, inside, beyond)
    assert (found.value, found.least, found.most) == (None, pytest.approx(1.6), math.inf)
    assert found.settled  # it is at least that in every draw
    found = ratio(LAGS, inside, below)
    assert (found.least, found.most) == (0.0, pytest.approx(0.8))
    assert found.settled
    for same in (beyond, below):
        assert not ratio(LAGS, same, same).settled


def test_four_times_the_seeds_halve_an_interval():
    reaching = Interval(0.9, 1.4)
    needed = seeds_to_settle(Ratio(1.1, 1.1, reaching, (0.3, 0.7), 16), 16)
    assert needed == math.ceil(16 * (math.log(1.1 / 0.9) / math.log(1.1)) ** 2) == 71
    mirrored = Ratio(1 / 1.1, 1 / 1.1, Interval(1 / 1.4, 1 / 0.9), (0.7, 0.3), 16)
    assert seeds_to_settle(mirrored, 16) == needed
    barely = Ratio(1.1, 1.1, Interval(1.0, 1.2), (0.0, 0.9), 16)
    assert seeds_to_settle(barely, 16) == 17


@pytest.mark.parametrize(
    "found",
    [
        Ratio(1.2, 1.2, Interval(1.1, 1.3), (0.0, 1.0), 16),
        Ratio(1.0, 1.0, Interval(0.9, 1.1), (0.5, 0.5), 16),
        Ratio(1.2, 1.2, None, (0.0, 0.0), 16),
        Ratio(1.2, 1.2, Interval(0.0, 1.3), (0.1, 0.9), 16),
        Ratio(1.6, math.inf, Interval(0.9, math.inf), (0.1, 0.9), 16),
    ],
    ids=["settled", "exactly one", "no interval", "no end", "outside"],
)
def test_how_many_seeds_it_takes_is_not_said_where_it_cannot_be_known(found):
    assert seeds_to_settle(found, 16) is None


def test_the_next_lags_go_on_in_the_grid_s_own_steps():
    assert next_lags((8, 12, 16), "at least", 100) == (20, 24)
    assert next_lags((8, 12, 16), "less than", 100) == (4,)
    assert next_lags((8,), "at least", 100) == (12, 16)
    assert next_lags((90, 98), "at least", 100) == ()
    assert next_lags((80, 90), "at least", 100) == (100,)
    assert next_lags((1, 2), "less than", 100) == ()
