"""What the live chart sends to the browser, and the files it needs there."""

import base64
import gzip
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import plotly.graph_objects as go
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.widgets import plotly_assets
from dashboard.widgets.live_chart import figure_payload
from dashboard.widgets.plotly_assets import CHART_FILE, PLOTLY_FILE, ensure_plotly_js


def unpacked(packed):
    numbers = np.frombuffer(base64.b64decode(packed["bdata"]), f"<{packed['dtype']}")
    if "shape" in packed:
        return numbers.reshape([int(extent) for extent in packed["shape"].split(",")])
    return numbers


def sent(values):
    """The y that reaches the browser, after JSON."""
    payload = figure_payload({"data": [{"type": "scatter", "y": values}], "layout": {}})
    return json.loads(json.dumps(payload, allow_nan=False))["data"][0]["y"]


def test_losses_travel_in_32_bits():
    packed = sent(np.array([2.5, 0.1, 1e10]))
    assert packed["dtype"] == "f4"
    np.testing.assert_array_equal(unpacked(packed), np.array([2.5, 0.1, 1e10], "f4"))


def test_a_gap_stays_a_gap():
    assert np.isnan(unpacked(sent(np.array([1.0, np.nan, 3.0])))[1])
    assert sent([1.0, float("nan"), float("inf")]) == [1.0, None, None]


@pytest.mark.parametrize("extreme", [1e-40, 1e39, -1e39])
def test_a_number_that_32_bits_cannot_hold_keeps_all_its_values_in_64(extreme):
    packed = sent(np.array([1.0, extreme]))
    assert packed["dtype"] == "f8"
    np.testing.assert_array_equal(unpacked(packed), [1.0, extreme])


def test_zeros_and_infinities_do_not_force_64_bits():
    assert sent(np.array([0.0, -0.0, np.inf, -np.inf, np.nan]))["dtype"] == "f4"


def test_whole_numbers_keep_their_values():
    steps = np.array([1, 2**40 + 1])  # too long for 32 bits
    assert sent(steps) == [1, 2**40 + 1]
    np.testing.assert_array_equal(unpacked(sent(np.arange(300))), np.arange(300))


def test_a_heat_map_keeps_its_shape():
    values = np.arange(6.0).reshape(2, 3)
    payload = figure_payload({"data": [{"type": "heatmap", "z": values}], "layout": {}})
    np.testing.assert_array_equal(unpacked(payload["data"][0]["z"]), values)


def test_words_and_numpy_scalars_become_plain_values():
    note = {"x": np.int64(3), "y": np.float32(0.5), "text": "here", "arrowsize": np.float64(2)}
    payload = figure_payload(
        {
            "data": [{"type": "bar", "x": np.array(["a", "b"], dtype=object), "y": [1, 2]}],
            "layout": {"annotations": [note]},
        }
    )
    assert payload["data"][0]["x"] == ["a", "b"]
    note = payload["layout"]["annotations"][0]
    assert (note["x"], note["y"], note["arrowsize"]) == (3, 0.5, 2)
    json.dumps(payload, allow_nan=False)


def test_the_figure_is_not_changed():
    curve = {"type": "scatter", "y": np.array([1.0])}
    figure = {"data": [curve], "layout": {"title": {"text": "Loss"}}}
    assert figure_payload(figure)["layout"] == {"title": {"text": "Loss"}}
    assert figure["data"] == [curve]
    assert curve["y"].dtype == np.float64


def test_a_figure_is_sent_as_plotlys_own_would_be():
    numbers = np.array([1.0, np.nan, np.inf, 1e-40, 3e38], np.float32)
    figure = {
        "data": [
            {"type": "scatter", "x": numbers, "y": numbers[::-1], "name": "a"},
            {"type": "heatmap", "z": np.ones((2, 3), np.float32)},
        ],
        "layout": {"xaxis": {"range": [0, 1]}, "shapes": [{"type": "line", "x0": 2.5}]},
    }
    plotlys = go.Figure(figure).to_plotly_json()
    plotlys["layout"].pop("template")
    assert figure_payload(figure) == plotlys


def test_six_curves_of_500_points_take_less_than_40_kilobytes():
    steps = np.arange(500) + 1_000_000
    rows = np.random.default_rng(0).normal(size=(6, 500))
    curves = [{"type": "scatter", "x": steps, "y": row} for row in rows]
    assert len(json.dumps(figure_payload({"data": curves, "layout": {}}))) < 40_000


def growing_chart():
    import numpy as np
    import streamlit as st

    from dashboard.widgets.live_chart import live_chart

    points = st.number_input("Points", value=1)
    figure = {"data": [{"type": "scatter", "y": np.ones(points)}], "layout": {}}
    live_chart(figure, key="loss", height=200, alt="A line.", revision="run 1")


def test_new_data_keep_the_identity_of_the_chart():
    app = AppTest.from_function(growing_chart, default_timeout=20).run()
    first = app.get("bidi_component")[0].proto
    app.number_input[0].set_value(50).run()
    second = app.get("bidi_component")[0].proto
    assert not app.exception
    assert first.id == second.id
    data = json.loads(second.json)
    assert (data["height"], data["alt"], data["revision"]) == (200, "A line.", "run 1")
    assert unpacked(data["figure"]["data"][0]["y"]).tolist() == [1.0] * 50


def test_the_scripts_do_not_travel_with_every_update():
    app = AppTest.from_function(growing_chart, default_timeout=20).run()
    chart = app.get("bidi_component")[0].proto
    assert CHART_FILE in chart.js_content
    assert PLOTLY_FILE in chart.js_content
    assert len(chart.js_content) + len(chart.css_content) < 1_500


def test_the_files_are_put_where_streamlit_serves_them(tmp_path):
    static = tmp_path / "new" / "static"
    ensure_plotly_js(static)
    assert sorted(path.name for path in static.iterdir()) == sorted([CHART_FILE, PLOTLY_FILE])
    library = gzip.decompress((static / PLOTLY_FILE).read_bytes())
    assert library == plotly_assets._PLOTLY_JS.read_bytes()
    assert "export default" in (static / CHART_FILE).read_text(encoding="utf-8")


def test_files_that_are_there_are_left_alone(tmp_path):
    ensure_plotly_js(tmp_path)
    before = (tmp_path / PLOTLY_FILE).stat()
    ensure_plotly_js(tmp_path)
    after = (tmp_path / PLOTLY_FILE).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


@pytest.mark.parametrize("share", [0.0, 1e-5, 0.5])
def test_half_a_file_is_replaced(tmp_path, share):
    ensure_plotly_js(tmp_path)
    whole = (tmp_path / PLOTLY_FILE).read_bytes()
    for name in (PLOTLY_FILE, CHART_FILE):
        (tmp_path / name).write_bytes(whole[: int(share * len(whole))])
    ensure_plotly_js(tmp_path)
    assert (tmp_path / PLOTLY_FILE).read_bytes() == whole
    assert (tmp_path / CHART_FILE).read_bytes() == plotly_assets._CHART_JS.read_bytes()


def test_several_starts_at_once_leave_whole_files_and_nothing_else(tmp_path):
    with ThreadPoolExecutor(4) as starts:
        list(starts.map(ensure_plotly_js, [tmp_path] * 4))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([CHART_FILE, PLOTLY_FILE])


def test_a_copy_that_fails_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(*_):
        raise OSError("no space left")

    monkeypatch.setattr(plotly_assets.os, "replace", full)
    with pytest.raises(OSError, match="no space"):
        ensure_plotly_js(tmp_path)
    assert list(tmp_path.iterdir()) == []
