"""SGD, Adadelta and Adam over one flat buffer of weights.

Each follows the formula of the library the article used. What differs from step to step, such
as the learning rate, comes in as *factors*: numbers, or tensors that hold one, so that a CUDA
graph that was recorded once takes new ones. What an optimiser remembers between steps are its
*accumulators*: flat tensors like the weights, so that a checkpoint can hold them as they are.
Knows nothing of clipping, schedules or what the weights mean.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from core.config import Optimiser

Factor = float | Tensor


class Updater(Protocol):
    """Changes the weights by a gradient."""

    accumulators: dict[str, Tensor]
    """What the optimiser remembers between steps, to be saved and restored with the weights."""

    def factors(self, learning_rate: float, step: int) -> tuple[float, ...]:
        """What `update` needs besides weights and gradient; `step` counts from 1."""

    def update(self, weights: Tensor, gradient: Tensor, *factors: Factor) -> None:
        """Change `weights` in place."""


class Sgd:
    """w ← w - η g."""

    def __init__(self, like: Tensor) -> None:
        self.accumulators: dict[str, Tensor] = {}

    def factors(self, learning_rate: float, step: int) -> tuple[float]:
        """η."""
        return (learning_rate,)

    def update(self, weights: Tensor, gradient: Tensor, rate: Factor) -> None:
        """Change `weights` in place."""
        _subtract(weights, gradient, rate)


class Adadelta:
    """Zeiler 2012 (arXiv:1212.5701), with rho 0.95 and epsilon 1e-8.

    a ← ρ a + (1-ρ) g²      d = g √((u+ε)/(a+ε))       u ← ρ u + (1-ρ) d²      w ← w - η d

    The accumulators hold a + ε and u + ε, since nothing else is ever used: two passes fewer over
    memory, which is what an update costs. They start at ε.
    """

    def __init__(self, like: Tensor, rho: float = 0.95, epsilon: float = 1e-8) -> None:
        self.rho = rho
        self.accumulators = {
            "squared_gradients": torch.full_like(like, epsilon),
            "squared_updates": torch.full_like(like, epsilon),
        }
        self._refill = like.new_full((), (1 - rho) * epsilon)  # what ρ takes from an ε
        self._delta = torch.empty_like(like)

    def factors(self, learning_rate: float, step: int) -> tuple[float]:
        """η."""
        return (learning_rate,)

    def update(self, weights: Tensor, gradient: Tensor, rate: Factor) -> None:
        """Change `weights` in place."""
        a, u, delta = *self.accumulators.values(), self._delta
        self._decay(a).addcmul_(gradient, gradient, value=1 - self.rho)
        torch.div(u, a, out=delta).sqrt_().mul_(gradient)
        self._decay(u).addcmul_(delta, delta, value=1 - self.rho)
        _subtract(weights, delta, rate)

    def _decay(self, accumulator: Tensor) -> Tensor:
        return torch.add(self._refill, accumulator, alpha=self.rho, out=accumulator)


class Adam:
    """Kingma and Ba 2015 (arXiv:1412.6980), with beta 0.9 and 0.999, epsilon 1e-8.

    m ← β₁ m + (1-β₁) g      v ← β₂ v + (1-β₂) g²      w ← w - η m̂ / (√v̂ + ε)

    m̂ = m / (1 - β₁ᵗ) and v̂ = v / (1 - β₂ᵗ) at step t, from 1.
    """

    def __init__(
        self, like: Tensor, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8
    ) -> None:
        self.beta1, self.beta2, self.epsilon = beta1, beta2, epsilon
        self.accumulators = {"mean": torch.zeros_like(like), "square": torch.zeros_like(like)}
        self._work = torch.empty_like(like)

    def factors(self, learning_rate: float, step: int) -> tuple[float, float]:
        """η / (1 - β₁ᵗ) and √(1 - β₂ᵗ)."""
        return learning_rate / (1 - self.beta1**step), (1 - self.beta2**step) ** 0.5

    def update(self, weights: Tensor, gradient: Tensor, rate: Factor, root: Factor) -> None:
        """Change `weights` in place."""
        mean, square = self.accumulators["mean"], self.accumulators["square"]
        mean.lerp_(gradient, 1 - self.beta1)
        square.mul_(self.beta2).addcmul_(gradient, gradient, value=1 - self.beta2)
        size = torch.sqrt(square, out=self._work).div_(root).add_(self.epsilon)
        _subtract(weights, torch.div(mean, size, out=size), rate)


def _subtract(weights: Tensor, direction: Tensor, rate: Factor) -> None:
    """w ← w - rate · direction."""
    if isinstance(rate, Tensor):
        weights.addcmul_(direction, rate, value=-1)
    else:
        weights.add_(direction, alpha=-rate)


_OPTIMISERS = {"sgd": Sgd, "adadelta": Adadelta, "adam": Adam}


def build_optimiser(name: Optimiser, weights: Tensor) -> Updater:
    """The optimiser of this name, at its first step."""
    return _OPTIMISERS[name](weights)
