"""One question to a room: what can be asked of it, and what it takes for an answer.

Knows nothing of who answered, nor of where it is kept.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.errors import RunError, shown

LONGEST_QUESTION = 400
LONGEST_OPTION = 80
LONGEST_OUTCOME = 800
FEWEST_OPTIONS, MOST_OPTIONS = 2, 6


class QuestionState(StrEnum):
    """Where a question stands. A plain string, so that it compares after a reload of the code."""

    OPEN = "open"
    LOCKED = "locked"
    REVEALED = "revealed"


@dataclass(frozen=True, slots=True)
class Question:
    """One question.

    Attributes:
        number: its own, from 1.
        text: one line.
        options: what can be answered; empty where a number is asked for.
        about: what it is about, in a word or two; may be empty.
        state: where it stands.
        outcome: what came true, to be shown once it is revealed; may be empty.
    """

    number: int
    text: str
    options: tuple[str, ...]
    about: str
    state: QuestionState
    outcome: str


def checked_question(text: str, options: Sequence[str]) -> tuple[str, list[str]]:
    """A question and its options as they are kept.

    Raises:
        RunError: a text is missing or too long, or there are too few or too many options.
    """
    asked = _bounded(text, "The question", LONGEST_QUESTION)
    if not asked:
        raise RunError("There is no question yet: write one.")
    choices = [_bounded(option, "An option", LONGEST_OPTION) for option in options]
    choices = [option for option in choices if option]
    if options and not FEWEST_OPTIONS <= len(choices) <= MOST_OPTIONS:
        raise RunError(
            f"{len(choices)} {'option' if len(choices) == 1 else 'options'} for a question is not "
            f"allowed: give {FEWEST_OPTIONS} to {MOST_OPTIONS}, one a line, or ask for a number."
        )
    if len(set(choices)) < len(choices):
        raise RunError("Two options read the same: nobody could tell them apart.")
    return asked, choices


def checked_outcome(outcome: str) -> str:
    """What came true, as it is kept.

    Raises:
        RunError: it is too long.
    """
    return _bounded(outcome, "The outcome", LONGEST_OUTCOME)


def checked_answer(question: Question, answer: str | float) -> str:
    """An answer as it is kept.

    Raises:
        RunError: it is none of the options, or no number.
    """
    if question.options:
        if answer not in question.options:
            raise RunError(f"“{shown(answer)}” is none of the answers: choose one of them.")
        return str(answer)
    try:
        number = float(answer)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or abs(number) > 1e12:
        raise RunError(f"“{shown(answer)}” is not a number that can be answered: give one.")
    return repr(number)


def in_a_line(text: str) -> str:
    """A text without breaks, runs of spaces and signs that nobody sees."""
    line = " ".join(text[:10_000].split())
    return "".join(character for character in line if character.isprintable())


def _bounded(text: str, what: str, longest: int) -> str:
    line = in_a_line(text)
    if len(line) > longest:
        raise RunError(
            f"{what} “{shown(line)}” has {len(line):,} characters and may have {longest}: "
            "shorten it."
        )
    return line
