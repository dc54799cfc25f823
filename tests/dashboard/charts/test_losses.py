"""What the axis of losses shows under each scale, and where floors are named."""

from math import log

import numpy as np
import pytest

from dashboard.charts.floors import floor_levels
from dashboard.charts.losses import Look, keep_in_view, loss_figure
from dashboard.charts.parts import curve

STEPS = np.arange(1.0, 101.0)
LOSSES = np.linspace(3.3, 2.0, 100)
EVENLY = log(27)
FIT = Look()


def drawn(losses, look=FIT):
    figure = loss_figure(look)
    curve(figure, x=STEPS, y=losses)
    keep_in_view(figure, [losses], [(STEPS, losses)], look)
    return figure


def with_spikes(**spikes):
    losses = LOSSES.copy()
    for place, height in spikes.items():
        losses[int(place[2:])] = height
    return losses


def edge(figure):
    return figure["layout"]["yaxis"].get("autorangeoptions", {}).get("clipmax")


def test_without_spikes_the_axis_follows_the_data_alone():
    assert edge(drawn(LOSSES)) is None
    assert len(drawn(LOSSES)["data"]) == 1


def test_a_spike_ends_at_an_edge_above_guessing_evenly_and_is_marked_there_with_its_value():
    figure = drawn(with_spikes(at40=8e6))
    assert edge(figure) == pytest.approx(1.5 * EVENLY)
    marked = figure["data"][-1]
    assert marked["x"].tolist() == [41]
    assert marked["y"].tolist() == pytest.approx([1.5 * EVENLY])
    assert marked["text"] == ["8e+06"]


def test_spikes_that_stand_close_share_the_label_of_the_highest():
    marked = drawn(with_spikes(at40=50.0, at44=70.0, at90=60.0))["data"][-1]
    assert dict(zip(marked["x"].tolist(), marked["text"], strict=True)) == {
        45: "70",
        91: "60",
        41: "",
    }


def test_losses_that_are_high_for_more_than_a_twentieth_of_the_run_are_drawn():
    losses = np.where(STEPS > 90, 500.0, LOSSES)
    assert edge(drawn(losses)) is None


@pytest.mark.parametrize("scale", ["all", "log"])
def test_other_scales_show_every_spike(scale):
    figure = drawn(with_spikes(at40=8e6), Look(scale=scale))
    assert edge(figure) is None
    assert len(figure["data"]) == 1
    assert figure["layout"]["yaxis"].get("type") == ("log" if scale == "log" else None)


def test_the_edge_is_in_the_unit_that_is_drawn():
    bits = with_spikes(at40=8e6) / log(2)
    assert edge(drawn(bits, Look(unit="bits"))) == pytest.approx(1.5 * EVENLY / log(2))


def placed(figure):
    """Where the names of the floors stand, in pixels from the lowest line, highest first."""
    notes = figure["layout"]["annotations"]
    low, high = 2.0, 3.3
    return [note["y"] * 290 / (high - low) + note["yshift"] for note in notes]


def test_floors_that_lie_close_are_named_one_above_the_other():
    figure = drawn(LOSSES)
    floor_levels(figure, {"unigram": 2.50, "bigram": 2.49, "trigram": 2.48}, Look())
    high, middle, low = placed(figure)
    assert high - middle >= 15.5
    assert middle - low >= 15.5
    assert figure["layout"]["annotations"][2]["yshift"] == 0


def test_how_high_the_plot_is_follows_from_the_losses_alone():
    figure = drawn(LOSSES + 7)  # from 9 to 10.3: a nat is 223 pixels, and not 31
    floor_levels(figure, {"unigram": 9.5, "bigram": 9.4}, Look())
    assert [note["yshift"] for note in figure["layout"]["annotations"]] == [0, 0]


def test_floors_that_lie_apart_are_named_at_their_lines():
    figure = drawn(LOSSES)
    floor_levels(figure, {"unigram": 2.9, "bigram": 2.4}, Look())
    assert [note["yshift"] for note in figure["layout"]["annotations"]] == [0, 0]


def test_on_a_logarithmic_axis_a_name_stands_at_the_exponent():
    figure = drawn(LOSSES, Look(scale="log"))
    floor_levels(figure, {"bigram": 2.4}, Look(scale="log"))
    assert figure["layout"]["annotations"][0]["y"] == pytest.approx(np.log10(2.4))
    assert figure["layout"]["shapes"][0]["y0"] == 2.4
