"""What an experiment is: its configuration, its live settings and the presets.

Knows nothing of torch, text files or threads. A configuration is frozen and checked when it
is made; a change makes a new one. Every field's range and unit is declared once, here, and
the command line, the widgets and the messages all read it from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self, get_args

from annotated_types import Ge, Gt, Le
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.errors import ConfigError, shown

ALPHABET_SIZE = 27
"""Space and the letters a to z: V in the equations."""
_MOST_TOLD = 5  # problems in one message; a file may have a million

Architecture = Literal["arch1", "arch2"]
Combine = Literal["concat", "add", "multiply"]
Feedback = Literal["teacher", "free"]
Activation = Literal["tanh", "relu"]
Init = Literal["published", "zero-mean", "orthogonal", "identity"]
Optimiser = Literal["sgd", "adadelta", "adam"]
Loss = Literal["cross-entropy", "squared-error"]
Inputs = Literal["current", "stale"]
Device = Literal["auto", "cpu", "cuda"]
Engine = Literal["auto", "compiled", "torch"]

Unrollings = Annotated[int, Field(ge=1, le=200)]
LearningRate = Annotated[float, Field(ge=1e-6, le=100, allow_inf_nan=False)]
Clip = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]


class _Settings(BaseModel):
    """Frozen, strict about names, and speaking in sentences."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Self:
        """Make one from plain values (strings are converted).

        Raises:
            ConfigError: one sentence a wrong field: what was given, what is allowed.
        """
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            raise ConfigError(_sentences(error, known=cls.model_fields)) from None

    def changed(self, **changes: Any) -> Self:
        """A copy with some fields changed, checked like a new one.

        Raises:
            ConfigError: as `parse`.
        """
        return self.parse({**self.model_dump(), **changes})


class LiveSettings(_Settings):
    """The three settings that may change while a run trains."""

    learning_rate: LearningRate
    clip: Clip
    unrollings: Unrollings


class TrainingConfig(_Settings):
    """One experiment, complete: the same values on the same text train the same curve."""

    text: str = Field("builtin", description="what to train on")
    architecture: Architecture = Field(
        "arch1",
        description="arch1: the previous hidden layer comes back; arch2: the previous output",
    )
    combine: Combine = Field(
        "concat",
        description="how the input and what comes back are joined (arch2 knows concat only)",
    )
    feedback: Feedback = Field(
        "teacher",
        description="arch2 only: the true previous output comes back, or the network's own",
    )
    inputs: Inputs = Field(
        "current",
        description="arch2 under teacher forcing only: in training every step reads its own "
        "character, or that of its window's first step, as in the article's listing; held-out "
        "text is read as it stands",
    )
    activation: Activation = Field("tanh", description="of the hidden layer")
    unrollings: Unrollings = Field(
        20, description="T, the length of a window in characters: gradients travel to its start"
    )
    nodes: int = Field(
        100,
        ge=1,
        le=1024,
        description="N, the nodes of the hidden layer, or of each half of it under concat",
    )
    batch_size: int = Field(32, ge=1, le=1024, description="B, windows trained on at once")
    init: Init = Field("zero-mean", description="how the weights start")
    loss: Loss = Field(
        "cross-entropy",
        description="what training descends; curves show the cross-entropy in either case",
    )
    optimiser: Optimiser = Field("adam", description="what turns a gradient into a change")
    learning_rate: LearningRate = Field(0.002, description="the optimiser's step size")
    decay_rate: float = Field(
        1.0,
        gt=0,
        le=1,
        allow_inf_nan=False,
        description="the learning rate is multiplied by this, in a staircase ...",
    )
    decay_steps: int = Field(1_000, ge=1, le=10_000_000, description="... every so many steps")
    clip: Clip = Field(1.25, description="largest global norm of the gradient; 0 is off")
    steps: int = Field(2_000, ge=0, le=10_000_000, description="windows to train on")
    report_every: int = Field(
        1_000, ge=1, le=1_000_000, description="steps between validation losses and samples"
    )
    probe_every: int = Field(
        200, ge=0, le=1_000_000, description="steps between gradient flow probes; 0 is off"
    )
    seed: int = Field(0, ge=0, le=2**32 - 1, description="of the first weights and the samples")
    device: Device = Field("auto", description="auto times a step on each, and takes the faster")
    engine: Engine = Field(
        "auto",
        description="what makes the steps: compiled code, for the CPU, or torch; auto takes the "
        "faster for the network's size",
    )

    @model_validator(mode="after")
    def _arch2_joins_by_concat(self) -> TrainingConfig:
        if self.architecture == "arch2" and self.combine != "concat":
            raise ValueError(
                f"combine={self.combine} is not defined for arch2, which knows concat only; "
                "choose concat, or arch1"
            )
        return self

    @model_validator(mode="after")
    def _stale_inputs_are_arch2s(self) -> TrainingConfig:
        if self.inputs == "stale" and (self.architecture, self.feedback) != ("arch2", "teacher"):
            given: str = self.architecture
            if given == "arch2":
                given += f" with feedback={self.feedback}"
            raise ValueError(
                f"inputs=stale is not defined for {given}, only for arch2 with feedback=teacher: "
                "choose these, or inputs=current"
            )
        return self

    @property
    def hidden_size(self) -> int:
        """H: the hidden layer's width, `2N` under concat, `N` otherwise."""
        return 2 * self.nodes if self.combine == "concat" else self.nodes

    @property
    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """The shapes of `U, W, b, V, c`, in this order."""
        returning = self.hidden_size if self.architecture == "arch1" else ALPHABET_SIZE
        return {
            "U": (ALPHABET_SIZE, self.nodes),
            "W": (returning, self.nodes),
            "b": (self.hidden_size,),
            "V": (self.hidden_size, ALPHABET_SIZE),
            "c": (ALPHABET_SIZE,),
        }

    @property
    def parameter_count(self) -> int:
        """How many numbers training adjusts."""
        total = 0
        for shape in self.parameter_shapes.values():
            size = 1
            for extent in shape:
                size *= extent
            total += size
        return total

    @property
    def characters_per_step(self) -> int:
        """Predictions in one step, `B * T`."""
        return self.batch_size * self.unrollings

    @property
    def live(self) -> LiveSettings:
        """The part that may change during the run."""
        return LiveSettings(
            learning_rate=self.learning_rate, clip=self.clip, unrollings=self.unrollings
        )


LATER = {"inputs": "current", "loss": "cross-entropy"}
"""Settings that older versions did not have, at the values that they trained with."""


def choices(field: str) -> tuple[str, ...]:
    """The values that a field with a fixed set of them allows."""
    return get_args(TrainingConfig.model_fields[field].annotation)


def bounds(field: str) -> tuple[float, float]:
    """The smallest and the largest value that a numeric field allows."""
    low: Any = None
    high: Any = None
    for constraint in TrainingConfig.model_fields[field].metadata:
        if isinstance(constraint, Ge):
            low = constraint.ge
        elif isinstance(constraint, Gt):
            low = constraint.gt
        elif isinstance(constraint, Le):
            high = constraint.le
    return low, high


def allowed(field: str) -> str:
    """What a field allows, in words: "a whole number from 1 to 200"."""
    annotation = TrainingConfig.model_fields[field].annotation
    if annotation is str:
        return "builtin, text8, latch:LAG, or the path of a text file"
    if values := get_args(annotation):
        return "one of " + ", ".join(values)
    low, high = bounds(field)
    kind = "a whole number" if annotation is int else "a number"
    above = "above" if field == "decay_rate" else "from"
    upto = ", up to" if field == "decay_rate" else " to"
    return (
        f"{kind} {above} {low:,g}{upto} {high:,g}"
        if high < 1e6
        else (f"{kind} {above} {low:g}{upto} {high:,.0f}")
    )


def _sentences(error: ValidationError, known: Iterable[str]) -> str:
    lines, unknown = [], []
    problems = error.errors()
    for problem in problems[:_MOST_TOLD]:
        if not problem["loc"]:
            lines.append(problem["msg"].removeprefix("Value error, ") + ".")
            continue
        name = str(problem["loc"][0])
        if problem["type"] == "extra_forbidden":
            unknown.append(shown(name))
        elif problem["type"] == "missing":
            lines.append(f"{name} is missing: choose {allowed(name)}.")
        else:
            lines.append(
                f"{name}={shown(problem['input'])} is not allowed: choose {allowed(name)}."
            )
    if unknown:
        verb = "is not a setting" if len(unknown) == 1 else "are not settings"
        lines.append(f"{', '.join(unknown)} {verb}; the settings are {', '.join(known)}.")
    if (more := len(problems) - _MOST_TOLD) > 0:
        lines.append(f"So it is with {more:,} more.")
    return " ".join(lines)


@dataclass(frozen=True)
class Preset:
    """A named configuration to start from."""

    title: str
    about: str
    config: TrainingConfig


_ARCH1 = TrainingConfig(
    architecture="arch1",
    combine="concat",
    activation="relu",
    unrollings=40,
    nodes=100,
    batch_size=32,
    init="zero-mean",
    optimiser="adadelta",
    learning_rate=2.5,
    decay_rate=0.75,
    decay_steps=80_000,
    clip=1.25,
    steps=800_001,
    report_every=1_000,
)
_ARCH2 = TrainingConfig(
    architecture="arch2",
    combine="concat",
    feedback="teacher",
    activation="tanh",
    unrollings=20,
    nodes=50,
    batch_size=64,
    init="zero-mean",
    optimiser="sgd",
    learning_rate=2.5,
    decay_rate=0.1,
    decay_steps=5_000,
    clip=1.25,
    steps=50_001,
    report_every=1_000,
)
_DEMO = TrainingConfig(
    architecture="arch1",
    combine="concat",
    activation="tanh",
    unrollings=25,
    nodes=128,
    batch_size=32,
    init="zero-mean",
    optimiser="adam",
    learning_rate=0.004,
    decay_rate=0.5,
    decay_steps=4_000,
    clip=1.25,
    steps=12_000,
    report_every=250,
)

PRESETS: dict[str, Preset] = {
    "demo": Preset(
        "Quick demo",
        "A small Arch 1 that writes words after about 20 seconds.",
        _DEMO,
    ),
    "arch1": Preset(
        "Arch 1, zero-mean init",
        "Recommended. The article's first network with weights that start around 0, so that "
        "it learns.",
        _ARCH1,
    ),
    "arch1-published": Preset(
        "Arch 1, as published",
        "The article's first network with weights that start around -0.1. "
        "With this optimiser they keep the recurrence off: expect what counting 2 characters "
        "reaches.",
        _ARCH1.changed(init="published"),
    ),
    "arch2": Preset(
        "Arch 2, zero-mean init",
        "Recommended. The article's second network. Under teacher forcing it sees one "
        "character only: expect what counting 2 characters reaches.",
        _ARCH2,
    ),
    "arch2-published": Preset(
        "Arch 2, as published",
        "The article's second network with weights that start around -0.1.",
        _ARCH2.changed(init="published"),
    ),
}
"""The presets by the name that the command line and links use for them."""
