"""What a step of the walk asks, and what it answers: the kinds of questions.

A question says what the browser is given before anything was committed, and which predictions it
takes: what a browser reports may be anything. Knows no step, no run and no widget.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

Prediction = Any
"""What was committed, as the browser keeps it: a value of JSON."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A value on a question's scale: a line to compare with, something known, or measured."""

    value: float
    name: str
    kind: Literal["floor", "known", "measured"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came true, for beside what was predicted.

    Attributes:
        right: whether the prediction did.
        sentences: what was measured, on which run, and what follows.
        marks: what is drawn on the scale besides those of the question.
        table: rows of words, the first of them the heads.
    """

    right: bool
    sentences: str
    marks: tuple[Mark, ...] = ()
    table: tuple[tuple[str, ...], ...] = ()

    def sent(self) -> dict[str, Any]:
        """For the browser."""
        return asdict(self)


class Question(Protocol):
    """What is asked."""

    def asked(self) -> dict[str, Any]:
        """For the browser, before anything was committed: nothing here tells the answer."""

    def accepts(self, prediction: Prediction) -> bool:
        """Whether this is a prediction at all."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number on a scale.

    Attributes:
        ask: the question.
        least, most: of the scale, and of what is taken.
        digits: after the point.
        unit: behind the number.
        tolerance: how far off a prediction may be.
        marks: what the scale shows from the beginning.
    """

    ask: str
    least: float
    most: float
    digits: int
    unit: str
    tolerance: float
    marks: tuple[Mark, ...] = ()

    def asked(self) -> dict[str, Any]:
        return {"kind": "number", **asdict(self)}

    def accepts(self, prediction: Prediction) -> bool:
        return is_number(prediction) and self.least <= prediction <= self.most

    def near(self, prediction: float, measured: float) -> bool:
        """Whether they differ by the tolerance at most."""
        # Half a unit of the last digit: both are read as they are written.
        return abs(prediction - measured) <= self.tolerance + 0.5 * 10**-self.digits


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few, by name; with `again` another one after a wrong one, until one is right."""

    ask: str
    options: Mapping[str, str]
    again: bool = False

    def asked(self) -> dict[str, Any]:
        options = [[name, label] for name, label in self.options.items()]
        return {"kind": "choice", "ask": self.ask, "options": options, "again": self.again}

    def accepts(self, prediction: Prediction) -> bool:
        if not self.again:
            return isinstance(prediction, str) and prediction in self.options
        return (
            isinstance(prediction, list)
            and 0 < len(prediction) <= len(self.options)
            and all(isinstance(name, str) and name in self.options for name in prediction)
            and len(set(prediction)) == len(prediction)
        )


@dataclass(frozen=True, slots=True)
class Order:
    """All of a few, in an order; `first` asks which comes first, of whoever cannot order them."""

    ask: str
    items: Mapping[str, str]
    first: str

    def asked(self) -> dict[str, Any]:
        return {"kind": "order", "ask": self.ask, "items": [list(i) for i in self.items.items()]}

    def accepts(self, prediction: Prediction) -> bool:
        return (
            isinstance(prediction, list)
            and all(isinstance(name, str) for name in prediction)
            and sorted(prediction) == sorted(self.items)
        )


@dataclass(frozen=True, slots=True)
class OwnTrace:
    """A number of a network that the learner has chosen: a picture asks and answers it alone."""

    def asked(self) -> dict[str, Any]:
        return {"kind": "trace"}

    def accepts(self, prediction: Prediction) -> bool:
        return isinstance(prediction, dict) and is_number(prediction.get("said"))


def is_number(value: Any) -> bool:
    """Whether it is a finite number, which True is not."""
    return isinstance(value, int | float) and type(value) is not bool and math.isfinite(value)
