"""Which number was the first that no float could hold, and what clipping would have done.

Looks at the window that a step failed on, in the order in which the step computed: forward
through time, the loss, back through time, the weights' gradients. Knows nothing of training.
"""

from __future__ import annotations

import math

import numpy as np

from core.engines.engine import Passes
from core.records import Divergence


def examine(passes: Passes, *, step: int, unrollings: int) -> Divergence:
    """What went wrong in the window that was read last.

    Args:
        passes: with the weights that the window was read with.
        step: noted in the record.
        unrollings: T of the window.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        tensor, place = _first(passes)
    return Divergence(step, tensor, place, unrollings, passes.true_norm())


def _first(passes: Passes) -> tuple[str, int | None]:
    """The first tensor in order of computing, and the place t at which it started, from 1."""
    hidden = passes.hidden()  # (T, B, H)
    logits = hidden @ passes.values["V"] + passes.values["c"]  # (T, B, V)
    for name, tensor in (("the hidden layer h", hidden), ("the logits o", logits)):
        if places := _not_finite(tensor):
            return name, places[0] + 1
    # Back through time the last place comes first.
    if places := _not_finite(passes.hidden_gradients()):
        return "the gradient ∂L/∂h", places[-1] + 1
    for name, gradient in passes.gradients.items():
        if not np.isfinite(gradient).all():
            return f"the gradient of {name}", None
    squares = sum(float((gradient * gradient).sum()) for gradient in passes.gradients.values())
    if not math.isfinite(squares):
        return "the norm of the gradient", None
    return "the update of the weights", None


def _not_finite(tensor: np.ndarray) -> list[int]:
    """The places t, from 0, with a number that is not finite."""
    finite = np.isfinite(tensor).reshape(len(tensor), -1).all(1)
    return np.flatnonzero(~finite).tolist()
