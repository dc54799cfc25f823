"""A cell, which is one training run of a sweep: what names it, and what it measured.

Plain values that travel to workers and back. Knows nothing of plans, of torch or of how a cell
is trained. A *line* is what the cells of one curve share: the activation, and the clip, init
and architecture where a plan varies them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from core.config import LATER, Activation, Architecture, Init, TrainingConfig
from core.labels import setting, value_name

LATCH = "latch"
MARKS = 10
"""How often a cell is measured on its way, for its curve: the score is taken at the end."""

BASE = TrainingConfig(
    nodes=100, batch_size=32, init="zero-mean", optimiser="adam", learning_rate=0.002, clip=1.25
)
"""What cells share unless their plan says otherwise."""

# Part of every cell's key: results of an older way to measure are not reused.
_ON_LATCH, _ON_TEXT = 2, 3
# What a score does not depend on, so that a key does not either.
_NOT_IN_KEY = ("report_every", "probe_every", "device", "engine")


@dataclass(frozen=True, slots=True)
class Line:
    """What the cells of one curve share."""

    activation: Activation
    clip: float = BASE.clip
    init: Init = BASE.init
    architecture: Architecture = BASE.architecture

    def name(self, told: Collection[str]) -> str:
        """What to call it: "ReLU", "tanh, clip off".

        Args:
            told: which of clip, init and architecture are named beside the activation.
        """
        words = [value_name(self.activation)]
        if "clip" in told:
            words.append(setting("clip", self.clip))
        if "init" in told:
            words.append(self.init)
        if "architecture" in told:
            words.append(value_name(self.architecture))
        return ", ".join(words)


@dataclass(frozen=True)
class Cell:
    """One training run of a sweep."""

    config: TrainingConfig
    line: Line
    distance: int  # the lag, or the unrollings
    text_sha256: str = ""

    @property
    def seed(self) -> int:
        return self.config.seed

    @property
    def lag(self) -> int | None:
        """The distance, if it is that of a latch text."""
        return self.distance if self.config.text.startswith(f"{LATCH}:") else None

    @property
    def trained_config(self) -> TrainingConfig:
        """`config` on the CPU: a cell's place among workers is a core, not a part of a GPU."""
        return self.config.changed(device="cpu")

    @property
    def name(self) -> str:
        """What to call its run: "ReLU, lag 16, seed 3"; what is unlike `BASE` is named too."""
        names = ("clip", "init", "architecture")
        unlike = [name for name in names if getattr(self.line, name) != getattr(BASE, name)]
        distance = f"T {self.distance}" if self.lag is None else f"lag {self.lag}"
        return f"{self.line.name(unlike)}, {distance}, seed {self.seed}"

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
        for name, always in LATER.items():  # older results are found under their old keys
            if settings[name] == always:
                del settings[name]
        measure = _ON_TEXT if self.lag is None else _ON_LATCH
        named = {"measure": measure, "text_sha256": self.text_sha256, **settings}
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
    recall_at_end: float | None = None  # the score
    max_grad_norm: float = 0.0  # before clipping
    marks: tuple[Mark, ...] = ()
    worker: str = ""
    message: str = ""  # why it diverged or failed
    # On texts other than latch, in characters:
    horizon_at_start: int | None = None  # before the first step
    horizon_at_end: int | None = None  # None if it diverged
    probed_lags: int | None = None  # none is seen beyond
