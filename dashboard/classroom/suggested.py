"""Questions that a teacher may begin with, and what was measured of them. Draws nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.classroom.question import LONGEST_OUTCOME, Question
from core.errors import UnrollError
from core.experiments.judgement import judge
from core.experiments.lanes import lane_names
from core.experiments.lead import lead_words
from core.experiments.past_race import PastRace
from core.experiments.race import Race
from core.labels import value_name
from dashboard.gate import own_race
from dashboard.server import recorded_race, recorded_sweep, sweeps

_RACE, _SWEEP = "race", "sweep"
_RECORDED_RACE, _RECORDED_SWEEP = "recorded race", "recorded sweep"
_CLOSE = "too close to tell from noise"
_FURTHER = "Which reaches further back on latch texts?"

Measured = Callable[[str], str]
"""From what a question is about to what came true; empty where nothing is known of it."""


def nothing(about: str) -> str:
    """Where no page has questions of its own."""
    return ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A question to begin with; no options ask for a number.

    Attributes:
        about: finds again what was measured, when it is revealed.
        outcome: where it is known when it is asked.
    """

    title: str
    text: str
    options: tuple[str, ...]
    about: str
    outcome: str = ""


def suggestions() -> list[Suggestion]:
    """Of the teacher's race, or of one that is to come, of sweeps, and of what is recorded."""
    race = own_race()
    activations = (value_name("tanh"), value_name("relu"))
    lanes = _lanes(race) if race is not None else activations
    found = [
        Suggestion(
            "A race: which lane will be ahead?",
            "Which lane will be ahead at the end of the race?",
            (*lanes, _CLOSE),
            _RACE,
        ),
        Suggestion(
            "A sweep: which activation reaches further back?",
            _FURTHER,
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
    if (recorded := recorded_race()) is not None:
        found.append(
            Suggestion(
                "The recorded race: which lane is ahead?",
                "Which lane is ahead at the end of the recorded race?",
                (*_lanes(recorded[0]), _CLOSE),
                _RECORDED_RACE,
            )
        )
    if recorded_sweep() is not None:
        found.append(
            Suggestion(
                "The recorded sweep: which activation reaches further back?",
                _FURTHER,
                (*activations, _CLOSE),
                _RECORDED_SWEEP,
            )
        )
    return found


def measured(question: Question, elsewhere: Measured = nothing) -> str:
    """What came true, where it was measured: of a race that is over, of a sweep that ended.

    Args:
        question: what the room was asked.
        elsewhere: asked where it is about none of these.
    """
    by_kind: dict[str, Callable[[Question], str]] = {
        _RACE: _lead,
        _SWEEP: _reach,
        _RECORDED_RACE: _recorded_lead,
        _RECORDED_SWEEP: _recorded_reach,
    }
    try:
        known = by_kind.get(question.about)
        found = known(question) if known else elsewhere(question.about)
    except UnrollError:  # what it was measured on is gone
        return ""
    return found[:LONGEST_OUTCOME]


def _lanes(race: Race | PastRace) -> list[str]:
    return lane_names([lane.config for lane in race.snapshot.lanes])


def _lead(question: Question) -> str:
    race = own_race()
    if race is None or race.snapshot.active or not set(_lanes(race)) <= set(question.options):
        return ""  # there is none, or another than was asked about
    return _words(race)


def _recorded_lead(question: Question) -> str:
    recorded = recorded_race()
    return "" if recorded is None else f"Recorded: {_words(recorded[0])}"


def _words(race: Race | PastRace) -> str:
    return lead_words(race.lead(), _lanes(race), "at the end")


def _reach(question: Question) -> str:
    now = sweeps().snapshot
    if now is None or now.active:
        return ""
    return judge(now.plan, now.cells, now.results).headline


def _recorded_reach(question: Question) -> str:
    recorded = recorded_sweep()
    if recorded is None:
        return ""
    sweep, _ = recorded
    return f"Recorded: {judge(sweep.plan, sweep.cells, sweep.results).headline}"
