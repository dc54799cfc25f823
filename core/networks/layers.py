"""The pieces that the hand-written networks share: activations, slopes, the output layer.

Everything works in place or into a given buffer: a window's buffers are allocated once and
used for every step. Knows nothing of either recurrence.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from core.config import Activation, Loss


def in_place(activation: Activation) -> Callable[[Tensor], Tensor]:
    """φ as a function that overwrites its argument."""
    return torch.tanh_ if activation == "tanh" else torch.relu_


def slope(activation: Activation, h: Tensor, out: Tensor) -> Tensor:
    """φ' at the point where φ gave `h`, into `out`; 0 for a ReLU at exactly 0."""
    if activation == "tanh":
        return torch.addcmul(h.new_ones(()), h, h, value=-1, out=out)
    return torch.sign(h, out=out)  # what a ReLU gives is never negative


def sum_by_character(rows: Tensor, ids: Tensor, symbols: int) -> Tensor:
    """The sum of the rows of each id: a one-hot product without the one-hot.

    Args:
        rows: `(P, M)`.
        ids: `(P,)` int64, below `symbols`.

    Returns:
        `(symbols, M)`.
    """
    return rows.new_zeros((symbols, rows.shape[1])).index_add_(0, ids, rows)


class CrossEntropy:
    """Mean cross-entropy over a window, and its gradient.

    loss = -1/(TB) Σ log softmax(o)[y]        ∂loss/∂o = (softmax(o) - onehot(y)) / TB
    """

    # exp of less is 0 to float32, and takes many times as long to find out.
    _LEAST_LOG = -80.0

    def __init__(self, positions: int, symbols: int, like: Tensor) -> None:
        self.logits = like.new_empty((positions, symbols))  # (T*B, V)
        self._work = torch.empty_like(self.logits)  # log softmax, then softmax - onehot
        self._minus_one = like.new_full((positions,), -1.0)
        self._minus_share = like.new_full((positions,), -1.0 / positions)
        self._rows = torch.arange(positions, device=like.device) * symbols
        self._targets = torch.empty_like(self._rows)  # where each target stands, flattened

    def loss(self, targets: Tensor) -> Tensor:
        """Mean loss in nats of `logits` for targets `(T*B,)`."""
        torch.add(self._rows, targets, out=self._targets)
        torch.log_softmax(self.logits, 1, out=self._work)
        return torch.dot(self._work.take(self._targets), self._minus_share)

    def backward(self, out: Tensor) -> Tensor:
        """∂loss/∂logits of the loss that `loss` has just given, into `out`, `(T*B, V)`.

        Once only: it overwrites what `loss` left for it.
        """
        self._work.clamp_min_(self._LEAST_LOG).exp_()
        self._work.view(-1).index_add_(0, self._targets, self._minus_one)
        return torch.mul(self._work, 1 / len(self._rows), out=out)


class SquaredError(CrossEntropy):
    """The same output layer and the same loss to tell, but another one to descend.

    e = 1/(TB) Σ ‖p - onehot(y)‖²        ∂e/∂o = p ∘ (g - Σ p g), g = 2 (p - onehot(y)) / TB
    """

    def backward(self, out: Tensor) -> Tensor:
        """∂e/∂logits, into `out`, `(T*B, V)`; after `loss`, and once only."""
        p = self._work.clamp_min_(self._LEAST_LOG).exp_()
        error = p.clone()
        error.view(-1).index_add_(0, self._targets, self._minus_one)
        error.sub_((p * error).sum(1, keepdim=True)).mul_(p)
        return torch.mul(error, 2 / len(self._rows), out=out)


OUTPUT: dict[Loss, type[CrossEntropy]] = {
    "cross-entropy": CrossEntropy,
    "squared-error": SquaredError,
}
"""The output layer that descends a loss."""
