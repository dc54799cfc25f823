"""The strips of seeds: where dots, means, intervals and lines stand."""

import pytest
from checked import Checked

from dashboard.charts import strips
from dashboard.charts.strips import Strip

charts = Checked(strips)
FLOORS = {"bigram": 2.3, "trigram": 1.8}
STRIPS = (
    Strip("as published", "article", (2.29, 2.31), 2.3, 2.29, 2.31),
    Strip("zero-mean", "corrected", (1.7,), 1.7, own=(1.65,)),
)


def drawn(made=STRIPS, **more):
    return charts.strip_chart(made, "Loss", "nats per character", **more)


def test_each_setting_has_a_place_its_seeds_and_a_mean_with_its_interval():
    figure = drawn()
    assert list(figure.layout.xaxis.ticktext) == ["as published", "zero-mean"]
    means = [trace for trace in figure.data if trace.error_y.visible is not None]
    assert [(trace.x[0], trace.y[0]) for trace in means] == [
        (0, pytest.approx(2.3)),
        (1, pytest.approx(1.7)),
    ]
    assert means[0].error_y.array[0] == pytest.approx(0.01)
    assert means[0].error_y.arrayminus[0] == pytest.approx(0.01)
    assert not means[1].error_y.visible  # one seed has no interval
    seeds = [trace for trace in figure.data if trace.text]
    assert [list(trace.y) for trace in seeds] == [
        [pytest.approx(2.29), pytest.approx(2.31)],
        [pytest.approx(1.7)],
    ]
    assert all(0 < x < 1 for x in seeds[0].x)


def test_every_kind_of_strip_is_named_once():
    named = [trace.name for trace in drawn((*STRIPS, *STRIPS)).data if trace.showlegend]
    assert named == ["as the article has it", "corrected", "yours"]


def test_own_runs_stand_beside_the_recorded_ones_of_their_setting():
    (yours,) = [trace for trace in drawn().data if trace.name == "yours"]
    assert 0.5 < yours.x[0] < 1
    assert yours.y[0] == pytest.approx(1.65)


def test_floors_and_a_limit_are_lines_with_names():
    texts = [note.text for note in drawn(floors=FLOORS).layout.annotations]
    assert texts == ["bigram 2.30", "trigram 1.80"]
    figure = drawn(limit=(0.095, "e/(e + 26)"), percent=True)
    assert [note.text for note in figure.layout.annotations] == ["e/(e + 26)"]
    assert figure.layout.yaxis.tickformat == ".0%"


def test_without_a_number_it_says_so():
    empty = drawn((Strip("as published", "article", ()),), floors=FLOORS)
    assert [note.text for note in empty.layout.annotations] == ["nothing measured yet"]
