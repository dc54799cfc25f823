"""The pieces that the hand-written networks share: activations, slopes, the output layer.

Everything works in place or into a given buffer: a window's buffers are allocated once and
used for every step. Knows nothing of either recurrence.
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.config import Activation


def activate_(activation: Activation, z: Tensor) -> Tensor:
    """φ(z), in place."""
    return z.tanh_() if activation == "tanh" else z.relu_()


def slope(activation: Activation, h: Tensor, out: Tensor) -> Tensor:
    """φ' at the point where φ gave `h`, into `out`; 0 for a ReLU at exactly 0."""
    if activation == "tanh":
        torch.mul(h, h, out=out)
        return out.neg_().add_(1)
    return torch.gt(h, 0, out=out)


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

    def __init__(self, positions: int, symbols: int, like: Tensor) -> None:
        self.logits = like.new_empty((positions, symbols))  # (T*B, V)
        self._log_softmax = torch.empty_like(self.logits)
        self._minus_one = like.new_full((positions, 1), -1.0)
        self.gradient = torch.empty_like(self.logits)  # ∂loss/∂logits, (T*B, V)

    def loss(self, targets: Tensor) -> Tensor:
        """Mean loss in nats of `logits` for targets `(T*B,)`."""
        torch.log_softmax(self.logits, 1, out=self._log_softmax)
        return self._log_softmax.gather(1, targets[:, None]).mean().neg_()

    def backward(self, targets: Tensor) -> Tensor:
        """∂loss/∂logits, `(T*B, V)`."""
        # softmax is asked for again: exp of the log-softmax is several times slower.
        torch.softmax(self.logits, 1, out=self.gradient)
        self.gradient.scatter_add_(1, targets[:, None], self._minus_one)
        return self.gradient.div_(targets.numel())
