"""How a flow falls off: its decay a step, its half-life and its horizon. Knows no networks."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

HORIZON_SHARE = 0.01
FIT_FLOOR = 1e-6
"""The decay is fitted down to this flow; what is below no longer matters to learning."""


def relative(norms: np.ndarray) -> np.ndarray:
    """Norms for k = 0 ... K, `(K+1,)`, relative to the one at k = 0, which becomes 1.

    Where nothing reaches even h_T, nothing reaches further.
    """
    flow = np.zeros_like(norms)
    if norms[0] != 0:
        with np.errstate(invalid="ignore"):  # inf / inf, in a network about to diverge
            flow = norms / norms[0]
    flow[0] = 1.0
    return flow


@dataclass(frozen=True, slots=True)
class Fit:
    """A straight line through ln flow: it falls to `decay` times itself in every step."""

    decay: float
    first: int  # the lags that the line was fitted to
    last: int


def fit_decay(flow: np.ndarray) -> Fit:
    """Least squares through ln flow(k) from k = 1 to where the flow first falls below 1e-6.

    k = 0 is left out: from h_T to h_{T−1} the gradient also changes from the output layer's
    weights to the recurrence's. With fewer than two lags to fit, the one step from 0 to 1.
    """
    low = np.flatnonzero(~((flow[1:] >= FIT_FLOOR) & np.isfinite(flow[1:])))
    last = int(low[0]) if len(low) else len(flow) - 1
    if last < 2:
        first_step = float(flow[1]) if len(flow) > 1 else 0.0
        return Fit(first_step, 0, min(1, len(flow) - 1))
    lags = np.arange(1, last + 1)
    steepness = np.polyfit(lags, np.log(flow[1 : last + 1]), 1)[0]
    return Fit(float(np.exp(steepness)), 1, last)


def half_life(decay: float) -> float:
    """Characters in which the flow falls to a half: 0 if it stops dead, inf if it never does.

    nan if nobody can say, in a network about to diverge.
    """
    if math.isnan(decay):
        return math.nan
    if decay >= 1:
        return math.inf
    return math.log(0.5) / math.log(decay) if decay > 0 else 0.0


def horizon(flow: np.ndarray) -> int:
    """The last lag with at least 1 % of the flow, in characters."""
    return int(np.flatnonzero(flow >= HORIZON_SHARE)[-1])
