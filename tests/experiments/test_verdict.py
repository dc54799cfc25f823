"""The verdict's rules, on made-up results whose answer is known."""

import math
from dataclasses import replace

import pytest

from core.experiments.cells import CellResult, Line
from core.experiments.plan import SweepPlan
from core.experiments.verdict import beside_the_article, groups, headline, improvement, verdicts

PLAN = SweepPlan(lags=(8, 12, 16), seeds=3, budget="updates", amount=3_000)
TANH, RELU = Line("tanh"), Line("relu")


def results_of(plan, scores, diverged=()):
    """Results from `{(line, distance): (score of seed 0, of seed 1, ...)}`."""
    found = {}
    for cell in plan.cells():
        given = scores.get((cell.line, cell.distance), ())
        if cell.seed < len(given) and given[cell.seed] is not None:
            score = given[cell.seed]
            found[cell.key] = CellResult(
                cell.key,
                "diverged" if (cell.line, cell.distance, cell.seed) in diverged else "done",
                updates=cell.config.steps,
                characters=cell.characters,
                seconds=1.0,
                loss_nats=None if plan.on_latch else score,
                recall=score if plan.on_latch else None,
                recall_at_end=score / 2 if plan.on_latch else None,
                max_grad_norm=10.0 * (cell.seed + 1),
            )
    return found


def judged(plan, scores, diverged=()):
    found = groups(plan, plan.cells(), results_of(plan, scores, diverged))
    return found, verdicts(plan, found)


FULL = {
    (TANH, 8): (0.99, 0.95, 0.97),
    (TANH, 12): (0.78, 0.99, 0.61),
    (TANH, 16): (0.58, 0.46, 0.41),
    (RELU, 8): (1.0, 1.0, 1.0),
    (RELU, 12): (0.91, 0.82, 1.0),
    (RELU, 16): (1.0, 0.98, 0.82),
}


def test_the_limit_is_the_largest_lag_that_the_median_seed_recalls():
    _, found = judged(PLAN, FULL)
    assert [(v.line, v.limit) for v in found] == [(TANH, 8), (RELU, 16)]
    assert [v.open_ended for v in found] == [False, True]
    assert all(v.complete for v in found)


def test_ninety_percent_is_enough_and_less_is_not():
    one = SweepPlan(lags=(8,), activations=("tanh",), seeds=1)
    assert judged(one, {(TANH, 8): (0.9,)})[1][0].limit == 8
    assert judged(one, {(TANH, 8): (0.8999,)})[1][0].limit is None


def test_the_headline_is_the_issue_s_sentence():
    plan = SweepPlan(lags=(8, 12, 16, 20), seeds=3, budget="updates", amount=3_000)
    scores = {**FULL, (TANH, 20): (0.45, 0.38, 0.1), (RELU, 20): (0.2, 0.3, 0.4)}
    _, found = judged(plan, scores)
    assert headline(plan, found) == (
        "tanh: 8 characters, ReLU: 16, in 3,000 updates of Adam at 0.001, median of 3 seeds."
    )
    assert beside_the_article(plan, found) == (
        "The article gives about 20 unrollings for tanh and 40 for ReLU, and no rule by which to "
        "measure them. Here the most unrollings with which a lag was still learned are 16 for "
        "tanh, 24 for ReLU: with these seeds ReLU reaches 2 times as far as tanh, where the "
        "article has 2."
    )


def test_a_limit_at_the_grid_s_end_may_lie_beyond_it():
    assert "ReLU: at least 16" in headline(PLAN, judged(PLAN, FULL)[1])


def test_a_line_that_learns_nothing_has_a_limit_below_the_grid():
    scores = {(line, lag): (0.1, 0.1, 0.2) for line in (TANH, RELU) for lag in (8, 12, 16)}
    found, told = judged(PLAN, scores)
    assert headline(PLAN, told).startswith("tanh: less than 8 characters, ReLU: less than 8, in")
    assert {group.outcome for group in found} == {"not"}


def test_seeds_still_to_come_leave_a_lag_undecided():
    scores = {**FULL, (RELU, 16): (1.0, 1.0)}
    _, found = judged(PLAN, scores)
    assert (found[1].limit, found[1].complete) == (12, False)
    assert headline(PLAN, found).startswith("So far, with seeds still to come: tanh: 8")


def test_the_spread_stands_beside_the_limit_and_beside_the_lag_after_it():
    spread = judged(PLAN, FULL)[1][0].spread
    assert spread == (
        "tanh: at lag 8 the median seed recalls 97 % (lowest 95 %, highest 99 %; 3 of 3 seeds "
        "learned it, 48 % at the end); at lag 12 the median seed recalls 78 % (lowest 61 %, "
        "highest 99 %; 1 of 3 seeds learned it, 39 % at the end)."
    )


def test_a_shorter_lag_that_was_missed_is_told():
    scores = {**FULL, (RELU, 12): (0.5, 0.5, 1.0)}
    verdict = judged(PLAN, scores)[1][1]
    assert verdict.limit == 16
    assert verdict.spread.endswith("It did not learn the shorter lag 12.")


def test_a_diverged_seed_recalls_nothing():
    found, told = judged(PLAN, FULL, diverged={(RELU, 16, 0), (RELU, 16, 1)})
    group = next(g for g in found if (g.line, g.distance) == (RELU, 16))
    assert group.scores == (0.0, 0.0, 0.82)
    assert (group.outcome, group.diverged, group.learned) == ("diverged", 2, 0)
    assert told[1].limit == 12


@pytest.mark.parametrize(
    ("recall", "outcome"),
    [(0.9, "learned"), (0.89, "partly"), (0.25, "partly"), (0.24, "not"), (0.0, "not")],
)
def test_the_median_decides_what_the_map_shows(recall, outcome):
    found, _ = judged(PLAN, {(TANH, 8): (recall, 0.0, 1.0)})
    assert found[0].outcome == outcome
    assert found[1].outcome == "waiting"


def test_a_group_holds_the_largest_gradient_of_its_seeds():
    found, _ = judged(PLAN, {(TANH, 8): (0.9, 0.9)})
    assert found[0].max_grad_norm == 20.0
    assert (found[0].done, found[0].planned) == (2, 3)


# -- real text --------------------------------------------------------------------------------

TEXT = SweepPlan(text="builtin", unrollings=(5, 10, 20, 40), seeds=3, activations=("tanh",))


def test_on_text_the_limit_is_the_last_doubling_that_pays():
    scores = {
        (TANH, 5): (2.0, 2.1, 2.2),
        (TANH, 10): (1.9, 2.0, 2.1),  # each seed 0.1 better, though the seeds differ as much
        (TANH, 20): (1.85, 1.94, 2.06),
        (TANH, 40): (1.86, 1.92, 2.08),  # within the noise
    }
    _, (verdict,) = judged(TEXT, scores)
    assert verdict.limit == 20
    assert headline(TEXT, [verdict]).startswith("tanh: 20 unrollings, in 2,304,000 characters of")
    assert "T 10 over 5: 0.1000 ± 0.0000 nats better" in verdict.spread
    assert "worse" in verdict.spread


def test_one_seed_decides_nothing_on_text():
    plan = TEXT.model_copy(update={"seeds": 1})
    _, (verdict,) = judged(plan, {(TANH, 5): (2.0,), (TANH, 10): (1.0,)})
    assert verdict.limit is None
    assert "one seed and so no standard error" in verdict.spread


def test_an_improvement_is_measured_seed_by_seed():
    gain, error = improvement({0: 2.0, 1: 3.0}, {0: 1.9, 1: 2.7})
    assert gain == pytest.approx(0.2)
    assert error == pytest.approx(0.1)


def test_a_diverged_seed_makes_losses_incomparable():
    assert improvement({0: 2.0, 1: math.inf}, {0: 1.9, 1: 2.7}) == (None, None)


def test_distances_without_their_half_are_not_compared():
    plan = TEXT.model_copy(update={"unrollings": (6, 10)})
    _, (verdict,) = judged(plan, {(TANH, 6): (3.0, 3.0, 3.1), (TANH, 10): (1.0, 1.0, 1.1)})
    assert (verdict.limit, verdict.spread) == (None, "")


def test_a_last_loss_that_is_no_number_is_comparable_with_none_and_still_an_answer():
    plan = TEXT.model_copy(update={"unrollings": (5, 10)})
    scores = {(TANH, 5): (2.0, 2.1, 2.2), (TANH, 10): (1.9, 2.0, 2.1)}
    results = results_of(plan, scores)
    lost = next(c for c in plan.cells() if (c.distance, c.seed) == (10, 1))
    results[lost.key] = replace(results[lost.key], loss_nats=None)
    found = groups(plan, plan.cells(), results)
    (verdict,) = verdicts(plan, found)
    assert found[1].scores == (1.9, 2.1, math.inf)
    assert (verdict.limit, verdict.complete) == (None, True)
    assert "not comparable, a seed diverged" in verdict.spread
