"""The hand-written gradient held against autograd, on given weights.

The two share nothing but the equations: `reference.py` lets autograd differentiate the plain
network; the engines, compiled or of torch, work the gradient out by hand. Knows nothing of
training.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from core.config import TrainingConfig
from core.data.windows import Cursors
from core.engines.build import build_passes
from core.engines.engine import EngineName
from core.errors import WeightsError
from core.networks import reference

_MOST_ROWS = 32

_Window = tuple[np.ndarray, np.ndarray]  # inputs and targets, (T, B)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One tensor of a gradient. Differences are relative to its largest entry.

    A difference is inf where what was worked out by hand fits into no number of that kind.
    """

    name: str  # U, W, b, V, c; or h, for ∂L_window/∂h_t
    largest_entry: float
    in_float64: float  # by hand in float64, against autograd in float64: are the equations right?
    in_float32: float  # by hand in float32, as it trains, against the same


def check_gradient(
    weights: Mapping[str, np.ndarray],
    config: TrainingConfig,
    ids: np.ndarray,
    unrollings: int,
    engine: EngineName = "torch",
) -> tuple[Comparison, ...]:
    """Compare every gradient of one window, read with a state carried from the window before.

    Args:
        weights: `U, W, b, V, c`.
        config: the network they belong to.
        ids: the text to read, at least 2 characters.
        unrollings: T of the window.
        engine: whose gradient is checked.

    Raises:
        WeightsError: a number on the way does not even fit into float64, so that there is nothing
            to hold the other against.
    """
    rows = min(config.batch_size, _MOST_ROWS, len(ids))
    cursors = Cursors(ids, rows)
    before, window = cursors.next_window(unrollings), cursors.next_window(unrollings)
    exact = _by_autograd(weights, config, before, window)
    if not all(np.isfinite(gradient).all() for gradient in exact.values()):
        raise WeightsError(
            f"With these weights, and {unrollings} unrollings, the gradient of a window has "
            "numbers that do not fit into float64, so there is nothing to compare: choose fewer "
            "unrollings, or weights from before they grew so large."
        )
    double = _by_hand(weights, config, engine, before, window, np.float64)
    single = _by_hand(weights, config, engine, before, window, np.float32)
    return tuple(
        Comparison(
            name,
            float(np.abs(gradient).max()),
            _difference(double[name], gradient),
            _difference(single[name], gradient),
        )
        for name, gradient in exact.items()
    )


def _by_autograd(
    weights: Mapping[str, np.ndarray], config: TrainingConfig, before: _Window, window: _Window
) -> dict[str, np.ndarray]:
    leaves = {
        name: torch.tensor(value, dtype=torch.float64, requires_grad=True)
        for name, value in weights.items()
    }
    state = reference.initial_state(config, before[0].shape[1], leaves["U"])
    state = reference.window(leaves, config, *_tensors(before), state).state
    read = reference.window(leaves, config, *_tensors(window), state)
    gradients = torch.autograd.grad(read.descended, [*leaves.values(), *read.hidden])
    named = {name: found.numpy() for name, found in zip(leaves, gradients, strict=False)}
    return {**named, "h": torch.stack(gradients[len(leaves) :]).numpy()}


def _tensors(window: _Window) -> tuple[torch.Tensor, torch.Tensor]:
    inputs, targets = window
    return torch.from_numpy(inputs), torch.from_numpy(targets)


def _by_hand(
    weights: Mapping[str, np.ndarray],
    config: TrainingConfig,
    engine: EngineName,
    before: _Window,
    window: _Window,
    dtype: type[np.floating],
) -> dict[str, np.ndarray]:
    passes = build_passes(config, engine, before[0].shape[1], dtype)
    passes.load(weights)
    with np.errstate(over="ignore", invalid="ignore"):
        passes.loss_and_gradients(*before)
        passes.move_on()
        passes.loss_and_gradients(*window)
        return {**passes.gradients, "h": passes.hidden_gradients()}


def _difference(found: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference, as a share of the largest entry; 0 where both are all zeros."""
    if not np.isfinite(found).all():
        return math.inf
    largest = float(np.abs(expected).max())
    difference = float(np.abs(found.astype(np.float64) - expected).max())
    return difference / largest if largest else difference
