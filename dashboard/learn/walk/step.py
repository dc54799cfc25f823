"""What a step of the walk is: one picture or run, two sentences, one question. Knows no step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.config import TrainingConfig
from dashboard.learn.walk.questions import Outcome, OwnTrace, Prediction, Question


@dataclass(frozen=True)
class Answered:
    """Where a step stands.

    Attributes:
        prediction: what was committed; None before that.
        outcome: what was measured, once both are there.
    """

    prediction: Prediction | None = None
    outcome: Outcome | None = None


def _no_runs(prediction: Prediction) -> tuple[TrainingConfig, ...]:
    return ()


def _nothing(answered: Answered) -> None:
    pass


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step of the walk.

    Attributes:
        name: in the browser's memory.
        title: for people.
        minutes: from and to, on the clock of a lecture.
        sentences: two, as Markdown.
        question: what is asked. Raises UnrollError where it cannot be: its run is not here.
        draw: the picture. What `answered` does not hold yet, it does not tell.
        outcome: what was measured, beside this prediction; None where that is to be trained here.
        trains: the runs that it takes to say so.
        repeats: runs that show it here once more, at a press.
        below: what stands under the question.
    """

    name: str
    title: str
    minutes: tuple[int, int]
    sentences: str
    question: Callable[[], Question]
    draw: Callable[[Answered], None]
    outcome: Callable[[Prediction], Outcome | None]
    trains: Callable[[Prediction], tuple[TrainingConfig, ...]] = _no_runs
    repeats: Callable[[Prediction], tuple[TrainingConfig, ...]] = _no_runs
    below: Callable[[Answered], None] = _nothing

    @property
    def asked_by_its_picture(self) -> bool:
        """Whether the picture asks and answers the question itself."""
        return self.question is OwnTrace
