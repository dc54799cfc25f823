"""Several seeds of a lane as one table: means in between, extremes at the edges."""

import pandas as pd

from dashboard.charts.race import together

ONE = pd.DataFrame({"step": [1, 2], "loss_mean": [3.0, 2.0], "grad_norm_min": [0.5, 0.4]})
OTHER = pd.DataFrame({"step": [1, 2], "loss_mean": [2.0, 1.0], "grad_norm_min": [0.3, 0.6]})


def test_one_seed_is_drawn_as_it_is():
    assert together([ONE]) is ONE


def test_several_are_drawn_as_their_mean_and_no_spike_is_averaged_away():
    high = {"grad_norm_max": [7.0, 80.0]}
    table = together([ONE.assign(**high), OTHER.assign(grad_norm_max=[9.0, 1.0])])
    assert table["step"].tolist() == [1, 2]
    assert table["loss_mean"].tolist() == [2.5, 1.5]
    assert table["grad_norm_min"].tolist() == [0.3, 0.4]
    assert table["grad_norm_max"].tolist() == [9.0, 80.0]


def test_no_steps_yet_make_an_empty_table():
    assert together([ONE[:0], OTHER[:0]]).empty
