"""What longer windows buy on a text, on made-up losses whose answer is known."""

import math

import numpy as np
import pytest
from made_up_sweeps import TANH, TEXT, results_of

from core.experiments.groups import groups
from core.experiments.text_verdict import gain, reference, text_headline, text_verdicts

FLAT = {
    (TANH, 1): (2.07, 2.08, 2.09),
    (TANH, 5): (2.04, 2.05, 2.06),
    (TANH, 20): (2.041, 2.052, 2.06),
    (TANH, 40): (2.039, 2.047, 2.057),  # surely better, by less than 0.005
}


def told(scores, plan=TEXT):
    found = groups(plan, plan.cells(), results_of(plan, scores))
    verdicts = text_verdicts(plan, found)
    return verdicts[0], text_headline(plan, verdicts, found)


def test_what_longer_windows_do_not_buy_is_said():
    verdict, words = told(FLAT)
    assert (verdict.limit, verdict.open_ended, verdict.complete) == (5, False, True)
    assert words == (
        "tanh: T above 5 buys nothing measurable, in 1,000 updates of Adam at 0.002, 3 seeds."
    )
    assert verdict.spread == (
        "tanh: T 1 2.080 [2.070, 2.090], T 5 2.050 [2.040, 2.060], T 20 2.051 [2.041, 2.060], "
        "T 40 2.048 [2.039, 2.057] nats. Against T 5: T 1 0.0300 worse [0.0300, 0.0300], T 20 "
        "0.0010 worse [0.0000, 0.0020], T 40 0.0023 better [0.0010, 0.0030]."
    )


def test_a_longer_window_that_gains_is_said_and_what_lies_beyond_is_compared_with_it():
    better = FLAT | {(TANH, 20): (2.01, 2.02, 2.03), (TANH, 40): (2.011, 2.02, 2.03)}
    verdict, words = told(better)
    assert (verdict.limit, verdict.open_ended) == (20, False)
    assert "tanh: T 20 gains over 5, T above 20 buys nothing measurable" in words
    last = FLAT | {(TANH, 40): (2.0, 2.01, 2.02)}
    verdict, words = told(last)
    assert (verdict.limit, verdict.open_ended) == (40, True)
    assert "the longest T, 40, still gains" in words


def test_the_reference_is_five_or_the_shortest_above_one():
    def at(*unrollings):
        return reference(TEXT.model_copy(update={"unrollings": unrollings}))

    assert [at(1, 5, 20), at(1, 10, 40), at(2, 5), at(1)] == [5, 10, 5, None]


def test_one_alone_compares_nothing():
    plan = TEXT.model_copy(update={"unrollings": (1,)})
    verdict, words = told(FLAT, plan)
    assert (verdict.limit, verdict.spread) == (None, "tanh: T 1 2.080 [2.070, 2.090] nats.")
    assert words.startswith("tanh: no comparison of T, in")


def test_two_seeds_compare_nothing():
    plan = TEXT.model_copy(update={"seeds": 2})
    verdict, words = told(FLAT, plan)
    assert verdict.limit is None
    assert "T 1 2.075, T 5 2.045" in verdict.spread
    assert "T 20 has too few seeds" in verdict.spread
    assert words.startswith("tanh: too few seeds to compare T, in")


def test_a_diverged_seed_makes_losses_incomparable():
    verdict, _ = told(FLAT | {(TANH, 20): (2.0, math.inf, 2.0)})
    assert verdict.limit is None
    assert "T 20 diverged" in verdict.spread
    assert "T 20 is not comparable, a seed diverged" in verdict.spread


def test_seeds_still_to_come_are_said():
    verdict, words = told(FLAT | {(TANH, 40): (2.0,)})
    assert (verdict.complete, words[:38]) == (False, "So far, with 1 of 3 seeds in: tanh: to")
    assert told({})[1] == "No seed is in at every T yet."


def test_a_gain_is_measured_seed_by_seed():
    found = gain(np.array([2.0, 3.0, 2.5]), np.array([1.9, 2.9, 2.4]))
    assert found.mean == pytest.approx(0.1)
    assert (found.interval.low, found.interval.high) == pytest.approx((0.1, 0.1))
    assert found.measurable
    assert not gain(np.array([2.0, 3.0, 2.5]), np.array([1.996, 2.996, 2.496])).measurable
    assert not gain(np.array([2.0, 3.0, 2.5]), np.array([1.9, 3.1, 2.4])).measurable
