"""From a window's gradient to other weights: global norm, clipping, optimiser. Compiled.

    g ← g · min(1, clip / ‖g‖)

    sgd       w ← w - η g
    adadelta  a ← ρ a + (1-ρ) g²      d = g √((u+ε)/(a+ε))      u ← ρ u + (1-ρ) d²      w ← w - η d
    adam      m ← β₁ m + (1-β₁) g     v ← β₂ v + (1-β₂) g²      w ← w - η m̂ / (√v̂ + ε)

`engines/optimisers.py` has the sources, and the same in PyTorch. Adadelta's accumulators hold a + ε
and u + ε, as they do there.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy import ndarray

from core.networks.compiled.elementwise import compiled, least, summing

SGD, ADADELTA, ADAM = range(3)
FINE, BAD_LOSS, BAD_GRADIENT, BAD_UPDATE = range(4)

SUSPICIOUS_NORM = 1e15
"""A finite gradient makes finite weights unless its norm is beyond this."""

_LARGEST = float(np.finfo(np.float32).max)  # loss or norm that a record holds


class Update(NamedTuple):
    """All weights in a row, the gradient alike, and what the optimiser remembers."""

    optimiser: int
    w: ndarray
    gradient: ndarray
    first: ndarray  # a + ε of Adadelta, m of Adam
    second: ndarray  # u + ε of Adadelta, v of Adam
    clip: float  # the largest global norm; 0 for none


@compiled
def update(u: Update, loss: float, rate: float, root: float) -> tuple[float, int]:
    """Clip, and change the weights; the norm before, and what is wrong if they are as they were.

    `rate` is the optimiser's learning rate; Adam's is η / (1 - β₁ᵗ), and `root` √(1 - β₂ᵗ).
    """
    norm = norm_of(u.gradient)
    if not abs(loss) <= _LARGEST:
        return norm, BAD_LOSS
    # Squares of a float32 gradient may be more than any float32, and clipping still saves the
    # step; without it there is nothing to save.
    if not norm <= (_LARGEST if u.clip > 0 else math.sqrt(_LARGEST)):
        return norm, BAD_GRADIENT
    if norm <= SUSPICIOUS_NORM:
        _change(u, norm, rate, root)
        return norm, FINE
    before = u.w.copy()
    _change(u, norm, rate, root)
    for i in range(u.w.size):
        if not math.isfinite(u.w[i]):
            u.w[:] = before
            return norm, BAD_UPDATE
    return norm, FINE


@summing
def norm_of(x: ndarray) -> float:
    """√Σx², added up in float64, in which no square of a float32 overflows."""
    total = 0.0
    for i in range(x.size):
        total += np.float64(x[i]) * np.float64(x[i])
    return math.sqrt(total)


@compiled
def _change(u: Update, norm: float, rate: float, root: float) -> None:
    f = u.w.dtype.type
    scale = f(u.clip / norm) if 0 < u.clip < norm else f(1)
    if u.optimiser == SGD:
        _sgd(u.w, u.gradient, scale, f(rate))
    elif u.optimiser == ADADELTA:
        _adadelta(u.w, u.gradient, u.first, u.second, scale, f(rate))
    else:
        _adam(u.w, u.gradient, u.first, u.second, scale, f(rate), f(root))


@compiled
def _sgd(w: ndarray, gradient: ndarray, scale: float, rate: float) -> None:
    for i in range(w.size):
        w[i] -= rate * (scale * gradient[i])


@compiled
def _adadelta(
    w: ndarray, gradient: ndarray, a: ndarray, u: ndarray, scale: float, rate: float
) -> None:
    f = w.dtype.type
    rho, rest, refill = f(0.95), f(1 - 0.95), f((1 - 0.95) * 1e-8)
    for i in range(w.size):
        g = scale * gradient[i]
        a[i] = refill + rho * a[i] + rest * g * g
        d = np.sqrt(u[i] / a[i]) * g
        u[i] = refill + rho * u[i] + rest * d * d
        w[i] -= rate * d


@compiled
def _adam(
    w: ndarray, gradient: ndarray, m: ndarray, v: ndarray, scale: float, rate: float, root: float
) -> None:
    f, zero, tiny = w.dtype.type, w.dtype.type(0), least(w)
    rest_1, beta_2, rest_2, epsilon = f(1 - 0.9), f(0.999), f(1 - 0.999), f(1e-8)
    for i in range(w.size):
        g = scale * gradient[i]
        mean = m[i] + rest_1 * (g - m[i])
        square = beta_2 * v[i] + rest_2 * g * g
        m[i] = zero if abs(mean) < tiny else mean
        v[i] = zero if square < tiny else square
        w[i] -= rate * m[i] / (np.sqrt(v[i]) / root + epsilon)
