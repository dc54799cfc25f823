"""What the charts of sweeps show: means, intervals, seeds, and reaches in and beyond the grid."""

import numpy as np
import pandas as pd
import pytest
from checked import Checked

from core.palette import RELU, TANH
from dashboard.charts import sweep

charts = Checked(sweep)
STYLES = {"tanh": TANH, "ReLU": RELU}


def row(line, distance, mean, low, high, **more):
    return {
        "line": line,
        "distance": distance,
        "recall_at_end_mean": mean,
        "recall_at_end_low": low,
        "recall_at_end_high": high,
        "seeds_done": 3,
        "seeds_learned": 2,
        "outcome": "learned",
        "diverged": 0,
        "failed": 0,
        **more,
    }


GROUPS = pd.DataFrame(
    [row("tanh", 8, 0.9, 0.7, 1.0), row("tanh", 12, 0.2, 0.1, 0.4), row("ReLU", 8, 1.0, None, None)]
)
CELLS = pd.DataFrame(
    [
        {"line": "tanh", "distance": 8, "seed": 0, "recall_at_end": 1.0},
        {"line": "tanh", "distance": 12, "seed": 1, "recall_at_end": None},
    ]
)
COLUMNS = ["line", "reach", "low", "high"]


def drawn(*reaches):
    return charts.recall_chart(GROUPS, CELLS, STYLES, pd.DataFrame(reaches, columns=COLUMNS))


def named(figure, name):
    (found,) = [c for c in figure.data if c.name == name and c.hoverinfo != "skip"]
    return found


def test_recall_is_drawn_as_means_with_a_band_and_a_dot_a_seed():
    figure = drawn()
    assert list(named(figure, "tanh, mean").y) == pytest.approx([0.9, 0.2])
    edges = [list(c.y) for c in figure.data if c.name == "tanh, 95 % of the mean"]
    assert edges == [pytest.approx([0.7, 0.1]), pytest.approx([1.0, 0.4])]
    assert list(named(figure, "tanh, seeds").x) == [8]
    assert [shape.y0 for shape in figure.layout.shapes] == [0.5625, 0.125]


def test_a_reach_stands_below_the_curves_as_an_interval():
    figure = drawn(("tanh", 10.4, 10.1, 10.7), ("ReLU", 12.0, 11.0, np.inf))
    tanh, relu = (named(figure, f"{line}, reach") for line in STYLES)
    assert list(tanh.x) == pytest.approx([10.1, 10.4, 10.7])
    assert relu.y[0] < tanh.y[0] < 0
    assert relu.y[0] > figure.layout.yaxis.range[0]
    assert relu.x[2] == pytest.approx(figure.layout.xaxis.range[1])
    assert list(relu.marker.symbol) == ["line-ns-open", "diamond", "triangle-right"]


def test_a_reach_below_the_grid_and_one_without_an_interval():
    figure = drawn(("tanh", 0.0, 0.0, 9.0), ("ReLU", 11.0, None, None))
    tanh, relu = (named(figure, f"{line}, reach") for line in STYLES)
    assert list(tanh.x)[:2] == [pytest.approx(figure.layout.xaxis.range[0])] * 2
    assert list(tanh.marker.symbol)[:2] == ["triangle-left"] * 2
    assert np.isnan(relu.x[[0, 2]]).all()


def test_the_map_names_mean_recall_and_the_seeds_that_learned_it():
    figure = charts.limit_map(GROUPS, {("tanh", 12): 2}, "Lag, characters")
    words = figure.data[0].text
    assert words[0][0] == "above halfway<br>90 %<br>2 of 3 seeds"
    assert words[0][1].endswith("2 training")


def test_on_texts_means_with_intervals_are_drawn():
    groups = pd.DataFrame(
        [
            {"line": "tanh", "distance": t, "seeds_done": 3, "loss_nats_mean": loss}
            | {"loss_nats_low": loss - 0.01, "loss_nats_high": loss + 0.02}
            for t, loss in ((1, 2.08), (5, 2.05), (20, np.inf))
        ]
    )
    cells = pd.DataFrame([{"line": "tanh", "distance": 1, "seed": 0, "loss_nats": 2.07}])
    figure = charts.text_loss_chart(groups, cells, {"tanh": TANH})
    means = named(figure, "tanh, mean").y
    assert list(means[:2]) == pytest.approx([2.08, 2.05])
    assert np.isnan(means[2])


def test_without_results_a_chart_is_titled_and_empty():
    empty = GROUPS.assign(seeds_done=0, recall_at_end_mean=None)
    figure = charts.recall_chart(empty, CELLS[:0], STYLES, pd.DataFrame(columns=COLUMNS))
    assert figure.layout.title.text == "Recall of the echo at the end, and reach"
    assert len(named(figure, "tanh, mean").x) == 0
