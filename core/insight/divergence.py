"""Which number was the first that no float could hold, and what clipping would have done.

Looks at the window that a step failed on, in the order in which the step computed: forward
through time, the loss, back through time, the weights' gradients. Knows nothing of training.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from core.networks.build import build_network
from core.networks.network import Network
from core.networks.parameters import Parameters
from core.records import Divergence


@torch.no_grad()
def examine(
    network: Network, inputs: Tensor, targets: Tensor, state: Tensor, *, step: int
) -> Divergence:
    """What went wrong in the window that `network.loss_and_gradients` has just been given.

    Args:
        network: with the weights that the window was read with.
        inputs: ids `(T, B)`.
        targets: ids `(T, B)`.
        state: what crossed from the window before.
        step: noted in the record.
    """
    tensor, place = _first(network)
    return Divergence(step, tensor, place, len(inputs), _true_norm(network, inputs, targets, state))


def _first(network: Network) -> tuple[str, int | None]:
    """The first tensor in order of computing, and the place t at which it started, from 1."""
    values = network.parameters.values
    hidden = network.hidden()  # (T, B, H)
    logits = hidden @ values["V"] + values["c"]  # (T, B, V)
    for name, tensor in (("the hidden layer h", hidden), ("the logits o", logits)):
        if places := _not_finite(tensor):
            return name, places[0] + 1
    # Back through time the last place comes first.
    if places := _not_finite(network.hidden_gradients()):
        return "the gradient ∂L/∂h", places[-1] + 1
    for name, gradient in network.parameters.gradients.items():
        if not torch.isfinite(gradient).all():
            return f"the gradient of {name}", None
    if not math.isfinite(float(torch.linalg.vector_norm(network.parameters.gradient))):
        return "the norm of the gradient", None
    return "the update of the weights", None


def _not_finite(tensor: Tensor) -> list[int]:
    """The places t, from 0, with a number that is not finite."""
    return (~torch.isfinite(tensor).flatten(1).all(1)).nonzero()[:, 0].tolist()


def _true_norm(network: Network, inputs: Tensor, targets: Tensor, state: Tensor) -> float | None:
    """The gradient's norm in float64, which holds larger numbers; None if that is too small."""
    config, device = network.config, network.parameters.flat.device
    wide = Parameters(config, device=device, dtype=torch.float64)
    wide.load(network.parameters.values)
    build_network(config, wide).loss_and_gradients(inputs, targets, state.double())
    norm = float(torch.linalg.vector_norm(wide.gradient))
    return norm if math.isfinite(norm) else None
