"""Context curves of several settings beside their horizons."""

import numpy as np
import pytest
from checked import Checked

from core.palette import NEITHER, PUBLISHED
from core.records import CONTEXT_LENGTHS, ContextRecord
from dashboard.charts import contexts
from dashboard.charts.contexts import Used

charts = Checked(contexts)


def record(worth):
    """A curve that loses `worth` nats with one character, and less with each further one."""
    return ContextRecord(10, tuple(1.5 + worth / 2**k for k in range(len(CONTEXT_LENGTHS))), 1.5)


LONG = Used("T 25", PUBLISHED, [record(1.0), record(2.0)], [9, 10])
SHORT = Used("T 1", NEITHER, [record(0.5)], [])


def test_the_thick_line_is_the_mean_of_the_seeds():
    figure = charts.contexts_chart([LONG, SHORT])
    (mean,) = [trace for trace in figure.data if trace.name == "T 25"]
    assert mean.y[0] == pytest.approx(1.5)
    thin = [trace for trace in figure.data if trace.legendgroup == "T 25" and trace is not mean]
    assert [trace.y[0] for trace in thin] == [pytest.approx(1.0), pytest.approx(2.0)]


def test_a_horizon_of_9_and_10_back_reaches_the_10_5th_character():
    figure = charts.contexts_chart([LONG, SHORT])
    (shape,) = figure.layout.shapes
    (note,) = figure.layout.annotations
    assert (shape.x0, shape.x1) == (10.5, 10.5)
    assert note.x == pytest.approx(np.log10(10.5))
    assert note.text == "gradient, T 25: 9.5 back"


def test_without_a_curve_it_says_so():
    figure = charts.contexts_chart([Used("T 1", NEITHER, [], [])])
    assert figure.layout.annotations[0].text == "nothing measured yet"
