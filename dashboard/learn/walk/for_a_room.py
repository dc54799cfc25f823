"""The walk's questions that a whole room can answer at once, with what was measured.

Knows nothing of how a room is asked. Left out are step 2, where each has a number of a network of
their own, and step 7, where one goes on trying until one is right.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from core.errors import UnrollError
from dashboard.learn.walk.questions import Choice, Number, Order, Outcome, Prediction
from dashboard.learn.walk.step import Step
from dashboard.learn.walk.steps import STEPS

_WALK = "walk: "


@dataclass(frozen=True, slots=True)
class RoomQuestion:
    """A question with its options, none for a number.

    Attributes:
        about: finds its outcome again.
        outcome: what came true; empty where runs are still to be trained for it.
    """

    title: str
    text: str
    options: tuple[str, ...]
    about: str
    outcome: str


def room_questions() -> Iterator[RoomQuestion]:
    """In the order of the walk; a step whose recorded runs are not here is left out."""
    for number, step in enumerate(STEPS, 1):
        try:
            found = _of(number, step)
        except UnrollError:
            continue
        if found is not None:
            yield found


def outcome_of(about: str) -> str:
    """What came true of a step's question; empty where that is not known, or it is none of these.

    Raises:
        UnrollError: the runs that it was measured on are gone.
    """
    step = next((step for step in STEPS if about == _WALK + step.name), None)
    prediction = None if step is None else _any_prediction(step)
    if step is None or prediction is None:
        return ""
    outcome = step.outcome(prediction)
    return "" if outcome is None else _in_words(step, outcome)


def _of(number: int, step: Step) -> RoomQuestion | None:
    if _any_prediction(step) is None:
        return None
    text, options = _asked(step.question())
    title = f"The walk, step {number}: {step.title}"
    about = _WALK + step.name
    return RoomQuestion(title, text, options, about, outcome_of(about))


def _asked(question: Any) -> tuple[str, tuple[str, ...]]:
    """The question as a room is asked it; of an order it is asked what comes first."""
    if isinstance(question, Number):
        return f"{question.ask} (A number of {question.unit}.)", ()
    if isinstance(question, Order):
        return question.first, tuple(question.items.values())
    return question.ask, tuple(question.options.values())


def _any_prediction(step: Step) -> Prediction | None:
    """One of those that the step takes; what was measured does not depend on which."""
    if step.asked_by_its_picture:
        return None
    question = step.question()
    if isinstance(question, Number):
        return question.least
    if isinstance(question, Order):
        return list(question.items)
    if isinstance(question, Choice) and not question.again:
        return next(iter(question.options))
    return None


def _in_words(step: Step, outcome: Outcome) -> str:
    """What was measured, without what follows from it; of an order its names in theirs."""
    measured, *_ = outcome.sentences.split("\n")
    if not isinstance(step.question(), Order):
        return measured
    return f"{measured} {', '.join(name for name, *_ in outcome.table[1:])}."
