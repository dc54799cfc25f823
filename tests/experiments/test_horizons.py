"""Horizons on real text, on made-up results whose order is known: means, differences, sentences."""

import math

import pytest
from made_up_sweeps import RELU, TANH

from core.experiments.cells import CellResult
from core.experiments.horizons import Difference, Horizon, horizons
from core.experiments.judgement import judge
from core.experiments.plan import SweepPlan
from core.experiments.reach import Interval, mean_interval
from core.experiments.summary import summary, table
from core.jsonable import finite

PLAN = SweepPlan(lags=(8,), seeds=4)
START = {TANH: (100, 28, 32, 28), RELU: (11, 9, 9, 9)}
END = {TANH: (10, 9, 10, 10), RELU: (13, 12, 12, 13)}
"""What the built-in text gave: the order turns round."""


def results_of(plan, start=START, end=END):
    """Results of the cells for horizons; None is a seed that diverged, a missing one is to come."""
    found = {}
    for cell in plan.horizon_plan.cells():
        if cell.seed < len(end[cell.line]):
            found[cell.key] = CellResult(
                cell.key,
                "done" if end[cell.line][cell.seed] is not None else "diverged",
                updates=1_000,
                characters=640_000,
                seconds=1.0,
                loss_nats=1.7,
                horizon_at_start=start[cell.line][cell.seed],
                horizon_at_end=end[cell.line][cell.seed],
                probed_lags=100,
            )
    return found


def told(start=START, end=END, plan=PLAN, pair=(TANH, RELU)):
    return horizons(plan, plan.all_cells(), results_of(plan, start, end), pair)


def test_a_horizon_is_a_mean_over_seeds_with_the_interval_of_reaches():
    found = told().by_line["horizon_at_end"][RELU]
    assert found.by_seed == {0: 13, 1: 12, 2: 12, 3: 13}
    assert (found.mean, found.beyond) == (12.5, False)
    assert found.interval == mean_interval([13.0, 12.0, 12.0, 13.0])


def test_a_seed_as_far_as_the_probe_makes_a_mean_an_at_least():
    found = told().by_line["horizon_at_start"][TANH]
    assert (found.mean, found.beyond) == (47.0, True)
    assert found.interval == Interval(pytest.approx(28.0), math.inf)


def test_differences_compare_each_seed_with_itself():
    found = told().differences["horizon_at_end"]
    assert found.mean == pytest.approx(2.75)
    assert found.interval == mean_interval([3.0, 3.0, 2.0, 3.0])
    assert (found.seeds, found.longer, found.further) == (4, (0, 4), 1)


def test_a_difference_has_no_end_on_the_side_that_the_probe_does_not_see():
    found = told().differences["horizon_at_start"]
    assert (found.mean, found.interval) == (-37.5, Interval(-math.inf, -19.0))
    assert (found.longer, found.further) == ((4, 0), 0)


def test_a_line_beyond_the_probe_is_never_called_the_shorter_one():
    start = {TANH: (100, 10, 10, 10), RELU: (99, 99, 99, 99)}
    found = told(start).differences["horizon_at_start"]
    assert found.mean > 0
    assert found.further is None
    both = {TANH: (100, 28, 32, 28), RELU: (100, 9, 9, 9)}
    assert told(both).differences["horizon_at_start"].interval == Interval(-math.inf, math.inf)


@pytest.mark.parametrize(
    ("interval", "further"),
    [(Interval(0.3, 2.0), 1), (Interval(-2.0, -0.3), 0), (Interval(-0.3, 2.0), None), (None, None)],
)
def test_which_line_is_further_is_what_the_interval_says(interval, further):
    assert Difference(1.0, interval, 4, (0, 0)).further == further


def test_the_sentences_name_conditions_horizons_and_the_order_that_turns_round():
    found = told()
    assert found.headline == (
        "The horizon comes to 9.8 characters with tanh [9.3, 10.0], 12.5 with ReLU [12.0, 13.0], "
        "in 1,000 updates of Adam at 0.002, 4 seeds, with T 40 on the built-in text; before the "
        "first update the horizon is at least 47.0 characters with tanh [28.0, no upper end], 9.5 "
        "with ReLU [9.0, 10.3]."
    )
    assert found.order == (
        "After training the gradient reaches further with ReLU, by 2.8 characters [2.3, 3.0], in "
        "4 of 4 seeds; before it the order is the reverse: the gradient reaches further with "
        "tanh, by at least 37.5 characters [19.0, no upper end], in 4 of 4 seeds."
    )
    assert "and not how far back anything is learned" in found.meaning
    assert found.meaning.endswith("followed back through 100 characters: a longer one is not seen.")


def test_an_order_that_stays_is_said():
    order = told(start={TANH: (5, 6, 5, 6), RELU: (9, 9, 9, 10)}).order
    assert "; before it, too, the gradient reaches further with ReLU, by 3.8 characters" in order


def test_an_order_that_the_interval_leaves_open_is_called_open():
    order = told(end={TANH: (10, 12, 10, 12), RELU: (11, 11, 12, 11)}).order
    assert order.startswith(
        "After training it is open where the gradient reaches further: the horizon with ReLU less "
        "that with tanh is 0.2 characters [-1.0, 1.7]; before it the gradient reaches further with "
        "tanh, by at least 37.5"
    )


def test_seeds_that_a_line_has_yet_to_train_are_left_out_and_said():
    early = told(end={TANH: (10, 9, 10), RELU: (13, 12)})
    assert early.headline.startswith("So far, with 2 of 4 seeds in: the horizon comes to 9.5 ")
    assert early.by_line["horizon_at_end"][TANH].by_seed == {0: 10, 1: 9}
    assert early.order == ""  # two seeds have no interval


def test_a_cell_that_failed_is_one_still_to_come():
    results = results_of(PLAN)
    lost = PLAN.horizon_plan.cells()[0]
    results[lost.key] = CellResult(lost.key, "failed", updates=0, characters=0, seconds=0.0)
    found = horizons(PLAN, PLAN.all_cells(), results, (TANH, RELU))
    assert found.headline.startswith("So far, with 3 of 4 seeds in: the horizon comes to 9.7 ")
    assert found.differences["horizon_at_end"].seeds == 3


def test_a_seed_that_diverged_has_no_horizon_afterwards_which_is_said():
    lost = told(end={TANH: (10, 9, 10, 10), RELU: (13, None, 12, 13)})
    assert lost.headline.startswith("The horizon comes to 9.8 characters with tanh")
    assert lost.headline.endswith("One run diverged, which leaves no horizon after training.")
    assert lost.differences["horizon_at_end"].seeds == 3


def test_before_the_first_result_nothing_is_said_of_lines_or_lags():
    found = told(end={TANH: (), RELU: ()})
    assert (found.headline, found.order, found.lags) == ("No horizon is measured yet.", "", None)
    assert found.meaning.endswith("anything is learned.")


def test_lines_that_are_not_two_are_told_and_not_compared():
    found = told(pair=None)
    assert found.headline.startswith("The horizon comes to 9.8 characters with tanh")
    assert (found.order, found.differences) == ("", {})


def test_a_plan_without_horizons_has_none():
    plan = PLAN.model_copy(update={"horizons": False})
    assert horizons(plan, plan.all_cells(), {}, None) is None
    assert judge(plan, plan.all_cells(), {}).horizons is None


def test_the_summary_holds_both_moments_of_each_line_and_the_cells():
    results = results_of(PLAN)
    found = finite(summary(judge(PLAN, PLAN.all_cells(), results), PLAN.all_cells(), results))
    beside = found["horizon"]
    assert beside["lines"][0] == {
        "line": "tanh",
        "activation": "tanh",
        "horizon_at_start": 47.0,
        "horizon_at_start_low": pytest.approx(28.0),
        "horizon_at_start_high": None,
        "horizon_at_start_bound": "at least",
        "horizon_at_end": 9.75,
        "horizon_at_end_low": pytest.approx(9 + 1 / 3),
        "horizon_at_end_high": 10.0,
        "horizon_at_end_bound": None,
    }
    assert (beside["difference_of"], beside["difference_at_end"]) == (["ReLU", "tanh"], 2.75)
    assert (beside["difference_at_start_low"], beside["difference_at_start_high"]) == (None, -19.0)
    assert [cell["horizon_at_end"] for cell in beside["cells"]] == [*END[TANH], *END[RELU]]
    assert {cell["status"] for cell in found["cells"]} == {"waiting"}


def test_a_table_of_all_cells_has_one_set_of_columns():
    rows = table(PLAN, PLAN.all_cells(), results_of(PLAN))
    assert len(rows) == 8 + 8
    assert len({tuple(row) for row in rows}) == 1
    assert [(row["lag"], row["horizon_at_end"]) for row in rows[::8]] == [(8, None), (None, 10)]


def test_horizons_of_0_have_an_interval_like_any_other():
    assert Horizon({0: 0, 1: 0, 2: 0}, 100).interval == Interval(0.0, 0.0)
