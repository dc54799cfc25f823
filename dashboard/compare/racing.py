"""Starting a race, and how its lanes are drawn.

Session state holds no race: a reload or a second tab finds the one that runs, or ran last.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.config import TrainingConfig
from core.experiments.lanes import Axis, differences
from core.experiments.race import Guess
from core.palette import ACTIVATIONS, RUNS, Style
from dashboard.gate import start_race
from dashboard.server import guesses


def start(
    configs: Sequence[TrainingConfig],
    axis: Axis,
    amount: float,
    guess: Guess | None,
    seeds: int = 1,
) -> None:
    """Start a race and note the guess.

    Raises:
        UnrollError: it may not be, or cannot: a race runs already, a seed is too large ...
    """
    race = start_race(configs, axis, amount, seeds)
    if guess is not None:
        guesses()[race.race_id] = guess


def lane_styles(configs: Sequence[TrainingConfig]) -> list[Style]:
    """A style for each lane: its activation's where that alone differs."""
    if set(differences(configs)) == {"activation"}:
        return [ACTIVATIONS[config.activation] for config in configs]
    return list(RUNS[: len(configs)])
