"""The first weights of a run, drawn from a generator.

Knows nothing of what the weights are for, beyond which block of W is the recurrence.

    published    U, W, V ~ normal(-0.1, 0.1) cut at 2 standard deviations; b = c = 0
    zero-mean    the same around 0
    orthogonal   zero-mean, then the recurrent block is a random (semi-)orthogonal matrix
    identity     zero-mean, then the recurrent block is the identity

What one seed fixes: U, then V, then W are always drawn, in this order, and a recurrent block
of its own is drawn last, over W's. So runs that differ in activation or in any setting but
the shapes start from identical weights; orthogonal and identity differ from zero-mean in the
recurrent block alone; published is zero-mean moved by -0.1; Arch 1 and Arch 2 share U and V.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from core.config import TrainingConfig

PUBLISHED_MEAN = -0.1
STD = 0.1
CUT = 2.0
"""Weights lie within this many standard deviations of their mean."""


def initial_parameters(config: TrainingConfig, generator: torch.Generator) -> dict[str, Tensor]:
    """U, W, b, V, c in the shapes of `config.parameter_shapes`: float32, on the CPU.

    `generator` is a CPU generator, and moves on.
    """
    parameters = {name: torch.zeros(shape) for name, shape in config.parameter_shapes.items()}
    mean = PUBLISHED_MEAN if config.init == "published" else 0.0
    # V before W: W's shape differs between the architectures, and what follows a tensor of
    # another shape is another draw.
    for name in ("U", "V", "W"):
        # The cut redraws, so the standard normal is drawn and then scaled: otherwise rounding
        # at the cut could make two means consume different draws.
        standard = torch.nn.init.trunc_normal_(parameters[name], a=-CUT, b=CUT, generator=generator)
        standard.mul_(STD).add_(mean)
    if config.init == "orthogonal":
        torch.nn.init.orthogonal_(recurrent_block(config, parameters), generator=generator)
    elif config.init == "identity":
        torch.nn.init.eye_(recurrent_block(config, parameters))
    return parameters


def recurrent_block(config: TrainingConfig, parameters: Mapping[str, Tensor]) -> Tensor:
    """The part of W through which the state returns to itself: a view, not a copy.

    Arch 1: (N, N). Under concat h = [input half ; recurrent half], so W's first N rows read
    the half that never came back, and its last N rows are the recurrence. Arch 2: all of W,
    (V, N).
    """
    W = parameters["W"]
    if config.architecture == "arch1" and config.combine == "concat":
        return W[config.nodes :]  # (N, N)
    return W
