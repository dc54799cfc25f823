"""A run as a row of the store's list: plain values, safe to hand to any thread.

`RunRow` is the list of the columns, too: each field is one, kept as it stands, or as the `Kept`
beside its type says. Knows no statement of SQL; no torch.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Annotated, Any, get_type_hints

from core.config import LATER, TrainingConfig
from core.data.ngrams import checked_floors
from core.errors import StoreError, shown
from core.links import differences, nearest_preset
from core.records import Event, EventKind, RunStatus
from core.storage.typed import typed


@dataclass(frozen=True)
class Kept:
    """How a value is kept in its column, where that is another one."""

    write: Callable[[Any], object]
    read: Callable[[Any], Any]


def _settings(text: str) -> dict[str, Any]:
    """Settings in the order of `TrainingConfig`, whatever else was stored after them."""
    stored = json.loads(text)
    if not isinstance(stored, dict) or (type(stored["steps"]), type(stored["text"])) != (int, str):
        raise ValueError("no settings")
    stored = LATER | stored
    known = [name for name in TrainingConfig.model_fields if name in stored]
    return {name: stored[name] for name in (*known, *(stored.keys() - set(known)))}


def _events_json(events: tuple[Event, ...]) -> str:
    return json.dumps([[event.step, event.kind, event.value] for event in events])


def _events(text: str) -> tuple[Event, ...]:
    return tuple(Event(step, EventKind(kind), value) for step, kind, value in json.loads(text))


def _floors(text: str) -> dict[str, float]:
    """A text's lines; none of those that a stranger made up, and an older version took in."""
    with suppress(ValueError):
        return asdict(checked_floors(json.loads(text)))
    return {}


_Flag = Annotated[bool, Kept(int, bool)]
_Status = Annotated[RunStatus, Kept(str, RunStatus)]
_Settings = Annotated[dict[str, Any], Kept(lambda s: json.dumps(s, sort_keys=True), _settings)]
_Planned = Annotated[tuple[Event, ...], Kept(_events_json, _events)]
_Floors = Annotated[dict[str, float], Kept(json.dumps, _floors)]
_Tags = Annotated[
    tuple[str, ...],
    Kept(lambda tags: json.dumps(list(tags)), lambda text: tuple(json.loads(text or "[]"))),
]


@dataclass(frozen=True)
class RunRow:
    """One run of the list. Losses in nats per character, times in seconds since 1970."""

    id: str
    name: str
    created: float
    updated: float
    status: _Status
    message: str
    owner: str | None  # the process that trains it
    source: str  # page, cli, sweep, import, or recorded: it came with Unroll
    settings: _Settings  # the configuration as it was stored
    sweep: str | None
    planned: _Planned
    given_weights: _Flag  # started from a file of weights, not from `init`
    text_title: str
    text_sha256: str
    text_length: int
    floors: _Floors
    device: str
    device_reason: str
    engine: str
    engine_reason: str
    step: int
    characters_seen: int
    seconds: float
    best_validation: float | None
    last_validation: float | None
    diagnosis: str
    starred: _Flag
    tags: _Tags
    note: str
    deleted: float | None
    browser: str | None  # who owns it: the SHA-256 of a browser's secret
    here: bool = False  # no column: whether it trains in this very process

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
    def recorded(self) -> bool:
        """Whether it came with Unroll, and stays as it is."""
        return self.source == "recorded"

    @property
    def gap(self) -> float | None:
        """The best validation loss less what counting 2 characters reaches on the same characters,
        in nats."""
        if self.best_validation is None or "bigram" not in self.floors:
            return None
        return self.best_validation - self.floors["bigram"]

    @cached_property
    def preset(self) -> str:
        """The preset that the settings differ least from."""
        return nearest_preset(self.settings)

    @cached_property
    def differences(self) -> dict[str, Any]:
        """The settings that differ from `preset`'s, the text left out."""
        return differences(self.preset, self.settings)

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


def as_columns(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of fields of `RunRow` as their columns keep them."""
    return {
        name: _KEPT[name].write(value) if name in _KEPT else value for name, value in values.items()
    }


def as_row(columns: tuple[Any, ...], own: str | None) -> RunRow:
    """The row out of what `COLUMNS` hold; `own` is this process' name as an owner of runs.

    Raises:
        StoreError: they are damaged.
    """
    try:
        values = {
            name: _KEPT[name].read(value) if name in _KEPT else value
            for name, value in zip(COLUMNS, columns, strict=True)
        }
        return typed(RunRow(**values, here=own is not None and values["owner"] == own))
    except (ValueError, TypeError, KeyError, RecursionError):
        raise StoreError(
            f"What the list knows of run {shown(columns[0])} is damaged: delete the run, or import "
            "it again where it was exported."
        ) from None


COLUMNS = tuple(field.name for field in fields(RunRow) if field.name != "here")
_KEPT: dict[str, Kept] = {
    name: kind
    for name, hint in get_type_hints(RunRow, include_extras=True).items()
    for kind in getattr(hint, "__metadata__", ())
}
