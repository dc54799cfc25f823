"""The seeds of each line at each distance."""

import math
from dataclasses import replace

import pytest
from made_up_sweeps import FULL, PLAN, RELU, TANH, TEXT, results_of

from core.experiments.groups import common_seeds, groups, scores_of


def grouped(plan, scores, diverged=()):
    return groups(plan, plan.cells(), results_of(plan, scores, diverged))


def test_groups_stand_by_line_and_rising_distance():
    found = grouped(PLAN, FULL)
    assert [(group.line, group.distance) for group in found] == list(FULL)
    assert [(group.done, group.planned) for group in found] == [(4, 4)] * 6


def test_the_score_on_latch_texts_is_recall_at_the_end():
    group = grouped(PLAN, FULL)[1]
    assert group.by_seed == {0: 0.2, 1: 0.1, 2: 0.15, 3: 0.05}
    assert group.scores == (0.05, 0.1, 0.15, 0.2)
    assert group.mean == pytest.approx(0.125)
    assert group.interval.low < 0.125 < group.interval.high
    assert group.best == pytest.approx((0.1, 0.15, 0.2, 0.25))


def test_a_seed_has_learned_that_recalls_halfway_between_chance_and_all():
    group = grouped(PLAN, {(TANH, 8): (0.5625, 0.56, 1.0, 0.125)})[0]
    assert group.learned == 2


def test_a_diverged_seed_recalls_nothing():
    found = grouped(PLAN, FULL, diverged={(RELU, 12, seed) for seed in (0, 1, 2)})
    group = next(g for g in found if (g.line, g.distance) == (RELU, 12))
    assert group.scores == (0.0, 0.0, 0.0, 0.8)
    assert (group.outcome, group.diverged, group.learned) == ("diverged", 3, 1)


@pytest.mark.parametrize(
    ("recall", "outcome"),
    [(0.5625, "learned"), (0.56, "partly"), (0.25, "partly"), (0.24, "not"), (0.0, "not")],
)
def test_the_mean_decides_what_the_map_shows(recall, outcome):
    found = grouped(PLAN, {(TANH, 8): (recall,) * 4})
    assert found[0].outcome == outcome
    assert (found[1].outcome, found[1].mean, found[1].interval) == ("waiting", None, None)


def test_a_group_holds_the_largest_gradient_of_its_seeds():
    found = grouped(PLAN, {(TANH, 8): (0.9, 0.9)})
    assert found[0].max_grad_norm == 20.0
    assert (found[0].done, found[0].planned) == (2, 4)


def test_only_seeds_that_are_in_everywhere_are_common():
    found = grouped(PLAN, FULL | {(RELU, 16): (0.1, None, 0.3, None)})
    assert common_seeds(found) == [0, 2]
    assert scores_of(found[-1:], [0, 2]).tolist() == [[0.1, 0.3]]
    assert common_seeds(grouped(PLAN, {})) == []


def test_a_failed_cell_has_no_score():
    results = results_of(PLAN, FULL)
    lost = PLAN.cells()[0]
    results[lost.key] = replace(results[lost.key], status="failed")
    group = groups(PLAN, PLAN.cells(), results)[2]
    assert (group.distance, group.failed, sorted(group.by_seed)) == (16, 1, [1, 2, 3])


def test_on_texts_the_score_is_the_loss_and_one_that_is_no_number_is_infinite():
    results = results_of(TEXT, {(TANH, 5): (2.0, 2.1, 2.2)})
    lost = next(c for c in TEXT.cells() if (c.distance, c.seed) == (5, 1))
    results[lost.key] = replace(results[lost.key], loss_nats=None)
    group = groups(TEXT, TEXT.cells(), results)[1]
    assert group.scores == (2.0, 2.2, math.inf)
    assert (group.mean, group.interval, group.outcome) == (math.inf, None, "measured")
    assert (group.best, group.windows) == ((), 128)
