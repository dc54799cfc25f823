"""What goes number by number: φ, its slope, exp and softmax, sums of rows. Compiled.

Plain loops, which the compiler turns into instructions on many numbers at once. Each works in place
or into an array that it is given. float32 is what trains; float64 is what checks it, and takes the
exact functions of the machine instead of a series.

Numbers that are too small to matter become 0 here: below 1e-38 a processor computes up to thirty
times slower, and a vanishing gradient gets there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

import numba
import numpy as np
from numpy import ndarray

from core.networks.compiled.cache import folder

numba.config.CACHE_DIR = str(folder())

F = TypeVar("F", bound=Callable[..., Any])

_FAST = {"contract", "arcp", "nsz"}  # a nan stays a nan, and a sum keeps its order
_COMPILE: dict[str, Any] = {"nogil": True, "cache": True, "error_model": "numpy"}


def compiled(function: F) -> F:
    """Compile on first use, or take it from the folder; runs without Python's lock."""
    fast: F = numba.njit(**_COMPILE, fastmath=_FAST)(function)
    return fast


def summing(function: F) -> F:
    """As `compiled`; its sums may be added up in any order, the same one each time."""
    fast: F = numba.njit(**_COMPILE, fastmath=_FAST | {"reassoc"})(function)
    return fast


_LOG2_E = 1 / math.log(2)
_LN2_HIGH = 0.693359375  # few digits, so that its product with a whole number is exact ...
_LN2_LOW = math.log(2) - _LN2_HIGH  # ... and the rest
_TERMS = 7  # of the series of e^r; for |r| <= ln 2 / 2 the next one is below 1e-8
_LEAST_LOG = -60.0  # a probability below e^-60 is taken for e^-60


@compiled
def least(x: ndarray) -> Any:
    """What is smaller counts as 0."""
    return x.dtype.type(1e-30) if x.itemsize == 4 else x.dtype.type(1e-290)


@compiled
def _within(x: Any, low: Any, high: Any) -> Any:
    """The nearest number from low to high; a nan stays, as it would not with min and max."""
    x = low if x < low else x
    return high if x > high else x


@compiled
def _halved(x: Any, f: Any) -> tuple[Any, Any]:
    """e^x in two parts, 2ⁿ and e^r - 1, of which e^x = 2ⁿ e^r and |r| <= ln 2 / 2."""
    n = np.floor(x * f(_LOG2_E) + f(0.5))
    r = (x - n * f(_LN2_HIGH)) - n * f(_LN2_LOW)
    series = f(1)
    for k in range(_TERMS, 1, -1):  # 1 + r/2 (1 + r/3 (1 + ...))
        series = f(1) + series * r * f(1 / k)
    two_to_n = np.int32((np.int32(n) + 127) << 23).view(np.float32)  # n, put where exponents are
    return f(two_to_n), series * r


@compiled
def exp(x: ndarray) -> None:
    """e^x for x <= 0, in place."""
    f = x.dtype.type
    if x.itemsize == 4:
        for i in range(x.size):
            two_to_n, rest = _halved(_within(x[i], f(_LEAST_LOG), f(0)), f)
            x[i] = two_to_n + two_to_n * rest
    else:
        for i in range(x.size):
            x[i] = math.exp(x[i])


@compiled
def _tanh(x: ndarray) -> None:
    """(e^2x - 1) / (e^2x + 1), in place: as exact near 0 as elsewhere."""
    f = x.dtype.type
    if x.itemsize == 4:
        for i in range(x.size):
            two_to_n, rest = _halved(f(2) * _within(x[i], f(-10), f(10)), f)
            less_one = two_to_n * rest + (two_to_n - f(1))
            x[i] = less_one / (less_one + f(2))
    else:
        for i in range(x.size):
            x[i] = math.tanh(x[i])


@compiled
def activate(z: ndarray, relu: bool) -> None:
    """φ, in place."""
    x = z.reshape(-1)
    if relu:
        for i in range(x.size):
            x[i] = x[i] if not x[i] < 0 else x.dtype.type(0)  # a nan stays
    else:
        _tanh(x)


@compiled
def times_slope(credit: ndarray, h: ndarray, relu: bool) -> None:
    """credit ∘ φ', at the point where φ gave h, in place; 0 for a ReLU at exactly 0."""
    d, x = credit.reshape(-1), h.reshape(-1)
    zero, one, tiny = x.dtype.type(0), x.dtype.type(1), least(x)
    if relu:
        for i in range(x.size):
            d[i] = zero if x[i] <= zero or abs(d[i]) < tiny else d[i]
    else:
        for i in range(x.size):
            passed = d[i] * (one - x[i] * x[i])
            d[i] = zero if abs(passed) < tiny else passed


@compiled
def softmax(o: ndarray) -> ndarray:
    """Turn each row of logits into probabilities p, in place; o - log p of each row, `(rows,)`."""
    rows, symbols = o.shape
    log_of_sum = np.empty(rows, o.dtype)
    for r in range(rows):
        largest = o[r, 0]
        for v in range(1, symbols):
            largest = o[r, v] if o[r, v] > largest else largest
        for v in range(symbols):
            o[r, v] -= largest
        log_of_sum[r] = largest
    exp(o.reshape(-1))
    for r in range(rows):
        total = sum_of(o[r])
        for v in range(symbols):
            o[r, v] /= total
        log_of_sum[r] += math.log(total)
    return log_of_sum


@compiled
def squared_error_back(p: ndarray, y: int, share: float, do: ndarray) -> None:
    """∂(share ‖p - onehot(y)‖²)/∂o of one prediction p = softmax(o), into `do`, which may be p."""
    p_y, twice = p[y], share + share
    mean = -p_y  # of p - onehot(y), weighted by p
    for v in range(p.size):
        mean += p[v] * p[v]
    for v in range(p.size):
        do[v] = twice * p[v] * (p[v] - mean)
    do[y] -= twice * p_y


@summing
def sum_of(x: ndarray) -> Any:
    """Of all numbers of a row."""
    total = x.dtype.type(0)
    for i in range(x.size):
        total += x[i]
    return total


@compiled
def add_rows(into: ndarray, rows: ndarray) -> None:
    """into += the sum of the rows."""
    for r in range(len(rows)):
        for i in range(into.size):
            into[i] += rows[r, i]


@compiled
def add_to_each(rows: ndarray, row: ndarray) -> None:
    """Add one row to each of the others."""
    for r in range(len(rows)):
        for i in range(row.size):
            rows[r, i] += row[i]
