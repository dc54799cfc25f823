"""The size of a square matrix as a map that is applied again and again.

Knows nothing of networks. A recurrence stretches what passes through it once by at most its
largest singular value, and what passes through it many times by its spectral radius a step.
"""

from __future__ import annotations

import math

import numpy as np
from numpy import ndarray

# The norm of the 2^m-th power: its 2^m-th root is off by about m parts in 2^m. That is 1e-3
# for what is drawn while training, and below 1e-7 for whoever asks in float64.
_SQUARINGS = {"float32": 13, "float64": 30}


def spectral_radius(matrix: ndarray) -> float:
    """The largest size of an eigenvalue, `(N, N)` float32 or float64.

    Gelfand's formula, ρ(A) = lim ‖A^k‖^(1/k), with k doubled by squaring: products only, which
    take a small part of the time of an eigenvalue decomposition. nan for a matrix that is not
    finite.
    """
    power, log_radius = matrix, 0.0
    squarings = _SQUARINGS[matrix.dtype.name]
    for doubling in range(squarings + 1):
        norm = float(np.linalg.norm(power))
        if norm == 0:
            return 0.0
        if not math.isfinite(norm):
            return math.nan
        # Powers are kept at norm 1: their true sizes would not fit into any float.
        log_radius += math.log(norm) / 2**doubling
        if doubling < squarings:
            power = power / norm
            power = power @ power
    return math.exp(log_radius)


def largest_singular_value(matrix: ndarray) -> float:
    """By how much one application can stretch a vector; nan for a matrix that is not finite."""
    matrix = matrix.astype(np.float64)
    if not np.isfinite(matrix).all():
        return math.nan
    # The root of the largest eigenvalue of AᵀA takes a fraction of the time of all singular
    # values, and is as exact for the largest: only small ones lose digits in the square.
    return math.sqrt(max(0.0, np.linalg.eigvalsh(matrix.T @ matrix)[-1]))
