"""A sweep as plain values: the plan, the cells of its grid, and what a cell measured.

Knows nothing of torch, of clusters or of how a cell is trained. A *cell* is one training run
of the grid: one activation, one distance, one seed. A *line* is what the cells of one curve
share: the activation, and the clip, init and architecture where the plan varies them.

Two instruments. On latch texts the distance is the lag, trained with `lag + 8` unrollings, and
the score is recall at the echo. On any other text the distance is the unrollings T, and the
score is the validation loss.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.config import (
    Activation,
    Architecture,
    Clip,
    Init,
    TrainingConfig,
    Unrollings,
    bounds,
    choices,
)
from core.errors import ConfigError
from core.labels import setting, value_name

ROOM = 8
"""Unrollings beyond the lag: the window must hold key and echo with room to spare."""
LATCH = "latch"
MARKS = 60
"""How often a cell is measured on its way: what it recalled in between is not seen."""
MAX_CELLS = 2_000
_LONGEST_LAG = 100

# Part of every cell's key: results of an older way to measure are not reused.
_MEASURE = 1
# What a score does not depend on, so that a key does not either.
_NOT_IN_KEY = ("report_every", "probe_every", "device")

Budget = Literal["updates", "characters"]
Lag = Annotated[int, Field(ge=1, le=_LONGEST_LAG)]

BASE = TrainingConfig(
    nodes=100, batch_size=32, init="zero-mean", optimiser="adam", learning_rate=0.001, clip=1.25
)
"""What the cells share unless the plan says otherwise: DESIGN's settings for latch texts."""

_ALLOWED = {
    "lags": f"whole numbers from 1 to {_LONGEST_LAG}",
    "unrollings": "whole numbers from {:g} to {:g}".format(*bounds("unrollings")),
    "activations": f"{', '.join(choices('activation'))} or both",
    "clips": "numbers from {:g}, which is off, to {:,.0f}".format(*bounds("clip")),
    "inits": f"some of {', '.join(choices('init'))}",
    "architectures": f"{', '.join(choices('architecture'))} or both",
    "seeds": "a whole number from 1 to 50",
    "first_seed": "a whole number from 0 to 1,000,000",
    "budget": "updates or characters",
    "amount": "a whole number from 1 to 10,000,000,000",
}


class SweepPlan(BaseModel):
    """A grid, and the budget that is equal for each of its cells.

    Attributes:
        text: latch, or the key of a text.
        lags: the distances on latch texts.
        unrollings: the distances on other texts.
        activations, clips, inits, architectures: their product makes the lines.
        seeds: how many of each.
        first_seed: they are this one and those that follow it.
        budget: what every cell gets the same amount of.
        amount: how many updates, or characters, a cell trains on.
        base: everything else.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str = LATCH
    lags: tuple[Lag, ...] = (8, 12, 16, 20, 24)
    unrollings: tuple[Unrollings, ...] = (5, 10, 20, 40)
    activations: tuple[Activation, ...] = ("tanh", "relu")
    clips: tuple[Clip, ...] = (BASE.clip,)
    inits: tuple[Init, ...] = (BASE.init,)
    architectures: tuple[Architecture, ...] = (BASE.architecture,)
    seeds: int = Field(5, ge=1, le=50)
    first_seed: int = Field(0, ge=0, le=1_000_000)
    budget: Budget = "characters"
    amount: int = Field(2_304_000, ge=1, le=10_000_000_000)
    base: TrainingConfig = BASE

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> SweepPlan:
        """Make one from plain values.

        Raises:
            ConfigError: what was given, what is allowed.
        """
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            raise ConfigError(_sentences(error)) from None

    @model_validator(mode="before")
    @classmethod
    def _one_kind_of_distance(cls, values: Any) -> Any:
        """Forget the distances that the text does not use: they are no part of the grid."""
        if isinstance(values, Mapping):
            unused = "unrollings" if values.get("text", LATCH) == LATCH else "lags"
            values = {name: value for name, value in values.items() if name != unused}
        return values

    @model_validator(mode="after")
    def _makes_sense(self) -> SweepPlan:
        distances = "lags" if self.on_latch else "unrollings"
        for name in (distances, "activations", "clips", "inits", "architectures"):
            values = getattr(self, name)
            if not values or len(set(values)) < len(values):
                shown = ", ".join(map(str, values)) or "none"
                raise ValueError(f"{name}={shown}: name at least one, and none twice")
        if (count := self.cell_count) > MAX_CELLS:
            raise ValueError(
                f"the grid has {count:,} cells; {MAX_CELLS:,} are allowed: take fewer seeds or "
                "distances"
            )
        if self.text.startswith("latch:"):
            raise ValueError(f"text={self.text}: name latch alone, and its lags in lags")
        if "arch2" in self.architectures and self.base.combine != "concat":
            raise ValueError(
                f"combine={self.base.combine} is not defined for arch2, which knows concat only; "
                "choose concat, or arch1 alone"
            )
        return self

    @property
    def on_latch(self) -> bool:
        """Whether the instrument is recall on latch texts."""
        return self.text == LATCH

    @property
    def distances(self) -> tuple[int, ...]:
        """The lags or the unrollings, whichever the instrument varies."""
        return tuple(sorted(self.lags if self.on_latch else self.unrollings))

    @property
    def lines(self) -> tuple[Line, ...]:
        """One for each curve, in the plan's order."""
        return tuple(
            Line(activation, clip, init, architecture)
            for architecture in self.architectures
            for init in self.inits
            for clip in self.clips
            for activation in self.activations
        )

    @property
    def cell_count(self) -> int:
        """How many runs the grid has."""
        axes = (self.distances, self.activations, self.clips, self.inits, self.architectures)
        count = self.seeds
        for axis in axes:
            count *= len(axis)
        return count

    def line_name(self, line: Line) -> str:
        """What tells this line from the plan's others: "ReLU", "tanh, clip off"."""
        words = [value_name(line.activation)]
        if len(self.clips) > 1:
            words.append(setting("clip", line.clip))
        if len(self.inits) > 1:
            words.append(line.init)
        if len(self.architectures) > 1:
            words.append(value_name(line.architecture))
        return ", ".join(words)

    def cells(self, text_sha256: str = "") -> list[Cell]:
        """Every cell: all of the first seed first, so that the map fills evenly, long ones ahead.

        Args:
            text_sha256: of the text where it is no latch text; a cell refuses another.
        """
        return [
            self._cell(line, distance, seed, text_sha256)
            for seed in range(self.first_seed, self.first_seed + self.seeds)
            for distance in reversed(self.distances)
            for line in self.lines
        ]

    def _cell(self, line: Line, distance: int, seed: int, text_sha256: str) -> Cell:
        unrollings = distance + ROOM if self.on_latch else distance
        steps = self.amount
        if self.budget == "characters":
            steps = max(1, round(self.amount / (self.base.batch_size * unrollings)))
        config = self.base.changed(
            text=f"latch:{distance}" if self.on_latch else self.text,
            activation=line.activation,
            clip=line.clip,
            init=line.init,
            architecture=line.architecture,
            unrollings=unrollings,
            seed=seed,
            steps=steps,
        )
        return Cell(config, line, distance, text_sha256)


@dataclass(frozen=True, slots=True)
class Line:
    """What the cells of one curve share."""

    activation: Activation
    clip: float = BASE.clip
    init: Init = BASE.init
    architecture: Architecture = BASE.architecture


@dataclass(frozen=True)
class Cell:
    """One training run of a grid."""

    config: TrainingConfig
    line: Line
    distance: int  # the lag, or the unrollings
    text_sha256: str = ""

    @property
    def seed(self) -> int:
        return self.config.seed

    @property
    def trained_config(self) -> TrainingConfig:
        """`config` on the CPU: a cell's place among workers is a core, not a part of a GPU."""
        return self.config.changed(device="cpu")

    @property
    def name(self) -> str:
        """What to call its run: "ReLU, lag 16, seed 3"; what is unlike `BASE` is named too."""
        line = self.line
        words = [value_name(line.activation)]
        if line.clip != BASE.clip:
            words.append(setting("clip", line.clip))
        if line.init != BASE.init:
            words.append(line.init)
        if line.architecture != BASE.architecture:
            words.append(value_name(line.architecture))
        distance = "lag" if self.config.text.startswith(f"{LATCH}:") else "T"
        return ", ".join([*words, f"{distance} {self.distance}", f"seed {self.seed}"])

    @property
    def characters(self) -> int:
        """What it trains on, `steps * B * T`."""
        return self.config.steps * self.config.characters_per_step

    @cached_property
    def key(self) -> str:
        """Names the measurement: equal keys, equal results."""
        settings = self.config.model_dump(exclude=set(_NOT_IN_KEY))
        if settings["decay_rate"] == 1:
            del settings["decay_steps"]
        named = {"measure": _MEASURE, "text_sha256": self.text_sha256, **settings}
        text = json.dumps(named, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Mark:
    """A cell on its way."""

    step: int
    characters: int
    loss_nats: float  # mean training loss since the mark before
    grad_norm: float  # the largest since then, before clipping
    recall: float | None = None  # on latch texts


@dataclass(frozen=True, slots=True)
class CellResult:
    """What a cell measured. Losses in nats per character, on text that was not trained on."""

    key: str
    status: Literal["done", "diverged", "failed"]
    updates: int
    characters: int
    seconds: float
    loss_nats: float | None = None  # at the end; None if it failed
    floor_nats: float | None = None  # latch texts: what a perfect reader reaches
    recall: float | None = None  # latch texts: the best share of echoes predicted at any mark
    recall_at_end: float | None = None
    max_grad_norm: float = 0.0  # before clipping
    marks: tuple[Mark, ...] = ()
    worker: str = ""
    message: str = ""  # why it diverged or failed


def _sentences(error: ValidationError) -> str:
    lines = []
    for problem in error.errors():
        name = str(problem["loc"][0]) if problem["loc"] else ""
        if not name or name == "base":
            lines.append(problem["msg"].removeprefix("Value error, ") + ".")
        elif problem["type"] == "extra_forbidden":
            lines.append(f"{name} is not part of a sweep.")
        else:
            lines.append(f"{name}={problem['input']} is not allowed: choose {_ALLOWED[name]}.")
    return " ".join(dict.fromkeys(lines))
