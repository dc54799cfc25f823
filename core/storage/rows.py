"""A run as a row of the store's list: plain values, safe to hand to any thread.

Knows nothing of SQLite; no torch.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from core.config import PRESETS, TrainingConfig
from core.records import Event, EventKind, RunStatus

# What says how a run is computed or reported, and not what is trained.
_MINOR = {"device", "report_every", "probe_every"}
_PRESETS = {key: preset.config.model_dump() for key, preset in PRESETS.items()}


@dataclass(frozen=True)
class RunRow:
    """One run of the list. Losses in nats per character, times in seconds since 1970."""

    id: str
    name: str
    created: float
    updated: float
    status: RunStatus
    message: str
    source: str  # page, cli, sweep or import
    settings: dict[str, Any]  # the configuration as it was stored
    sweep: str | None
    planned: tuple[Event, ...]
    given_weights: bool  # started from a file of weights, not from `init`
    text_title: str
    text_sha256: str
    text_length: int
    floors: dict[str, float]
    device: str
    device_reason: str
    step: int
    characters_seen: int
    seconds: float
    best_validation: float | None
    last_validation: float | None
    diagnosis: str
    starred: bool
    tags: tuple[str, ...]
    note: str
    deleted: float | None
    here: bool = field(default=False)  # whether it trains in this very process

    @property
    def config(self) -> TrainingConfig:
        """The configuration, checked.

        Raises:
            ConfigError: it was stored by a version that allowed other values.
        """
        return TrainingConfig.parse(self.settings)

    @property
    def planned_steps(self) -> int:
        """How many steps the run is to take in all."""
        return self.settings["steps"]

    @property
    def resumable(self) -> bool:
        """Whether it can go on to its planned end."""
        return self.status in (RunStatus.INTERRUPTED, RunStatus.STOPPED, RunStatus.FAILED)

    @property
    def gap(self) -> float | None:
        """The best validation loss less the bigram floor, in nats: below 0 it uses memory."""
        if self.best_validation is None or "bigram" not in self.floors:
            return None
        return self.best_validation - self.floors["bigram"]

    @cached_property
    def preset(self) -> str:
        """The preset that the settings differ least from."""
        return min(_PRESETS, key=lambda key: len(_differences(self.settings, _PRESETS[key])))

    @cached_property
    def differences(self) -> dict[str, Any]:
        """The settings that differ from `preset`'s, the text left out."""
        return _differences(self.settings, _PRESETS[self.preset])

    def as_json(self) -> dict[str, Any]:
        """The list's fields for other programs."""
        return {
            "id": self.id,
            "name": self.name,
            "status": str(self.status),
            "steps": self.step,
            "planned_steps": self.planned_steps,
            "validation_bits_per_character": bits(self.last_validation),
            "created": self.created,
        }


def bits(nats: float | None) -> float | None:
    """Nats as bits; None stays, and so does what is not a number."""
    return nats / math.log(2) if nats is not None and math.isfinite(nats) else None


def default_name(config: TrainingConfig) -> str:
    """What a run is called until somebody names it: "Arch 1 tanh, N 128, T 25"."""
    kind = {"arch1": "Arch 1", "arch2": "Arch 2"}[config.architecture]
    activation = {"tanh": "tanh", "relu": "ReLU"}[config.activation]
    return f"{kind} {activation}, N {config.nodes}, T {config.unrollings}"


def events_json(events: tuple[Event, ...]) -> str:
    """Planned changes as text."""
    return json.dumps([[event.step, event.kind, event.value] for event in events])


def events_from_json(text: str) -> tuple[Event, ...]:
    """What `events_json` wrote."""
    return tuple(Event(step, EventKind(kind), value) for step, kind, value in json.loads(text))


def _differences(settings: dict[str, Any], preset: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in settings.items()
        if name not in _MINOR and name != "text" and value != preset.get(name)
    }
