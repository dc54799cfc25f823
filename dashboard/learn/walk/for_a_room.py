"""The walk's questions that a whole room can answer at once, with what was measured.

Those that are answered by runs which are there already; knows nothing of how a room is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from core.errors import UnrollError
from dashboard.learn.walk.questions import Choice, Number, Prediction
from dashboard.learn.walk.step import Step
from dashboard.learn.walk.steps import STEPS


@dataclass(frozen=True, slots=True)
class RoomQuestion:
    """A question with its options, none for a number, and what came true."""

    title: str
    text: str
    options: tuple[str, ...]
    outcome: str


def room_questions() -> Iterator[RoomQuestion]:
    """In the order of the walk; a step whose runs are not here is left out."""
    for number, step in enumerate(STEPS, 1):
        try:
            found = _of(number, step)
        except UnrollError:
            continue
        if found is not None:
            yield found


def _of(number: int, step: Step) -> RoomQuestion | None:
    if step.asked_by_its_picture:
        return None
    question = step.question()
    if isinstance(question, Number):
        options: tuple[str, ...] = ()
        first: Prediction = question.least
        last: Prediction = question.most
        text = f"{question.ask} (A number of {question.unit}.)"
    elif isinstance(question, Choice) and not question.again:
        options, text = tuple(question.options.values()), question.ask
        first, *_, last = question.options
    else:
        return None
    if step.trains(first):
        return None
    told = {outcome.sentences for p in (first, last) if (outcome := step.outcome(p)) is not None}
    if len(told) != 1:  # an answer to one learner's prediction, and none to a room's
        return None
    title = f"The walk, step {number}: {step.title}"
    return RoomQuestion(title, text, options, told.pop().split("\n")[0])
