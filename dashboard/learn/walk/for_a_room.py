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
        any_one: Prediction = question.least
        text = f"{question.ask} (A number of {question.unit}.)"
    elif isinstance(question, Choice) and not question.again:
        options, any_one = tuple(question.options.values()), next(iter(question.options))
        text = question.ask
    else:
        return None
    # What was measured is the same for all, whatever each predicted.
    outcome = None if step.trains(any_one) else step.outcome(any_one)
    if outcome is None:
        return None
    return RoomQuestion(
        f"The walk, step {number}: {step.title}", text, options, outcome.sentences.split("\n")[0]
    )
