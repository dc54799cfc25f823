"""What is said of reaches and their ratio, on made-up results whose answer is known."""

import pytest
from made_up_sweeps import FULL, PLAN, RELU, TANH, results_of

from core.experiments.groups import common_seeds, groups
from core.experiments.latch_verdict import (
    LATCH_RULE,
    beside_the_article,
    certainty,
    compared,
    further_plan,
    headline,
    latch_verdicts,
    ratio_of,
    what_is_added,
)
from core.experiments.plan import SweepPlan
from core.experiments.verdict import ARTICLE, FEW_SEEDS


class Told:
    """All that is said of some recalls."""

    def __init__(self, scores, plan=PLAN, diverged=()):
        found = groups(plan, plan.cells(), results_of(plan, scores, diverged))
        self.verdicts = latch_verdicts(plan, found)
        self.ratio = ratio_of(plan, found)
        complete = all(verdict.complete for verdict in self.verdicts)
        self.headline = headline(plan, self.verdicts, self.ratio, len(common_seeds(found)))
        self.certainty = certainty(plan, self.ratio, complete)
        self.article = beside_the_article(plan, self.ratio)
        self.further = further_plan(plan, self.verdicts, self.ratio)
        self.added = what_is_added(plan, self.further) if self.further else ""


def changed(**recalls):
    """FULL with other recalls, such as `relu_12=(...)`."""
    lines = {"tanh": TANH, "relu": RELU}
    named = {tuple(name.split("_")): values for name, values in recalls.items()}
    return FULL | {(lines[line], int(lag)): values for (line, lag), values in named.items()}


LEARNED, LOST = (1.0,) * 4, (0.1,) * 4


def test_a_clear_ratio_is_told_with_its_interval_and_called_settled_by_eight_seeds():
    told = Told(FULL)
    assert told.headline == (
        "tanh reaches 10.0 characters back [9.9, 10.1], ReLU 13.9 [13.7, 14.0], in 1,000 updates "
        "of Adam at 0.002, 4 seeds. ReLU reaches 1.39 times [1.37, 1.40] as far as tanh."
    )
    assert told.certainty == (
        "Not settled: the ratio's interval does not contain 1, in favour of ReLU, but of 4 seeds "
        "it is too short: take 8 or more. tanh reaches further in 0 %, ReLU in 100 % of 2,000 "
        "draws of the seeds."
    )
    assert (told.further.seeds, told.ratio.settled) == (8, False)
    eight = Told(
        {at: values * 2 for at, values in FULL.items()}, PLAN.model_copy(update={"seeds": 8})
    )
    assert eight.certainty == (
        "Settled by these seeds, at 95 %: ReLU reaches further here. tanh reaches further in 0 %, "
        "ReLU in 100 % of 2,000 draws of the seeds."
    )
    assert (eight.further, eight.ratio.settled) == (None, True)


def test_the_limit_is_the_largest_lag_whose_mean_is_above_halfway():
    tanh, relu = Told(FULL).verdicts
    assert (tanh.limit, tanh.open_ended, tanh.complete) == (8, False, True)
    assert (relu.limit, relu.open_ended, relu.complete) == (12, False, True)
    assert relu.spread == (
        "ReLU, mean recall at the end, and seeds above halfway: lag 8 100 % (4 of 4 seeds), lag "
        "12 95 % (4 of 4 seeds), lag 16 12 % (0 of 4 seeds)."
    )


def test_a_ratio_that_may_be_one_is_not_settled_and_says_how_many_seeds_might():
    told = Told(changed(relu_12=(1.0, 0.1, 0.1, 0.1), relu_8=(1.0, 1.0, 1.0, 0.8)))
    assert told.ratio.interval.contains(1.0)
    more = told.further.seeds - 4
    assert told.certainty.startswith(
        "Not settled: the ratio's interval contains 1. If the ratio stays, about "
        f"{more} more seeds would settle it (an estimate). tanh reaches further in "
    )
    assert told.added == f"{more} seeds"
    assert told.further == PLAN.model_copy(update={"seeds": 4 + more})


def test_more_seeds_than_a_grid_takes_are_not_promised():
    scores = changed(relu_12=(0.45, 0.0, 0.0, 0.1), tanh_12=(0.0, 0.45, 0.0, 0.0))
    told = Told(scores)
    assert "Even 50 seeds, the most that a grid takes, would hardly settle it." in told.certainty
    assert told.further.seeds == 50
    most = PLAN.model_copy(update={"seeds": 50})
    again = {at: (values * 13)[:50] for at, values in scores.items()}
    assert Told(again, most).further is None


def test_a_line_that_learns_the_whole_grid_reaches_at_least_its_end():
    told = Told(changed(relu_16=LEARNED))
    assert "ReLU at least 16 [beyond 16]" in told.headline
    assert "ReLU reaches at least 1.60 times [1.58, no upper end] as far as tanh." in told.headline
    assert (told.verdicts[1].limit, told.verdicts[1].open_ended) == (16, True)
    assert (told.added, told.further.lags) == ("lags 20, 24", (8, 12, 16, 20, 24))


def test_a_line_that_learns_nothing_reaches_less_than_the_shortest_lag():
    told = Told(changed(tanh_8=LOST))
    assert told.headline.startswith("tanh reaches less than 8 characters back [below 8]")
    assert told.verdicts[0].limit is None
    assert (told.added, told.further.lags) == ("lag 4", (4, 8, 12, 16))


def test_two_lines_outside_of_the_grid_have_no_ratio_and_both_sides_are_offered():
    told = Told(changed(relu_16=LEARNED, tanh_8=LOST))
    assert told.headline.endswith(
        "ReLU reaches at least 2.00 times [2.00, no upper end] as far as tanh."
    )
    assert told.added == "lags 4, 20, 24"
    both = Told(changed(relu_16=LEARNED, tanh_12=LEARNED, tanh_16=LEARNED))
    assert both.headline.endswith(
        " How far one reaches against the other lies outside of this grid."
    )
    assert both.article == ARTICLE
    assert both.certainty.startswith("Not settled: the ratio's interval contains 1. tanh reaches")


def test_seeds_that_decide_whether_a_reach_lies_beyond_ask_for_longer_lags():
    told = Told(changed(relu_12=(0.7, 0.7, 0.7, 0.6), relu_16=(1.0, 1.0, 0.1, 0.1)))
    assert told.verdicts[1].reach.interval.high == float("inf")
    assert "beyond 16]" in told.headline


def test_seeds_still_to_come_are_left_out_everywhere():
    told = Told(changed(relu_16=(0.1, 0.1, 0.1)))
    assert told.headline.startswith("So far, with 3 of 4 seeds in: tanh reaches 10.1 characters")
    assert "3 seeds. ReLU reaches" in told.headline
    assert [verdict.complete for verdict in told.verdicts] == [True, False]
    assert (told.certainty, told.further) == ("", None)
    none = Told(changed(relu_16=()))
    assert none.headline == "No seed is in at every lag yet."
    assert (none.verdicts[0].reach, none.ratio, none.article) == (None, None, ARTICLE)


def test_two_seeds_have_a_reach_and_no_interval():
    two = PLAN.model_copy(update={"seeds": 2})
    told = Told(FULL, two)
    assert told.headline == (
        "tanh reaches 10.1 characters back, ReLU 14.0, in 1,000 updates of Adam at 0.002, 2 seeds. "
        "ReLU reaches 1.39 times as far as tanh."
    )
    assert (told.certainty, told.further) == (FEW_SEEDS, None)
    assert told.article.endswith("Measured here: 1.39 times as far, without an interval.")


def test_a_diverged_seed_shortens_the_reach():
    diverged = {(RELU, 12, seed) for seed in (0, 1, 2)}
    assert Told(FULL, diverged=diverged).verdicts[1].limit == 8


def test_tanh_is_the_denominator_whichever_comes_first():
    turned = PLAN.model_copy(update={"activations": ("relu", "tanh")})
    assert compared(turned) == compared(PLAN) == (TANH, RELU)
    assert Told(FULL, turned).ratio == Told(FULL).ratio


def test_other_pairs_compare_the_second_with_the_first_and_more_lines_none():
    clips = SweepPlan(activations=("relu",), clips=(1.25, 0))
    assert [line.clip for line in compared(clips)] == [1.25, 0]
    assert compared(SweepPlan(clips=(1.25, 0))) is None
    alone = PLAN.model_copy(update={"activations": ("tanh",)})
    told = Told({at: values for at, values in FULL.items() if at[0] == TANH}, alone)
    assert told.headline.endswith("[9.9, 10.1], in 1,000 updates of Adam at 0.002, 4 seeds.")
    assert (told.ratio, told.certainty, told.article) == (None, "", ARTICLE)


@pytest.mark.parametrize(
    ("scores", "words"),
    [
        (FULL, "1.39 times [1.37, 1.40] as far; 2 is outside of that interval."),
        (
            changed(tanh_8=(1.0, 1.0, 0.1, 0.1), relu_16=(0.6, 0.6, 0.5, 0.5)),
            "2 is inside of that interval, which neither confirms nor refutes it.",
        ),
    ],
)
def test_the_articles_ratio_is_never_called_confirmed(scores, words):
    told = Told(scores).article
    assert told.startswith(f"{ARTICLE} Measured here: ")
    assert told.endswith(words)


def test_the_rule_says_what_is_measured():
    assert "56.25 %" in LATCH_RULE
    assert "the last fall counts" in LATCH_RULE
