"""What the charts of gradient flow and of norms show: the probes' own numbers, and every mark."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from checked import Checked

from core.records import ProbeRecord
from dashboard.charts import flow, norms, reach
from dashboard.charts.frames import flow_frame, probes_frame

LAGS = 40
flow_charts, norm_charts = Checked(flow), Checked(norms)
reach_chart = Checked(reach).reach_chart


def probe(step=200, decay=0.7, horizon=12, **more):
    flow = tuple((decay ** np.arange(LAGS + 1)).tolist())
    values = {
        "step": step,
        "flow": flow,
        "decay_per_step": decay,
        "fit_from": 1,
        "fit_to": 30,
        "half_life": 1.9,
        "horizon": horizon,
        "spectral_radius": 1.1,
        "largest_singular_value": 2.0,
        "rms_singular_value": 1.0,
        "mean_slope": 0.5,
        "rms_slope": 0.68,
        "rms_gate": 1.0,
        "saturated_share": 0.1,
        "dead_share": 0.0,
        "window_gradient": (0.1, 0.2, 0.3),
    }
    return ProbeRecord(**{**values, **more})


PROBES = tuple(probe(200 * i, 0.5 + i / 50, 7 + i) for i in range(8))


def trace(figure, name):
    """The uppermost trace of this name."""
    return [t for t in figure.data if t.name == name][-1]


def notes(figure):
    return [note.text for note in figure.layout.annotations]


def uprights(figure):
    """Where lines stand that go from the bottom to the top."""
    return [s.x0 for s in figure.layout.shapes if s.type == "line" and s.yref == "paper"]


def test_tables_hold_what_the_probes_say():
    table = probes_frame(PROBES)
    assert table["step"].tolist() == [200 * i for i in range(8)]
    assert table["horizon"].tolist() == list(range(7, 15))
    assert table["expected_decay"].tolist() == pytest.approx([0.68] * 8)
    assert "flow" not in table
    flows = flow_frame(PROBES)
    assert flows.shape == (LAGS + 1, 8)
    assert flows[400].tolist() == list(PROBES[2].flow)


def test_a_long_run_keeps_its_first_and_its_newest_column():
    flows = flow_frame(tuple(probe(i) for i in range(500)), columns=90)
    assert flows.shape[1] == 90
    assert (flows.columns[0], flows.columns[-1]) == (0, 499)
    assert flow_frame(()).empty
    assert probes_frame(()).empty


def test_the_waterfall_is_the_logarithm_of_the_flow_with_horizon_and_unrollings():
    figure = flow_charts.waterfall_chart(flow_frame(PROBES), probes_frame(PROBES), 25)
    heat = figure.data[0]
    assert heat.x.tolist() == [200 * i for i in range(8)]
    np.testing.assert_allclose(heat.z[10], [10 * np.log10(0.5 + i / 50) for i in range(8)], 1e-5)
    assert trace(figure, "horizon").y.tolist() == list(range(7, 15))
    assert trace(figure, "T").y.tolist() == [24.5, 24.5]  # its last lag is 24
    assert trace(figure, "T").x.tolist() == [-100, 1500]
    assert notes(figure) == ["unrollings T = 25", "horizon"]


def test_no_flow_at_all_is_the_faintest_colour_and_no_gap():
    dead = probe(0, flow=(1.0, *[0.0] * LAGS), horizon=0)
    figure = flow_charts.waterfall_chart(flow_frame((dead,)), probes_frame((dead,)), 20)
    assert figure.data[0].z[:, 0].tolist() == [0.0, *[-8.0] * 22]


def test_numbers_that_are_not_finite_do_not_break_the_waterfall():
    wild = probe(flow=(1.0, float("inf"), float("nan"), *[0.0] * (LAGS - 2)))
    figure = flow_charts.waterfall_chart(flow_frame((wild,)), probes_frame((wild,)), 20)
    assert np.isfinite(figure.data[0].z).all()


def test_the_profile_marks_fit_half_life_horizon_and_unrollings():
    figure = flow_charts.profile_chart(probe(), 25)
    measured, fit = trace(figure, "measured"), trace(figure, "fit: 0.700 a step")
    np.testing.assert_allclose(measured.y, 0.7 ** np.arange(len(measured.y)), rtol=1e-5)
    assert fit.x.tolist() == [1, 30]
    np.testing.assert_allclose(fit.y, [0.7, 0.7**30], rtol=1e-4)
    assert uprights(figure) == [1.9, 12, 24.5]
    assert notes(figure) == ["half-life 1.9", "horizon 12", "T = 25"]
    (wasted,) = [s for s in figure.layout.shapes if s.type == "rect"]
    assert (wasted.x0, wasted.x1) == (12, 24.5)
    assert "step 200" in figure.layout.title.text


@pytest.mark.parametrize("horizon", [24, 30])  # a window of 25 ends with lag 24
def test_within_the_horizon_nothing_is_wasted(horizon):
    figure = flow_charts.profile_chart(probe(horizon=horizon), 25)
    assert [s for s in figure.layout.shapes if s.type == "rect"] == []


def test_a_dead_flow_has_no_fit_and_no_half_life():
    dead = replace(
        probe(), flow=(1.0, *[0.0] * LAGS), decay_per_step=0.0, fit_from=0, fit_to=1, half_life=0
    )
    figure = flow_charts.profile_chart(replace(dead, horizon=0), 25)
    assert [t.name for t in figure.data] == ["measured"]
    assert notes(figure) == ["horizon 0", "T = 25"]


def test_the_window_gradient_is_by_place_from_1():
    (line,) = flow_charts.window_gradient_chart(probe()).data
    assert line.x.tolist() == [1, 2, 3]
    np.testing.assert_allclose(line.y, [0.1, 0.2, 0.3])


def test_the_triangle_is_cut_off_at_the_horizon():
    figure = reach_chart(40, 12)
    learned, unused = trace(figure, "learned from"), trace(figure, "computed, below 1 %")
    assert list(zip(learned.x, learned.y, strict=True)) == [(1, 0), (13, 12), (40, 12), (40, 0)]
    assert list(zip(unused.x, unused.y, strict=True)) == [(13, 12), (40, 39), (40, 12)]
    assert {"horizon 12", "average 19.5", "state comes in", "gradient stops"} <= set(notes(figure))


@pytest.mark.parametrize(
    ("horizon", "sides"),
    [
        (11, {"horizon 11": "top", "average 12": "bottom"}),
        (13, {"horizon 13": "bottom", "average 12": "top"}),
        (20, {"horizon 20": "bottom", "average 12": "bottom"}),
    ],
)
def test_labels_of_levels_that_are_close_stand_on_either_side(horizon, sides):
    figure = reach_chart(25, horizon)
    found = {note.text: note.yanchor for note in figure.layout.annotations}
    assert {label: found[label] for label in sides} == sides


@pytest.mark.parametrize(("unrollings", "horizon"), [(40, 100), (40, None), (1, 0), (200, 3)])
def test_any_window_can_be_drawn(unrollings, horizon):
    figure = reach_chart(unrollings, horizon)
    names = [t.name for t in figure.data]
    assert ("computed, below 1 %" in names) == (horizon == 3)


def test_causes_and_units_are_the_probes_own_figures():
    table = probes_frame(PROBES)
    causes, units = flow_charts.causes_chart(table), flow_charts.units_chart(table)
    for figure, name, column in (
        (causes, "decay, measured", "decay_per_step"),
        (causes, "weights × slopes", "expected_decay"),
        (causes, "weights, spectral radius", "spectral_radius"),
        (units, "mean slope |φ′|", "mean_slope"),
        (units, "saturated, |h| > 0.99", "saturated_share"),
        (units, "dead, always 0", "dead_share"),
    ):
        np.testing.assert_allclose(trace(figure, name).y, table[column], rtol=1e-6)


def test_every_chart_exists_without_data():
    nothing, none = probes_frame(()), flow_frame(())
    empty = np.empty(0)
    for figure in (
        flow_charts.waterfall_chart(none, nothing, 25),
        flow_charts.profile_chart(None, 25),
        flow_charts.window_gradient_chart(None),
        flow_charts.window_gradient_chart(probe(window_gradient=())),
        flow_charts.causes_chart(nothing),
        flow_charts.units_chart(nothing),
        norm_charts.clipping_chart(empty, empty, empty, 1.25),
        norm_charts.norm_histogram(empty, 1.25),
        norm_charts.replay_chart(empty, empty, empty),
        norm_charts.unit_heat_map(np.empty((0, 0)), "", "tanh"),
    ):
        assert figure.layout.title.text
        assert len(notes(figure)) == 1


STEPS, NORMS = np.arange(1, 6), np.array([0.5, 1.0, 40.0, np.inf, 0.25])


def test_norms_stand_as_they_are_before_and_after_clipping():
    figure = norm_charts.clipping_chart(STEPS, NORMS, np.minimum(NORMS, 1.25), 1.25)
    np.testing.assert_array_equal(trace(figure, "before clipping").y[:3], [0.5, 1, 40])
    assert np.isnan(trace(figure, "before clipping").y[3])  # a gap, not the end of the axis
    np.testing.assert_allclose(trace(figure, "after").y, [0.5, 1, 1.25, 1.25, 0.25])
    assert notes(figure) == ["clip 1.25"]
    assert notes(norm_charts.clipping_chart(STEPS, NORMS, NORMS, 0)) == []


def test_the_histogram_counts_every_finite_norm_once_and_tells_the_clipped_apart():
    figure = norm_charts.norm_histogram(NORMS, 1.25)
    assert sum(int(bar.y.sum()) for bar in figure.data) == 4
    assert int(trace(figure, "clipped").y.sum()) == 1
    assert len(figure.layout.xaxis.tickvals) == len(figure.layout.xaxis.ticktext) <= 8
    assert [bar.name for bar in norm_charts.norm_histogram(NORMS, 0).data] == ["left as it is"]


@pytest.mark.parametrize("values", [[0.5] * 9, [0.4, 0.9], [1e-9, 1e9]])
def test_histogram_ticks_are_round_and_few(values):
    axis = norm_charts.norm_histogram(np.array(values), 0).layout.xaxis
    assert 0 < len(axis.tickvals) <= 8


def test_the_heat_map_has_a_row_a_unit_and_a_column_a_character():
    values = np.linspace(-1, 1, 12).reshape(3, 4)
    figure = norm_charts.unit_heat_map(values, "a b", "tanh")
    assert np.array(figure.data[0].z).shape == (4, 3)
    assert list(figure.layout.xaxis.ticktext) == ["a", "␣", "b"]
    assert (figure.data[0].zmin, figure.data[0].zmax) == (-1, 1)
    assert norm_charts.unit_heat_map(abs(values), "a b", "relu").data[0].zmin == 0


def test_a_table_of_one_probe_still_has_an_axis():
    figure = flow_charts.waterfall_chart(flow_frame(PROBES[:1]), probes_frame(PROBES[:1]), 25)
    assert trace(figure, "T").x.tolist() == [-0.5, 0.5]
    assert list(figure.layout.xaxis.tickvals) == [0]
    assert isinstance(probes_frame(PROBES[:1]), pd.DataFrame)
