"""One step of a network taken apart: the terms of its equation, and the products inside them.

In float64, by the equations of `networks/reference.py` and in its letters; `back` is what comes
back, h_{t-1} in Arch 1 and the previous output in Arch 2:

    concat    inside = [x_t U ; back W] + b
    add       inside = x_t U + back W + b
    multiply  inside = (x_t U) ∘ (back W) + b
    then      h_t = φ(inside)      o_t = h_t V + c

Knows nothing of drawing characters, of speed or of pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.config import ALPHABET_SIZE, TrainingConfig
from core.data.alphabet import encode
from core.insight.sampling import quiet
from core.insight.walk import Walk
from core.networks.stepwise import FedBack


@dataclass(frozen=True, slots=True)
class UnitSum:
    """One hidden unit's sum. A part is None where the unit does not see it."""

    from_input: float | None  # of x_t U
    from_back: float | None  # of what comes back, times W
    bias: float
    inside: float  # all of it, before φ
    value: float  # φ of it


@dataclass(frozen=True, slots=True)
class Product:
    """One term of a sum of products."""

    place: int  # in what is multiplied: a unit, or a character's id
    value: float
    weight: float

    @property
    def product(self) -> float:
        """What it adds."""
        return self.value * self.weight


@dataclass(frozen=True, eq=False)
class StepApart:
    """The terms of one step, float64.

    Attributes:
        weights: `U, W, b, V, c`.
        config: the architecture they belong to.
        read: id of the character x_t.
        back: `(H,)` h_{t-1}, or `(V,)` the previous output.
        from_input, from_back: `(N,)`, x_t U and back W.
        inside, hidden: `(H,)`, before and after φ.
        logits: `(V,)`.
    """

    weights: Mapping[str, np.ndarray]
    config: TrainingConfig
    read: int
    back: np.ndarray
    from_input: np.ndarray
    from_back: np.ndarray
    inside: np.ndarray
    hidden: np.ndarray
    logits: np.ndarray

    def across(self, part: np.ndarray, *, first: bool) -> np.ndarray:
        """A part `(N,)` on the units that see it, `(H,)`: NaN elsewhere.

        Args:
            part: `from_input` or `from_back`.
            first: whether under concat the first N units see it, or else the others.
        """
        if self.config.combine != "concat":
            return part
        blind = np.full(len(part), np.nan)
        return np.concatenate((part, blind) if first else (blind, part))

    def unit(self, unit: int) -> UnitSum:
        """The sum of one hidden unit."""
        parts = (
            self.across(self.from_input, first=True)[unit],
            self.across(self.from_back, first=False)[unit],
        )
        seen_input, seen_back = (None if np.isnan(part) else float(part) for part in parts)
        bias = float(self.weights["b"][unit])
        inside, value = float(self.inside[unit]), float(self.hidden[unit])
        return UnitSum(seen_input, seen_back, bias, inside, value)

    def behind_back(self, unit: int, most: int) -> list[Product]:
        """The largest products in what comes back into a unit, the largest first.

        None under concat for a unit that sees the character alone.
        """
        column = unit - self.config.nodes if self.config.combine == "concat" else unit
        return [] if column < 0 else _largest(self.back, self.weights["W"][:, column], most)

    def behind_logit(self, character: int, most: int) -> list[Product]:
        """The largest products in the logit of a character, the largest first."""
        return _largest(self.hidden, self.weights["V"][:, character], most)


def take_apart(
    weights: Mapping[str, np.ndarray], config: TrainingConfig, read: int, back: np.ndarray
) -> StepApart:
    """One step of the network.

    Args:
        weights: float arrays by name, in the shapes of `config.parameter_shapes`.
        config: architecture, combine and activation are read, nothing else.
        read: id of the character.
        back: what comes back; see `came_back`.
    """
    exact = {name: np.asarray(values, np.float64) for name, values in weights.items()}
    back = np.asarray(back, np.float64)
    with quiet():
        from_input, from_back = exact["U"][read], back @ exact["W"]
        if config.combine == "concat":
            joined = np.concatenate((from_input, from_back))
        elif config.combine == "add":
            joined = from_input + from_back
        else:
            joined = from_input * from_back
        inside = joined + exact["b"]
        hidden = np.tanh(inside) if config.activation == "tanh" else np.maximum(inside, 0)
        logits = hidden @ exact["V"] + exact["c"]
    return StepApart(exact, config, read, back, from_input, from_back, inside, hidden, logits)


def came_back(walked: Walk, t: int, config: TrainingConfig, fed_back: FedBack) -> np.ndarray:
    """What comes back into the step that reads `walked.text[t]`, t from 0.

    Returns:
        Arch 1: h_{t-1}, `(H,)`. Arch 2: the character itself as one-hot, or the network's own
        distribution of one step before, `(V,)`. Zeros where nothing has come before.
    """
    if config.architecture == "arch2" and fed_back == "character":
        # The true previous output is the character that is read now.
        return np.eye(ALPHABET_SIZE)[encode(walked.text[t])[0]]
    if t == 0:
        return np.zeros(config.parameter_shapes["W"][0])
    before = walked.moments[t - 1]
    return before.hidden if config.architecture == "arch1" else before.probabilities


def _largest(values: np.ndarray, weights: np.ndarray, most: int) -> list[Product]:
    order = np.argsort(-np.abs(values * weights), kind="stable")[:most]
    return [Product(int(at), float(values[at]), float(weights[at])) for at in order]
