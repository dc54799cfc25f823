"""The picture of what is used against what is trained shows the curve's own numbers."""

from dataclasses import replace

import pytest
from checked import Checked

from core.records import CONTEXT_LENGTHS, ContextRecord, ProbeRecord
from dashboard.charts import context

chart = Checked(context).context_chart
FLOW = (*(0.6**k for k in range(11)), *(0.001,) * 90)
EXCESS = (2.161, 1.547, 1.101, 0.309, 0.027, 0.002, 0.0, 0.0)
CURVE = ContextRecord(3_000, tuple(1.581 + excess for excess in EXCESS), 1.581)
TEN = ProbeRecord(400, FLOW, 0.6, 1, 10, 1.4, 10, 1.0, 1.7, 0.9, 0.6, 0.6, 1.0, 0.1, 0.0)


def uprights(figure):
    return [s.x0 for s in figure.layout.shapes if s.type == "line" and s.yref == "paper"]


def notes(figure):
    return [note.text for note in figure.layout.annotations]


def test_the_curve_is_what_is_lost_by_how_many_characters_are_its_own():
    (line,) = chart(CURVE, TEN, 25).data
    assert line.x.tolist() == list(CONTEXT_LENGTHS)
    assert line.y.tolist() == pytest.approx(EXCESS, abs=1e-6)
    assert line.name == "used at step 3,000"


def test_used_gradient_and_unrollings_are_marked_on_one_axis():
    figure = chart(CURVE, TEN, 25)
    # The character 10 back is the eleventh, the last one read being the first.
    assert uprights(figure) == [25, 11, 13]
    assert notes(figure) == ["T = 25", "gradient: 10 back", "used: 9 to 13"]
    assert figure.layout.xaxis.range[1] > 34


def test_a_horizon_at_the_end_of_what_was_looked_at_may_lie_beyond():
    endless = replace(TEN, flow=(1.0,) * 101, horizon=100)
    assert "gradient: at least 100 back" in notes(chart(CURVE, endless, 25))


def test_what_is_not_known_is_not_marked():
    flat = ContextRecord(5, (2.0,) * 8, 1.0)
    assert flat.used is None
    assert notes(chart(flat, None, 100)) == ["T = 100"]
    assert chart(flat, None, 100).layout.xaxis.range[1] > 100


def test_without_a_curve_the_chart_is_titled_and_says_when_it_comes():
    figure = chart(None, TEN, 25)
    assert figure.layout.title.text == context.TITLE
    assert notes(figure) == ["measured with the first report"]
    assert len(figure.data) == 0
