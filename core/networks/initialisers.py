"""The first weights of a run, drawn from its seed.

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

import numpy as np
from numpy import ndarray

from core.config import TrainingConfig
from core.networks.normals import Normals

PUBLISHED_MEAN = -0.1
STD = 0.1
CUT = 2.0
"""Weights lie within this many standard deviations of their mean."""


def initial_parameters(config: TrainingConfig, seed: int) -> dict[str, ndarray]:
    """U, W, b, V, c in the shapes of `config.parameter_shapes`, float32.

    Args:
        config: architecture, combine, nodes and init are read.
        seed: 0 to 2**32 - 1, in place of `config.seed`.
    """
    parameters = {
        name: np.zeros(shape, np.float32) for name, shape in config.parameter_shapes.items()
    }
    normals = Normals(seed)
    mean = np.float32(PUBLISHED_MEAN if config.init == "published" else 0.0)
    # V before W: W's shape differs between the architectures, and what follows a matrix of
    # another shape is another draw.
    for name in ("U", "V", "W"):
        # The cut redraws, so the standard normal is drawn and then scaled: otherwise rounding
        # at the cut could make two means consume different draws.
        standard = normals.draw_within(CUT, *parameters[name].shape)
        parameters[name][:] = standard * np.float32(STD) + mean
    if config.init in ("orthogonal", "identity"):
        block = recurrent_block(config, parameters)
        rows, columns = block.shape
        own = config.init == "orthogonal"
        block[:] = _orthogonal(normals, rows, columns) if own else np.eye(rows, columns)
    return parameters


def recurrent_block(config: TrainingConfig, parameters: Mapping[str, ndarray]) -> ndarray:
    """The part of W through which the state returns to itself: a view, not a copy.

    Arch 1: (N, N). Under concat h = [input half ; recurrent half], so W's first N rows read
    the half that never came back, and its last N rows are the recurrence. Arch 2: all of W,
    (V, N).
    """
    W = parameters["W"]
    if config.architecture == "arch1" and config.combine == "concat":
        return W[config.nodes :]  # (N, N)
    return W


def _orthogonal(normals: Normals, rows: int, columns: int) -> ndarray:
    """A random matrix whose rows or columns, whichever are fewer, are orthonormal."""
    matrix = normals.draw(rows, columns)
    tall = matrix if rows >= columns else matrix.T
    Q, R = np.linalg.qr(tall)
    # QR leaves the signs open. With a positive diagonal in R, every rotation is equally likely:
    # Mezzadri 2007, How to generate random matrices from the classical compact groups.
    Q *= np.sign(np.diag(R))
    return Q if rows >= columns else Q.T
