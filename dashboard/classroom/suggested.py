"""Questions that a teacher may begin with, and what was measured of them. Draws nothing."""

from __future__ import annotations

from dataclasses import dataclass

from core.classroom.questions import LONGEST_QUESTION, Question
from core.errors import UnrollError
from core.experiments.judgement import judge
from core.experiments.lead import lead_words
from core.experiments.race import Race, lane_names
from core.labels import value_name
from dashboard.gate import own_race
from dashboard.server import sweeps

_RACE, _SWEEP = "race", "sweep"
_CLOSE = "too close to tell from noise"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A question to begin with; no options ask for a number."""

    title: str
    text: str
    options: tuple[str, ...]
    about: str


def suggestions() -> list[Suggestion]:
    """Of the teacher's race, or of one that is to come, and of sweeps."""
    race = own_race()
    activations = [value_name("tanh"), value_name("relu")]
    lanes = _lanes(race) if race is not None else activations
    return [
        Suggestion(
            "A race: which lane will be ahead?",
            "Which lane will be ahead at the end of the race?",
            (*lanes, _CLOSE),
            _RACE,
        ),
        Suggestion(
            "A sweep: which activation reaches further back?",
            "Which reaches further back on latch texts?",
            (*activations, _CLOSE),
            _SWEEP,
        ),
        Suggestion(
            "A sweep: how much further?",
            "How many times as far as tanh does ReLU reach back on latch texts?",
            (),
            _SWEEP,
        ),
    ]


def measured(question: Question) -> str:
    """What came true, where it was measured here: of a race that is over, of a sweep that ended."""
    try:
        found = {_RACE: _lead, _SWEEP: _reach}[question.about]() if question.about else ""
    except (UnrollError, KeyError):  # what it was measured on is gone
        return ""
    return found[:LONGEST_QUESTION]


def _lanes(race: Race) -> list[str]:
    return lane_names([lane.config for lane in race.snapshot.lanes])


def _lead() -> str:
    race = own_race()
    if race is None or race.snapshot.active:
        return ""
    return lead_words(race.lead(), _lanes(race), "at the end")


def _reach() -> str:
    now = sweeps().snapshot
    if now is None or now.active:
        return ""
    return judge(now.plan, now.cells, now.results).headline
