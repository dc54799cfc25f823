"""The charts of a race: what its curves are means of, and several seeds of a lane as one table."""

import pandas as pd
from checked import Checked

from core.palette import RELU, TANH
from dashboard.charts import race
from dashboard.charts.losses import Look
from dashboard.charts.race import LaneCurves, together

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


def test_the_loss_chart_draws_means_and_its_caption_names_their_window():
    metrics = pd.DataFrame({"characters_seen": [96, 192], "loss_mean": [3.0, 2.0]})
    reports = pd.DataFrame({"characters_seen": [192], "validation_loss_nats": [2.1]})
    lane = LaneCurves("tanh", TANH, metrics, reports)
    figure = Checked(race).race_loss_chart([lane], {"bigram": 2.3}, Look(axis="characters_seen"))
    assert list(figure.data[0].y) == [3.0, 2.0]
    assert "mean of 100 steps" in race.LINES_AND_MARKERS


def test_live_changes_stand_on_the_line_of_their_run_and_say_what_they_were():
    metrics = pd.DataFrame({"step": [10, 20], "loss_mean": [3.0, 2.0]})
    reports = pd.DataFrame({"step": [20], "validation_loss_nats": [2.1]})
    events = pd.DataFrame({"step": [15, 20], "kind": ["clip", "unrollings"], "value": [0.5, 40]})
    lanes = [
        LaneCurves("changed", TANH, metrics, reports, events=events),
        LaneCurves("left alone", RELU, metrics, reports, events=events[:0]),
    ]
    figure = Checked(race).race_loss_chart(lanes, {}, Look())
    (marks,) = [trace for trace in figure.data if trace.name == "changed, changed"]
    assert list(zip(marks.x, marks.y, strict=True)) == [(15, 2.5), (20, 2.0)]
    assert list(marks.customdata) == ["clip 0.5 after step 15", "T 40 after step 20"]
    assert (marks.marker.color, marks.legendgroup) == (TANH.color, "changed")
    assert len(figure.data) == 5
