"""One training step: a window's loss and gradient, clipping by global norm, the update.

    inputs, targets, state ──► network ──► gradient ──► global norm ──► clip ──► optimiser

Knows nothing of texts, reports or runs.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from core.engines.optimisers import Updater
from core.networks.network import Network

SUSPICIOUS_NORM = 1e15
"""A finite gradient makes finite weights unless its norm is beyond this."""

_LARGEST_NORM = torch.finfo(torch.float32).max  # what a record holds


@dataclass(frozen=True, eq=False)
class Stepped:
    """What a step gave."""

    loss: float  # nats
    norm: float  # of the gradient, before clipping
    state: Tensor  # what crosses into the next window


class NotFinite(Exception):
    """A step that cannot be made; the weights are as they were.

    Attributes:
        cause: what is not finite, in words.
    """

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


class Stepper:
    """Makes steps, one operation after the other; a subclass may know a shorter way."""

    def __init__(self, network: Network, optimiser: Updater) -> None:
        self.network = network
        self.optimiser = optimiser

    @torch.no_grad()
    def step(
        self,
        inputs: Tensor,
        targets: Tensor,
        state: Tensor,
        *,
        number: int,
        learning_rate: float,
        clip: float,
        look: Callable[[], None] | None = None,
    ) -> Stepped:
        """Train on one window.

        Args:
            inputs: ids x, `(T, B)` int64, on any device.
            targets: ids y, `(T, B)` int64, on any device.
            state: what crossed from the window before.
            number: of the step, from 1.
            clip: the largest global norm; 0 for none.
            look: called before the update, while the network's gradients belong to the weights
                that the window was read with.

        Raises:
            NotFinite: the loss, the gradient or the updated weights.
        """
        factors = self.optimiser.factors(learning_rate, number)
        if look is None:
            stepped = self._shortcut(inputs, targets, state, clip, factors)
            if stepped is not None:
                return stepped
        if state.is_cuda:
            inputs, targets = inputs.to(state.device), targets.to(state.device)
        loss_tensor, after = self.network.loss_and_gradients(inputs, targets, state)
        loss, norm = float(loss_tensor), self._norm(clip)
        if not math.isfinite(loss):
            raise NotFinite("the loss")
        if not math.isfinite(norm):
            raise NotFinite(self._not_finite_gradient())
        if look:
            look()
        if 0 < clip < norm:
            self.network.parameters.gradient.mul_(clip / norm)
        self._update(factors, norm)
        return Stepped(loss, norm, after)

    def _shortcut(
        self,
        inputs: Tensor,
        targets: Tensor,
        state: Tensor,
        clip: float,
        factors: tuple[float, ...],
    ) -> Stepped | None:
        """The same step in a shorter way; None, and nothing has changed, if there is none."""
        return None

    def _norm(self, clip: float) -> float:
        """The global norm; infinite or nan where training cannot go on.

        float32 holds a gradient whose squares it cannot add up. Clipping needs its length all
        the same, so that it saves the step; without clipping there is nothing to save.
        """
        gradient = self.network.parameters.gradient
        norm = math.sqrt(float(torch.dot(gradient, gradient)))  # in half of vector_norm's time
        if norm == math.inf and clip > 0:
            norm = float(torch.linalg.vector_norm(gradient, dtype=torch.float64))
        return norm if norm <= _LARGEST_NORM else math.inf

    def _update(self, factors: tuple[float, ...], norm: float) -> None:
        parameters = self.network.parameters
        weights = parameters.flat
        before = weights.clone() if norm > SUSPICIOUS_NORM else None
        self.optimiser.update(weights, parameters.gradient, *factors)
        if before is not None and not torch.isfinite(weights).all():
            weights.copy_(before)
            raise NotFinite("the update")

    def _not_finite_gradient(self) -> str:
        for name, gradient in self.network.parameters.gradients.items():
            if not torch.isfinite(gradient).all():
                return f"the gradient of {name}"
        return "the norm of the gradient"  # every entry is finite, their squares are not
