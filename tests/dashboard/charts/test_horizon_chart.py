"""What the chart of horizons shows: two moments, means with intervals, seeds, the probe's end."""

import numpy as np
import pandas as pd
import pytest
from checked import Checked

from core.palette import RELU, TANH
from dashboard.charts import horizons

charts = Checked(horizons)
STYLES = {"tanh": TANH, "ReLU": RELU}
AFTER = "after 1,000 updates"
MEANS = pd.DataFrame(
    [
        ("tanh", 0, 47.0, 28.0, np.inf),
        ("tanh", 1, 9.75, 9.5, 10.0),
        ("ReLU", 0, 9.5, None, None),
        ("ReLU", 1, 12.5, None, None),
    ],
    columns=["line", "moment", "mean", "low", "high"],
)
SEEDS = pd.DataFrame(
    [("tanh", 0, 0, 100), ("tanh", 0, 1, 28), ("tanh", 1, 0, 10), ("ReLU", 0, 0, 11)],
    columns=["line", "moment", "seed", "horizon"],
)


def drawn(means=MEANS, seeds=SEEDS, lags=100):
    return charts.horizon_chart(means, seeds, STYLES, AFTER, lags)


def named(figure, name):
    (found,) = [curve for curve in figure.data if curve.name == name]
    return found


def test_each_line_goes_from_before_training_to_after_it():
    figure = drawn()
    assert list(figure.layout.xaxis.ticktext) == ["before the first update", AFTER]
    tanh, relu = named(figure, "tanh"), named(figure, "ReLU")
    assert list(tanh.y) == [47.0, 9.75]
    assert list(relu.x - tanh.x) == pytest.approx([0.12, 0.12])


def test_an_interval_without_an_upper_end_goes_as_far_as_the_probe():
    tanh = named(drawn(), "tanh").error_y
    assert tanh.array == pytest.approx([53.0, 0.25])
    assert tanh.arrayminus == pytest.approx([19.0, 0.25])
    (probe,) = drawn().layout.shapes
    assert probe.y0 == 100


def test_without_intervals_there_are_no_bars():
    assert [named(drawn(), line).error_y.visible for line in STYLES] == [True, False]


def test_every_seed_is_a_dot_beside_its_mean():
    figure = drawn()
    seeds = named(figure, "tanh, seeds")
    assert list(seeds.y) == [100, 28, 10]
    means = named(figure, "tanh").x
    assert list(seeds.x) == pytest.approx([means[0] - 0.05, means[0] - 0.07, means[1] + 0.05])
    assert list(seeds.text) == ["seed 0", "seed 1", "seed 0"]


def test_a_horizon_of_0_has_its_place():
    figure = drawn(seeds=SEEDS.assign(horizon=[0, 28, 10, 11]))
    assert (drawn().layout.yaxis.type, figure.layout.yaxis.type) == ("log", None)


def test_before_the_first_result_the_chart_is_titled_and_empty():
    figure = drawn(MEANS[:0], SEEDS[:0], lags=None)
    assert figure.layout.title.text == "Horizon on real text"
    assert figure.data == ()
