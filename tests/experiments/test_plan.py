"""Plans and their cells: what a grid holds, what is equal in it, and what names a cell."""

import pytest

from core.data.corpora import load_corpus
from core.errors import ConfigError
from core.experiments.cells import BASE, Line
from core.experiments.plan import SweepPlan, text_sha256


def test_a_grid_has_a_cell_for_every_combination():
    plan = SweepPlan(lags=(3, 5, 8), clips=(0, 1.25), seeds=4)
    cells = plan.cells()
    assert len(cells) == plan.cell_count == 3 * 2 * 2 * 4
    assert len({cell.key for cell in cells}) == len(cells)
    assert {cell.line for cell in cells} == {
        Line(activation, clip) for activation in ("tanh", "relu") for clip in (0, 1.25)
    }


def test_a_lag_is_trained_on_its_own_text_with_eight_more_unrollings():
    (cell,) = SweepPlan(lags=(12,), activations=("relu",), seeds=1).cells()
    assert cell.config.text == "latch:12:0"
    assert cell.config.unrollings == 20
    assert cell.distance == 12


def test_a_seed_has_its_own_text_and_its_own_first_weights_the_same_for_every_line():
    cells = SweepPlan(lags=(12,), seeds=2, first_seed=7).cells()
    assert [(cell.config.text, cell.config.seed, cell.lag) for cell in cells] == [
        *[("latch:12:7", 7, 12)] * 2,
        *[("latch:12:8", 8, 12)] * 2,
    ]
    texts = {load_corpus(cell.config.text).sha256 for cell in cells}
    assert len(texts) == 2


def test_on_texts_every_update_learns_from_about_as_many_predictions():
    plan = SweepPlan(text="builtin", unrollings=(1, 3, 5, 20, 40, 200), seeds=1)
    windows = {cell.distance: cell.config.batch_size for cell in plan.cells()}
    assert windows == {1: 640, 3: 213, 5: 128, 20: 32, 40: 16, 200: 3}
    many = SweepPlan(text="builtin", unrollings=(1, 200), base=BASE.changed(batch_size=256))
    assert {cell.config.batch_size for cell in many.cells()} == {1024, 26}
    assert {cell.config.batch_size for cell in SweepPlan().cells()} == {32}


def test_the_usual_grid_is_the_one_that_takes_a_minute():
    plan = SweepPlan()
    assert (plan.lags, plan.seeds, plan.budget, plan.amount) == ((8, 12, 16), 16, "updates", 1_000)
    assert (plan.base.init, plan.base.optimiser, plan.base.learning_rate) == (
        *("zero-mean", "adam"),
        0.002,
    )
    assert plan.cell_count == 96


def test_on_other_texts_the_distance_is_the_unrollings():
    cells = SweepPlan(text="builtin", unrollings=(40, 20), seeds=1).cells("abc")
    assert [cell.config.unrollings for cell in cells] == [40, 40, 20, 20]
    assert {cell.config.text for cell in cells} == {"builtin"}
    assert {cell.text_sha256 for cell in cells} == {"abc"}


def test_equal_characters_mean_fewer_updates_with_more_unrollings():
    plan = SweepPlan(lags=(8, 24), budget="characters", amount=2_304_000, seeds=1)
    steps = {cell.distance: cell.config.steps for cell in plan.cells()}
    assert steps == {8: 4_500, 24: 2_250}
    assert {cell.characters for cell in plan.cells()} == {2_304_000}


def test_equal_updates_are_equal_updates():
    plan = SweepPlan(lags=(8, 24), budget="updates", amount=3_000, seeds=2)
    assert {cell.config.steps for cell in plan.cells()} == {3_000}


def test_a_budget_below_one_window_is_one_update():
    plan = SweepPlan(lags=(8,), budget="characters", amount=1)
    assert {cell.config.steps for cell in plan.cells()} == {1}


def test_all_cells_of_a_seed_come_before_the_next_and_long_ones_first():
    cells = SweepPlan(lags=(3, 5), seeds=2).cells()
    assert [(cell.seed, cell.distance) for cell in cells] == [
        (seed, lag) for seed in (0, 1) for lag in (5, 5, 3, 3)
    ]


def test_other_seeds_of_a_grid_are_other_cells():
    plan = SweepPlan(lags=(3,), activations=("relu",), seeds=2, first_seed=5)
    assert [cell.seed for cell in plan.cells()] == [5, 6]


def test_beside_a_latch_grid_the_same_lines_are_trained_on_real_text():
    plan = SweepPlan(lags=(8,), clips=(0, 1.25), first_seed=7, amount=500)
    beside = plan.horizon_plan
    assert (beside.lines, beside.base, beside.amount) == (plan.lines, plan.base, 500)
    cells = plan.all_cells("abc")
    assert plan.of_grid(cells) == plan.cells() == cells[: plan.cell_count]
    others = cells[plan.cell_count :]
    assert beside.of_grid(cells) == others == beside.cells("abc")
    assert {(c.config.text, c.config.unrollings, c.config.batch_size) for c in others} == {
        ("builtin", 40, 16)
    }
    assert {cell.text_sha256 for cell in others} == {"abc"}
    assert [cell.seed for cell in others if cell.line == plan.lines[0]] == [7, 8, 9, 10]
    assert text_sha256(plan) == load_corpus("builtin").sha256


def test_no_more_seeds_are_taken_for_horizons_than_for_the_grid():
    assert SweepPlan(seeds=2).horizon_plan.seeds == 2


@pytest.mark.parametrize("plan", [SweepPlan(horizons=False), SweepPlan(text="builtin")])
def test_without_horizons_a_plan_s_cells_are_its_grid_s(plan):
    assert plan.horizon_plan is None
    assert plan.all_cells("abc") == plan.cells("abc") == plan.of_grid(plan.cells("abc"))


def test_real_text_has_no_horizons_beside_it_whatever_was_asked():
    plan = SweepPlan.parse({"text": "builtin", "horizons": False})
    assert plan == SweepPlan(text="builtin")


def test_a_key_names_the_measurement_and_nothing_else():
    def key(**changes):
        (cell,) = SweepPlan(
            **{"lags": (3,), "activations": ("tanh",), "seeds": 1, **changes}
        ).cells()
        return cell.key

    assert key() == key(base=BASE.changed(report_every=7, device="cpu"))
    assert key() == key(base=BASE.changed(decay_steps=7))  # of a decay that is off
    assert key() == key(budget="characters", amount=1_000 * 32 * 11)
    others = [
        key(lags=(4,)),
        key(activations=("relu",)),
        key(amount=500),
        key(clips=(0,)),
        key(base=BASE.changed(nodes=9)),
        key(base=BASE.changed(decay_rate=0.5, decay_steps=7)),
        key(base=BASE.changed(loss="squared-error")),
    ]
    assert len({key(), *others}) == 8


def test_cells_of_different_texts_have_different_keys():
    plan = SweepPlan(text="builtin", unrollings=(3,), seeds=1)
    assert plan.cells("one")[0].key != plan.cells("other")[0].key


def test_equal_cells_of_different_grids_have_equal_keys():
    small = SweepPlan(lags=(3,), activations=("relu",), seeds=1, amount=9_000).cells()
    large = SweepPlan(lags=(3, 9), seeds=3, amount=9_000).cells()
    assert {cell.key for cell in small} < {cell.key for cell in large}


def test_a_line_is_named_by_what_varies():
    one = SweepPlan()
    assert [one.line_name(line) for line in one.lines] == ["tanh", "ReLU"]
    many = SweepPlan(clips=(0, 1.25), architectures=("arch1", "arch2"))
    assert many.line_name(many.lines[0]) == "tanh, clip off, Arch 1"
    assert many.line_name(many.lines[-1]) == "ReLU, clip 1.25, Arch 2"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"lags": [0]}, "lags=0 is not allowed: choose whole numbers from 1 to 100."),
        ({"lags": []}, "lags=none: name at least one"),
        ({"lags": [3, 3]}, "lags=3, 3: name at least one, and none twice."),
        ({"text": "builtin", "unrollings": [201]}, "choose whole numbers from 1 to 200."),
        ({"activations": ["gelu"]}, "activations=gelu is not allowed: choose tanh, relu or both."),
        ({"seeds": 0}, "seeds=0 is not allowed: choose a whole number from 1 to 50."),
        ({"first_seed": -1}, "first_seed=-1 is not allowed: choose a whole number from 0 to"),
        ({"clips": [-1]}, "clips=-1 is not allowed"),
        ({"amount": 0}, "amount=0 is not allowed"),
        ({"horizons": "some"}, "horizons=some is not allowed: choose true or false."),
        ({"lags": range(1, 101), "seeds": 50}, "the grid has 10,000 cells; 2,000 are allowed"),
        ({"text": "latch:8"}, "name latch alone"),
        ({"speed": 3}, "speed is not part of a sweep."),
        (
            {"architectures": ["arch2"], "base": BASE.changed(combine="add")},
            "combine=add is not defined for arch2",
        ),
    ],
)
def test_what_makes_no_grid_is_refused_in_a_sentence(values, words):
    with pytest.raises(ConfigError) as refusal:
        SweepPlan.parse(values)
    assert words in str(refusal.value)


def test_a_cells_name_tells_what_is_unlike_the_usual_cell():
    plan = SweepPlan(
        text="builtin",
        unrollings=(20,),
        activations=("relu",),
        clips=(0,),
        inits=("identity",),
        architectures=("arch2",),
        first_seed=3,
        seeds=1,
    )
    (cell,) = plan.cells()
    assert cell.name == "ReLU, clip off, identity, Arch 2, T 20, seed 3"
    assert SweepPlan(lags=(16,)).cells()[1].name == "ReLU, lag 16, seed 0"


def test_a_cell_trains_on_the_cpu_whatever_the_plan_says():
    (cell,) = SweepPlan(lags=(16,), activations=("tanh",), seeds=1).cells()
    assert cell.config.device == "auto"
    assert cell.trained_config == cell.config.changed(device="cpu")
