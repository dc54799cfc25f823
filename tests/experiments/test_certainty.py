"""How much a verdict owes to its seeds, on made-up results whose answer is known."""

import pytest
from test_verdict import PLAN, RELU, TANH, judged

from core.experiments.certainty import certainty, in_words
from core.experiments.plan import SweepPlan

SURE = {
    (TANH, 8): (0.99, 0.95, 0.97),
    (TANH, 12): (0.5, 0.6, 0.7),
    (TANH, 16): (0.5, 0.6, 0.7),
    (RELU, 8): (1.0, 1.0, 1.0),
    (RELU, 12): (0.95, 0.95, 1.0),
    (RELU, 16): (0.5, 0.6, 0.7),
}


def sure_of(plan, scores):
    return certainty(plan, judged(plan, scores)[0])


def test_seeds_that_all_agree_settle_the_order():
    sure = sure_of(PLAN, SURE)
    assert sure.limits == {TANH: {8: 1.0}, RELU: {12: 1.0}}
    assert sure.ahead == {TANH: 0.0, RELU: 1.0}
    assert sure.settled
    assert in_words(PLAN, sure) == (
        "Drawing these 3 seeds again, with repetition, gives: tanh 8 in 100 %; ReLU 12 in 100 %. "
        "tanh reaches further in 0 %, ReLU in 100 % of the draws: so it hardly depends on the "
        "seeds."
    )


def test_a_median_that_one_seed_decides_is_not_settled():
    # Two of three seeds learn lag 16. A draw's median learns it if at least two of its three
    # seeds do: 3 (2/3)² (1/3) + (2/3)³ = 20/27 of all draws.
    sure = sure_of(PLAN, SURE | {(RELU, 16): (1.0, 1.0, 0.5)})
    assert sure.limits[RELU][16] == pytest.approx(20 / 27, abs=0.03)
    assert sure.limits[RELU][12] == pytest.approx(7 / 27, abs=0.03)
    assert sure.settled  # ReLU is ahead either way

    tie = sure_of(PLAN, SURE | {(RELU, 12): (0.5, 0.5, 0.5), (RELU, 16): (1.0, 1.0, 0.5)})
    assert tie.ahead[RELU] == pytest.approx(20 / 27, abs=0.03)
    assert tie.ahead[TANH] == 0.0
    assert not tie.settled
    assert in_words(PLAN, tie).endswith(
        "so 3 seeds do not settle which reaches further. Take more, or others."
    )


def test_that_both_reach_equally_far_can_be_settled():
    equal = sure_of(PLAN, SURE | {(RELU, 12): (0.5, 0.6, 0.7)})
    assert equal.limits == {TANH: {8: 1.0}, RELU: {8: 1.0}}
    assert equal.ahead == {TANH: 0.0, RELU: 0.0}
    assert equal.settled
    assert in_words(PLAN, equal).endswith(
        "tanh reaches further in 0 %, ReLU in 0 % of the draws: so it hardly depends on the seeds."
    )


def test_a_limit_below_the_grid_counts_as_the_shortest():
    sure = sure_of(PLAN, SURE | {(TANH, 8): (0.1, 0.1, 0.1)})
    assert sure.limits[TANH] == {None: 1.0}
    assert "tanh less than 8 in 100 %" in in_words(PLAN, sure)


def test_the_same_results_give_the_same_shares():
    scores = SURE | {(RELU, 16): (1.0, 1.0, 0.5)}
    assert sure_of(PLAN, scores) == sure_of(PLAN, scores)


def test_one_line_has_limits_and_nobody_to_be_ahead_of():
    plan = PLAN.model_copy(update={"activations": ("relu",)})
    sure = sure_of(plan, {at: s for at, s in SURE.items() if at[0] == RELU})
    assert sure.ahead == {}
    assert not sure.settled
    assert in_words(plan, sure).endswith("gives: ReLU 12 in 100 %.")


def test_nothing_is_said_before_every_seed_is_in_or_with_too_few_or_on_other_texts():
    waiting = SURE | {(RELU, 16): (1.0, 1.0)}
    assert sure_of(PLAN, waiting) is None
    assert in_words(PLAN, None) == ""
    two = PLAN.model_copy(update={"seeds": 2})
    assert sure_of(two, SURE) is None
    assert in_words(two, None) == "So few seeds say nothing about other ones: take five or more."
    text = SweepPlan(text="builtin", unrollings=(5, 10), seeds=3)
    assert sure_of(text, {}) is None
    assert in_words(text, None) == ""
