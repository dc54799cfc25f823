"""The lanes of a race: copies of the first that differ in named settings.

Knows nothing of how they are trained.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from core.config import TrainingConfig
from core.errors import RunError
from core.labels import setting

Axis = Literal["characters_seen", "step", "seconds"]

LEAST, MOST = 2, 4
"""How many lanes a race has."""
SEEDS = (1, 3)
"""How many seeds it may be run with."""

# Changing these would compare two texts, two measurements or two machines.
SAME_IN_ALL = ("text", "report_every", "probe_every", "device", "engine", "steps")


def lanes_of(
    first: TrainingConfig, changes: Sequence[Mapping[str, Any]]
) -> tuple[TrainingConfig, ...]:
    """The first lane and its copies.

    Args:
        first: what all have in common.
        changes: for each further lane the settings in which it differs.

    Raises:
        ConfigError: a value that is not allowed.
        RunError: a lane that differs in nothing, or in what must be the same in all.
    """
    lanes = [first]
    for number, change in enumerate(changes, start=2):
        if fixed := [name for name in change if name in SAME_IN_ALL]:
            raise RunError(f"{', '.join(fixed)} must be the same in all lanes of a race.")
        lane = first.changed(**change)
        if lane in lanes:
            raise RunError(f"Lane {number} is the same as another: change a setting of it.")
        lanes.append(lane)
    return tuple(lanes)


def rival(config: TrainingConfig) -> TrainingConfig:
    """The same experiment with the other activation."""
    return config.changed(activation="relu" if config.activation == "tanh" else "tanh")


def differences(configs: Sequence[TrainingConfig]) -> dict[str, tuple[Any, ...]]:
    """The settings that are not the same in all, with each lane's value.

    Steps, reports and probes are left out: a race counts them by its own axis.
    """
    rows = [config.model_dump(exclude=set(SAME_IN_ALL)) for config in configs]
    return {
        name: tuple(row[name] for row in rows)
        for name in (rows[0] if rows else {})
        if len({row[name] for row in rows}) > 1
    }


def lane_names(configs: Sequence[TrainingConfig]) -> list[str]:
    """What tells each lane from the others, in a few words."""
    differing = differences(configs)
    return [
        ", ".join(setting(name, values[place]) for name, values in differing.items())
        or f"lane {place + 1}"
        for place in range(len(configs))
    ]


def lane_of(
    config: TrainingConfig, first: TrainingConfig, axis: Axis, amount: float
) -> TrainingConfig:
    """With the steps that its budget allows, and reports and probes where the first has them."""
    ratio = 1.0
    if axis == "characters_seen":
        ratio = first.characters_per_step / config.characters_per_step
    probes = first.probe_every
    return config.changed(
        steps=_steps(config, axis, amount),
        report_every=max(1, round(first.report_every * ratio)),
        probe_every=max(1, round(probes * ratio)) if probes else 0,
    )


def end_of(configs: Sequence[TrainingConfig], axis: Axis, amount: float) -> float:
    """Where a race of these ends on its axis."""
    if axis != "characters_seen":
        return amount
    # Rounded to whole windows, no lane may be cut off before its last step.
    return float(
        max(_steps(config, axis, amount) * config.characters_per_step for config in configs)
    )


def _steps(config: TrainingConfig, axis: Axis, amount: float) -> int:
    if axis == "step":
        return max(1, round(amount))
    if axis == "characters_seen":
        return max(1, round(amount / config.characters_per_step))
    return 10_000_000  # the lockstep ends a race by time
