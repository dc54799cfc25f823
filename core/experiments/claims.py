"""The article's claims and faults as experiments: what is trained to see what is left of each.

A claim has *arms*, which differ in the settings that it is about and share all others; each is
trained once a seed. Plain values: knows nothing of how they are measured, or what is said of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from core.config import PRESETS, TrainingConfig

Role = Literal["article", "corrected", "other"]

EXCERPT = 5_000_000
"""Of text8, where a claim is measured on it: so many of its first characters."""


@dataclass(frozen=True)
class Arm:
    """One side of a comparison.

    Attributes:
        label: what it is called; unlike those of the claim's other arms.
        config: its settings, but for the seed.
        role: whether the article has it so, or it is what sets that right, or neither.
    """

    label: str
    config: TrainingConfig
    role: Role = "other"

    def seeded(self, seed: int) -> TrainingConfig:
        """The settings of one of its runs."""
        return self.config.changed(seed=seed)


@dataclass(frozen=True)
class Claim:
    """What is compared.

    Attributes:
        name: in links and files.
        arms: in the order in which they are drawn.
        seeds: how many runs an arm has, numbered from 0.
        text: how many characters each network writes, once with each way to draw them.
    """

    name: str
    arms: tuple[Arm, ...]
    seeds: int = 5
    text: int = 0

    def runs(self) -> Iterator[tuple[Arm, TrainingConfig]]:
        """All its runs, a seed of every arm after the other."""
        for seed in range(self.seeds):
            for arm in self.arms:
                yield arm, arm.seeded(seed)


# Long enough to tell the arms apart, and so short that all of them can be repeated in a lesson.
_SHORT = {"steps": 2_000, "report_every": 100, "probe_every": 100, "device": "cpu"}
_LONGER = _SHORT | {"steps": 3_000}
_ARCH1 = PRESETS["arch1"].config.changed(**_SHORT)
_ARCH2 = PRESETS["arch2"].config.changed(**_LONGER)
# At a rate of 2.5 to the end the last batches decide where a loss ends, for all seeds alike: within
# 750 steps of a run with T 1 it went from 2.29 to 2.32. So the article's ×0.1 comes before the end.
_CALMED = _ARCH2.changed(decay_steps=2_000)
_DEMO = PRESETS["demo"].config.changed(**_LONGER)
_TANH = _ARCH1.changed(activation="tanh")
LATCH_LAG = 8
"""Characters from a key to its echo, where it is asked which windows learn it."""
_LATCH = PRESETS["demo"].config.changed(
    **_SHORT, text=f"latch:{LATCH_LAG}", nodes=64, decay_steps=500
)

RATES = (0.01, 0.03, 0.1, 0.3, 1.0, 2.5, 10.0)
"""Learning rates of plain SGD."""


def _windows(config: TrainingConfig, unrollings: int, predictions: int) -> TrainingConfig:
    """With other unrollings at as many predictions a step."""
    return config.changed(unrollings=unrollings, batch_size=predictions // unrollings)


def _joined(config: TrainingConfig, combine: str, nodes: int) -> TrainingConfig:
    return config.changed(combine=combine, nodes=nodes)


def _losses(config: TrainingConfig, name: str) -> tuple[Arm, Arm]:
    crossed: dict[str, Any] = {"loss": "cross-entropy"}
    return (
        Arm(f"{name}, cross-entropy", config.changed(**crossed), "article"),
        Arm(f"{name}, squared error", config.changed(loss="squared-error")),
    )


def _t1(text: str, name: str) -> tuple[Arm, Arm]:
    config = _DEMO.changed(text=text)
    return (
        Arm(f"{name}, T 25, B 32", config),
        Arm(f"{name}, T 1, B 800", _windows(config, 1, config.characters_per_step)),
    )


EQUAL_PARAMETERS = 143
"""Nodes at which add and multiply have as many parameters as concat with 100."""

CLAIMS = (
    Claim(
        "init",
        (
            Arm("as published, mean −0.1", _ARCH1.changed(init="published"), "article"),
            Arm("zero-mean", _ARCH1, "corrected"),
        ),
    ),
    Claim(
        "teacher",
        (
            *(
                Arm(f"T {t}", _windows(_CALMED, t, 800), "article" if t == 20 else "other")
                for t in (1, 5, 20, 80)
            ),
            Arm(
                "T 20, free running",
                _windows(_CALMED.changed(feedback="free"), 20, 800),
                "corrected",
            ),
        ),
        seeds=8,
    ),
    Claim("softmax", (Arm("Arch 2", _ARCH2.changed(steps=6_000), "article"),), seeds=8, text=300),
    Claim(
        "stale",
        (
            Arm("first batch at every step", _ARCH2.changed(inputs="stale"), "article"),
            Arm("each step's own batch", _ARCH2, "corrected"),
        ),
        seeds=8,
    ),
    Claim(
        "rate",
        tuple(
            Arm(
                f"{rate:g}",
                _ARCH1.changed(optimiser="sgd", learning_rate=rate),
                "article" if 0.1 <= rate <= 2.5 else "other",
            )
            for rate in RATES
        ),
    ),
    Claim(
        "combine",
        (
            Arm("tanh, concat, N 100", _joined(_TANH, "concat", 100), "article"),
            Arm("tanh, add, N 100", _joined(_TANH, "add", 100)),
            Arm("tanh, multiply, N 100", _joined(_TANH, "multiply", 100)),
            Arm("tanh, add, N 143", _joined(_TANH, "add", EQUAL_PARAMETERS)),
            Arm("tanh, multiply, N 143", _joined(_TANH, "multiply", EQUAL_PARAMETERS)),
            Arm("ReLU, concat, N 100", _joined(_ARCH1, "concat", 100), "article"),
            Arm("ReLU, add, N 143", _joined(_ARCH1, "add", EQUAL_PARAMETERS)),
        ),
    ),
    Claim("loss", (*_losses(_ARCH1, "Arch 1"), *_losses(_ARCH2, "Arch 2"))),
    Claim(
        "unrollings",
        (
            Arm("ReLU, T 5", _windows(_ARCH1, 5, 1_280)),
            Arm("ReLU, T 20", _windows(_ARCH1, 20, 1_280)),
            Arm("ReLU, T 40", _ARCH1, "article"),
            Arm("tanh, T 5", _windows(_TANH, 5, 1_280)),
            Arm("tanh, T 20", _windows(_TANH, 20, 1_280), "article"),
            Arm("tanh, T 40", _TANH),
        ),
    ),
    Claim("t1", (*_t1("builtin", "built-in text"), *_t1("text8", "text8"))),
    Claim("latch", tuple(Arm(f"T {t}", _windows(_LATCH, t, 512)) for t in (4, 16)), seeds=8),
)
"""All of them but how far back is learned, which the recorded sweep measures.

The last is asked in the walk of Learn, and no card's.
"""
BY_NAME = {claim.name: claim for claim in CLAIMS}
