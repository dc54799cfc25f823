"""SGD, Adadelta and Adam over one flat buffer of weights.

Each follows the formula of the library the article used. Knows nothing of clipping, schedules
or what the weights mean. Slots are flat tensors like the weights, so that a checkpoint can
hold them as they are.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from core.config import Optimiser


class Updater(Protocol):
    """Changes the weights by a gradient."""

    slots: dict[str, Tensor]
    """What the optimiser remembers between steps, to be saved and restored with the weights."""

    def update(self, weights: Tensor, gradient: Tensor, learning_rate: float, step: int) -> None:
        """Change `weights` in place; `step` counts from 1."""


class Sgd:
    """w ← w - η g."""

    def __init__(self, like: Tensor) -> None:
        self.slots: dict[str, Tensor] = {}

    def update(self, weights: Tensor, gradient: Tensor, learning_rate: float, step: int) -> None:
        """Change `weights` in place."""
        weights.add_(gradient, alpha=-learning_rate)


class Adadelta:
    """Zeiler 2012 (arXiv:1212.5701), with rho 0.95 and epsilon 1e-8.

    a ← ρ a + (1-ρ) g²      d = g √((u+ε)/(a+ε))       u ← ρ u + (1-ρ) d²      w ← w - η d

    The slots hold a + ε and u + ε, since nothing else is ever used: two passes fewer over
    memory, which is what an update costs. They start at ε.
    """

    def __init__(self, like: Tensor, rho: float = 0.95, epsilon: float = 1e-8) -> None:
        self.rho = rho
        self.slots = {
            "squared_gradients": torch.full_like(like, epsilon),
            "squared_updates": torch.full_like(like, epsilon),
        }
        self._refill = like.new_full((), (1 - rho) * epsilon)  # what ρ takes from an ε
        self._delta = torch.empty_like(like)

    def update(self, weights: Tensor, gradient: Tensor, learning_rate: float, step: int) -> None:
        """Change `weights` in place."""
        a, u, delta = *self.slots.values(), self._delta
        self._decay(a).addcmul_(gradient, gradient, value=1 - self.rho)
        torch.div(u, a, out=delta).sqrt_().mul_(gradient)
        self._decay(u).addcmul_(delta, delta, value=1 - self.rho)
        weights.add_(delta, alpha=-learning_rate)

    def _decay(self, slot: Tensor) -> Tensor:
        return torch.add(self._refill, slot, alpha=self.rho, out=slot)


class Adam:
    """Kingma and Ba 2015 (arXiv:1412.6980), with beta 0.9 and 0.999, epsilon 1e-8.

    m ← β₁ m + (1-β₁) g      v ← β₂ v + (1-β₂) g²      w ← w - η m̂ / (√v̂ + ε)
    """

    def __init__(
        self, like: Tensor, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8
    ) -> None:
        self.beta1, self.beta2, self.epsilon = beta1, beta2, epsilon
        self.slots = {"mean": torch.zeros_like(like), "square": torch.zeros_like(like)}
        self._root = torch.empty_like(like)

    def update(self, weights: Tensor, gradient: Tensor, learning_rate: float, step: int) -> None:
        """Change `weights` in place."""
        mean, square = self.slots["mean"], self.slots["square"]
        mean.lerp_(gradient, 1 - self.beta1)
        square.mul_(self.beta2).addcmul_(gradient, gradient, value=1 - self.beta2)
        torch.sqrt(square, out=self._root).div_((1 - self.beta2**step) ** 0.5).add_(self.epsilon)
        weights.addcdiv_(mean, self._root, value=-learning_rate / (1 - self.beta1**step))


_OPTIMISERS = {"sgd": Sgd, "adadelta": Adadelta, "adam": Adam}


def build_optimiser(name: Optimiser, weights: Tensor) -> Updater:
    """The optimiser of this name, at its first step."""
    return _OPTIMISERS[name](weights)
