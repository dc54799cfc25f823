"""The races that all sessions of this server share, and how their lanes are called.

Session state holds no race: a reload or a second tab finds the one that runs, or ran last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core.config import TrainingConfig
from core.experiments.race import Axis, Races, differences
from core.labels import setting
from core.palette import ACTIVATIONS, RUNS, Style
from dashboard import session


@dataclass
class Guess:
    """What the class expects of a race."""

    leader: int | None = None
    diverges: tuple[int, ...] = ()
    horizons: tuple[int | None, ...] = ()


@st.cache_resource
def races() -> Races:
    """The races of this server."""
    return Races(session.manager())


@st.cache_resource
def guesses() -> dict[str, Guess]:
    """What was guessed before each race, by its id."""
    return {}


def rival(config: TrainingConfig) -> TrainingConfig:
    """The same experiment with the other activation."""
    return config.changed(activation="relu" if config.activation == "tanh" else "tanh")


def race_with_rival(config: TrainingConfig) -> None:
    """Race a run's settings against the other activation, over the run's own characters.

    Raises:
        RunError: a race runs already.
        ConfigError: the settings do not allow it.
    """
    amount = config.steps * config.characters_per_step
    races().start((config, rival(config)), "characters_seen", amount)


def start(
    configs: Sequence[TrainingConfig], axis: Axis, amount: float, guess: Guess | None
) -> None:
    """Start a race and note the guess.

    Raises:
        RunError: a race runs already.
    """
    race = races().start(configs, axis, amount)
    if guess is not None:
        guesses()[race.race_id] = guess


def lane_names(configs: Sequence[TrainingConfig]) -> list[str]:
    """What tells each lane from the others, in a few words."""
    differing = differences(configs)
    return [
        ", ".join(setting(name, values[place]) for name, values in differing.items())
        or f"lane {place + 1}"
        for place in range(len(configs))
    ]


def lane_styles(configs: Sequence[TrainingConfig]) -> list[Style]:
    """A style for each lane: its activation's where that alone differs."""
    if set(differences(configs)) == {"activation"}:
        return [ACTIVATIONS[config.activation] for config in configs]
    return list(RUNS[: len(configs)])
