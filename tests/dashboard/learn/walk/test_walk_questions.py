"""The kinds of questions: which predictions each of them takes, and when a number is near."""

import pytest

from dashboard.learn.walk.questions import Choice, Number, Order, OwnTrace

NUMBER = Number("?", least=1.0, most=3.4, digits=2, unit="nats", tolerance=0.1)
CHOICE = Choice("?", {"a": "A", "b": "B"})
REPAIR = Choice("?", {"a": "A", "b": "B"}, again=True)
ORDER = Order("?", {"a": "A", "b": "B"}, "first?")


@pytest.mark.parametrize(
    ("question", "prediction"),
    [
        (NUMBER, 1),
        (NUMBER, 3.4),
        (CHOICE, "b"),
        (REPAIR, ["b"]),
        (REPAIR, ["b", "a"]),
        (ORDER, ["b", "a"]),
        (OwnTrace(), {"said": 0.5, "word": "hello"}),
    ],
)
def test_a_prediction_of_its_kind_is_taken(question, prediction):
    assert question.accepts(prediction)


@pytest.mark.parametrize(
    ("question", "prediction"),
    [
        (NUMBER, 0.99),
        (NUMBER, float("nan")),
        (NUMBER, True),
        (NUMBER, "2"),
        (CHOICE, "c"),
        (CHOICE, ["a"]),
        (REPAIR, []),
        (REPAIR, ["a", "a"]),
        (REPAIR, "a"),
        (REPAIR, [["a"]]),
        (ORDER, ["a"]),
        (ORDER, ["a", "a"]),
        (ORDER, [1, 2]),
        (ORDER, {"a": 1, "b": 2}),
        (OwnTrace(), {"said": None}),
        (OwnTrace(), 0.5),
    ],
)
def test_whatever_else_a_browser_reports_is_not(question, prediction):
    assert not question.accepts(prediction)


def test_a_number_is_near_within_its_tolerance_as_it_is_written():
    assert NUMBER.near(1.66, 1.564)
    assert NUMBER.near(1.66, 1.5551)
    assert not NUMBER.near(1.66, 1.554)


@pytest.mark.parametrize("question", [NUMBER, CHOICE, REPAIR, ORDER, OwnTrace()])
def test_what_is_asked_names_its_kind(question):
    assert question.asked()["kind"] in ("number", "choice", "order", "trace")
