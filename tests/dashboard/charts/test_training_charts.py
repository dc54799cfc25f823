"""What the curves show: the tables' own numbers, every floor, every spike, every change."""

from math import log

import numpy as np
import pandas as pd
import pytest
from checked import Checked

from core.history import History
from core.palette import EVENT, FLOORS, TANH, THRESHOLD
from core.records import Event, Report, StepRecord
from dashboard.charts import training
from dashboard.charts.frames import events_frame, metrics_frame, reports_frame
from dashboard.charts.losses import AXES, Look, in_unit

FLOOR_VALUES = {
    "uniform": log(27),
    "unigram": 2.854,
    "bigram": 2.375,
    "trigram": 1.986,
    "fourgram": 1.579,  # not drawn: few networks here get near it
}


def steps(losses, norms, clip=1.25):
    """A table of steps of 20 characters and 0.5 s."""
    history = History()
    for step, (loss, norm) in enumerate(zip(losses, norms, strict=True), start=1):
        history.append(
            StepRecord(
                step=step,
                characters_seen=20 * step,
                loss_nats=loss,
                grad_norm=norm,
                grad_norm_clipped=min(norm, clip),
                clipped=norm > clip,
                learning_rate=0.1 if step < 3 else 0.05,
                seconds=step / 2,
            )
        )
    return metrics_frame(history.view())


METRICS = steps([3.0, 2.0, 90.0, 2.5], [0.5, 1.0, 70.0, 0.25])
REPORTS = reports_frame(
    [Report(0, 0, 0.1, None, 3.3, "qx"), Report(4, 80, 2.0, 24.375, 2.75, "the")]
)
EVENTS = events_frame([Event(2, "clip", 0.5), Event(3, "learning_rate", 0.001)], METRICS)
NO_METRICS, NO_REPORTS = metrics_frame(History().view()), reports_frame(())
NO_EVENTS = events_frame((), NO_METRICS)

charts = Checked(training)
gradient_chart, learning_rate_chart = charts.gradient_chart, charts.learning_rate_chart


def loss_chart(metrics=METRICS, reports=REPORTS, floors=FLOOR_VALUES, events=EVENTS, **look):
    return charts.loss_chart(metrics, reports, floors, events, TANH, Look(**look))


def trace(figure, name, shown=True):
    """The one trace of this name that the legend shows, or that it does not."""
    (found,) = [t for t in figure.data if t.name == name and (t.showlegend is not False) == shown]
    return found


def labels(figure):
    return [note.text for note in figure.layout.annotations]


def levels(figure):
    """The heights of the horizontal lines, in the order of the drawing."""
    return [shape.y0 for shape in figure.layout.shapes if shape.xref == "paper"]


def marks(figure):
    """Where the vertical lines stand."""
    return [shape.x0 for shape in figure.layout.shapes if shape.yref == "paper"]


def test_losses_are_drawn_as_they_are_in_nats():
    figure = loss_chart()
    assert trace(figure, "each step").y.tolist() == [3.0, 2.0, 90.0, 2.5]
    assert trace(figure, "each step", shown=False).y.tolist() == [3.0, 2.0, 90.0, 2.5]
    means = np.cumsum([3.0, 2.0, 90.0, 2.5]) / [1, 2, 3, 4]
    np.testing.assert_allclose(trace(figure, "100-step mean").y, means, rtol=1e-6)
    assert trace(figure, "validation").y.tolist() == pytest.approx([3.3, 2.75])
    assert figure.layout.yaxis.title.text == "nats per character"


def test_bits_are_nats_over_the_logarithm_of_two():
    nats, bits = loss_chart(unit="nats"), loss_chart(unit="bits")
    assert len(nats.data) == len(bits.data) == 5
    for one, other in zip(nats.data, bits.data, strict=True):
        np.testing.assert_allclose(other.y, one.y / log(2), rtol=1e-6)
        np.testing.assert_array_equal(other.x, one.x)
    assert levels(bits) == pytest.approx([nats / log(2) for nats in levels(nats)])
    assert bits.layout.yaxis.title.text == "bits per character"
    assert "bigram 3.43" in labels(bits)
    assert in_unit(log(2), "bits") == pytest.approx(1)
    assert in_unit(2.5, "nats") == 2.5


@pytest.mark.parametrize(
    ("axis", "x", "reported", "title"),
    [
        ("step", [1, 2, 3, 4], [0, 4], "Steps"),
        ("characters_seen", [20, 40, 60, 80], [0, 80], "Characters"),
        ("seconds", [0.5, 1, 1.5, 2], [0.1, 2], "Seconds"),
    ],
)
def test_every_curve_follows_the_chosen_axis(axis, x, reported, title):
    figures = [
        loss_chart(axis=axis),
        gradient_chart(METRICS, EVENTS, 1.25, axis=axis),
        learning_rate_chart(METRICS, EVENTS, axis=axis),
    ]
    for figure in figures:
        assert figure.layout.xaxis.title.text == title
        for curve in figure.data:
            if curve.name == "higher than drawn":
                expected = x[2:3]
            else:
                expected = reported if curve.name == "validation" else x
            assert curve.x.tolist() == pytest.approx(expected)


def test_every_floor_is_drawn_once_with_its_value():
    figure = loss_chart(events=NO_EVENTS)
    assert levels(figure) == [FLOOR_VALUES[name] for name in FLOORS]
    assert labels(figure) == [
        "uniform 3.30",
        "unigram 2.85",
        "bigram 2.38",
        "trigram 1.99",
        "4-gram 1.58",
    ]
    named = figure.layout.annotations[2]
    assert (named.hovertext, named.x) == ("2 characters counted (bigram)", 1.01)
    for shape, note in zip(figure.layout.shapes, figure.layout.annotations, strict=True):
        assert shape.y0 == shape.y1 == note.y
        assert (shape.x0, shape.x1) == (0, 1)
        term = note.text.split()[-2].strip("()").replace("4-gram", "fourgram")
        assert shape.line.dash == FLOORS[term].dash


def test_a_spike_of_one_step_in_a_long_run_is_drawn():
    losses, norms = np.full(5_000, 2.0), np.full(5_000, 0.5)
    losses[3_141] = norms[2_718] = 16_000
    metrics = steps(losses, norms)
    assert len(metrics) <= 500
    loss = loss_chart(metrics, events=NO_EVENTS)
    assert trace(loss, "each step").y.max() == 16_000
    assert trace(loss, "each step", shown=False).y.max() == 2
    gradient = gradient_chart(metrics, NO_EVENTS, 1.25)
    assert trace(gradient, "before clipping").y.max() == 16_000
    assert trace(gradient, "after").y.max() <= 1.25


def test_the_training_loss_wears_the_style_that_is_asked_for():
    figure = loss_chart()
    assert trace(figure, "100-step mean").line.color == TANH.color
    assert trace(figure, "each step").line.color == TANH.color


def test_many_reports_lose_their_markers_and_no_value():
    many = pd.concat([REPORTS] * 40, ignore_index=True)
    curve = trace(loss_chart(reports=many), "validation")
    assert curve.mode == "lines"
    assert len(curve.y) == 80
    assert trace(loss_chart(), "validation").mode == "lines+markers"


@pytest.mark.parametrize("axis", AXES)
def test_a_change_is_a_marked_line_at_its_step_on_every_chart(axis):
    figures = [
        loss_chart(axis=axis),
        gradient_chart(METRICS, EVENTS, 1.25, axis=axis),
        learning_rate_chart(METRICS, EVENTS, axis=axis),
    ]
    expected = {"step": [2, 3], "characters_seen": [40, 60], "seconds": [1.0, 1.5]}[axis]
    for figure in figures:
        assert marks(figure) == expected
        notes = {note.text: note.x for note in figure.layout.annotations if note.yref == "paper"}
        assert notes == dict(zip(["clip 0.5", "rate 0.001"], expected, strict=True))
        assert figure.layout.shapes[-1].line.dash == EVENT.dash


def test_of_changes_too_close_to_read_the_last_is_named():
    # The axis ends at step 4: labels need 4 % of it, 0.16 steps.
    events = events_frame(
        [Event(1, "clip", c) for c in (0.5, 1, 2)] + [Event(3, "clip", 4)], METRICS
    )
    figure = learning_rate_chart(METRICS, events)
    assert marks(figure) == [1, 1, 1, 3]
    assert [label for label in labels(figure) if label.startswith("clip")] == ["clip 2", "clip 4"]


@pytest.mark.parametrize(("step", "side"), [(1, "left"), (4, "right")])
def test_a_change_is_named_beside_its_line_and_never_beyond_the_plot(step, side):
    events = events_frame([Event(step, "clip", 0.5)], METRICS)
    (named,) = [a for a in loss_chart(events=events).layout.annotations if a.text == "clip 0.5"]
    assert (named.x, named.xanchor) == (step, side)


def test_a_change_of_unrollings_is_marked_too():
    events = events_frame([Event(1, "unrollings", 40)], METRICS)
    assert "T 40" in labels(learning_rate_chart(METRICS, events))


def test_the_gradient_norm_has_a_logarithmic_axis_and_both_its_values():
    figure = gradient_chart(METRICS, NO_EVENTS, 1.25)
    assert figure.layout.yaxis.type == "log"
    assert trace(figure, "before clipping").y.tolist() == [0.5, 1.0, 70.0, 0.25]
    assert trace(figure, "after").y.tolist() == [0.5, 1.0, 1.25, 0.25]


def test_the_clip_line_stands_at_its_value_and_its_label_beside_it():
    figure = gradient_chart(METRICS, NO_EVENTS, 1.25)
    (line,) = figure.layout.shapes
    assert line.y0 == line.y1 == 1.25
    assert line.line.dash == THRESHOLD.dash
    (note,) = figure.layout.annotations
    assert note.text == "clip 1.25"
    assert 10**note.y == pytest.approx(1.25)  # notes on a logarithmic axis take the exponent


def test_without_clipping_there_is_no_clip_line():
    figure = gradient_chart(METRICS, NO_EVENTS, 0)
    assert len(figure.layout.shapes) == len(figure.layout.annotations) == 0


def test_the_learning_rate_falls_in_steps():
    (curve,) = learning_rate_chart(METRICS, NO_EVENTS).data
    np.testing.assert_allclose(curve.y, [0.1, 0.1, 0.05, 0.05], rtol=1e-6)
    assert curve.line.shape == "hv"


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("unit", ["nats", "bits"])
def test_without_data_every_figure_is_titled_and_says_so(axis, unit):
    figures = {
        "Loss": loss_chart(NO_METRICS, NO_REPORTS, {}, NO_EVENTS, unit=unit, axis=axis),
        "Gradient norm": gradient_chart(NO_METRICS, NO_EVENTS, 0, axis=axis),
        "Learning rate": learning_rate_chart(NO_METRICS, NO_EVENTS, axis=axis),
    }
    for title, figure in figures.items():
        assert figure.layout.title.text == title
        assert figure.layout.xaxis.title.text == AXES[axis]
        assert figure.layout.yaxis.title.text
        assert labels(figure) == ["no steps yet"]
        assert all(len(curve.y) == 0 for curve in figure.data)


def test_the_floors_are_there_before_the_first_step():
    figure = loss_chart(NO_METRICS, NO_REPORTS, FLOOR_VALUES, NO_EVENTS)
    assert len(levels(figure)) == 5
    assert "no steps yet" in labels(figure)
    assert figure.layout.yaxis.range[1] == pytest.approx(log(27))


def test_the_largest_loss_that_32_bits_hold_is_drawn_without_a_complaint():
    metrics = steps([3.4e38, 2.0], [3.4e38, 0.0])
    for unit in ("nats", "bits"):
        figure = loss_chart(metrics, events=NO_EVENTS, unit=unit)
        assert trace(figure, "each step").y[1] == pytest.approx(in_unit(2.0, unit))
    assert trace(gradient_chart(metrics, NO_EVENTS, 1), "before clipping").y[1] == 0
