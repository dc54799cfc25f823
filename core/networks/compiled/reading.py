"""Reading texts, and writing one, a character after the other: `stepwise.py`, compiled.

    hidden = φ(state ∘ gate[x] + inputs[x])       [state o] = hidden [back out 0] + after[x]

Without a gate nothing is multiplied, without inputs nothing is added. Where a distribution comes
back, softmax(o) W is added to the state.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy import ndarray

from core.networks.compiled.elementwise import activate, compiled, softmax


class Tables(NamedTuple):
    """What a network is read with; an array of no rows is one that it does without."""

    relu: bool
    gate: ndarray  # (V, N)
    inputs: ndarray  # (V, N)
    after: ndarray  # (V, S)
    products: ndarray  # (N, S)
    distribution_back: ndarray  # (V, N)


@compiled
def read(m: Tables, x: ndarray, both: ndarray, hidden: ndarray) -> None:
    """Read ids x `(B,)`, a line each: `both` is [state o 0], `(B, S)`; `hidden` `(B, N)`."""
    n, symbols = hidden.shape[1], len(m.after)
    for b in range(len(x)):
        h, state = hidden[b], both[b]
        if len(m.gate):
            gate, inputs = m.gate[x[b]], m.inputs[x[b]]
            for i in range(n):
                h[i] = state[i] * gate[i] + inputs[i]
        elif len(m.inputs):
            inputs = m.inputs[x[b]]
            for i in range(n):
                h[i] = state[i] + inputs[i]
        else:
            for i in range(n):
                h[i] = state[i]
    activate(hidden, m.relu)
    np.dot(hidden, m.products, both)
    for b in range(len(x)):
        line, after = both[b], m.after[x[b]]
        for i in range(line.size):
            line[i] += after[i]
    if len(m.distribution_back):
        p = both[:, n : n + symbols].copy()
        softmax(p)
        both[:, :n] += np.dot(p, m.distribution_back)


@compiled
def read_all(m: Tables, text: ndarray, both: ndarray, hidden: ndarray, logits: ndarray) -> None:
    """Read `text` `(T, B)`; `logits` `(T, B, V)` are those after each character."""
    n, symbols = hidden.shape[1], len(m.after)
    for t in range(len(text)):
        read(m, text[t], both, hidden)
        logits[t] = both[:, n : n + symbols]


@compiled
def losses(m: Tables, text: ndarray, both: ndarray, hidden: ndarray, found: ndarray) -> None:
    """Read `text` `(T+1, B)` but for its last characters.

    `found` `(T, B)` is what each character but the first costs, in nats.
    """
    n, symbols = hidden.shape[1], len(m.after)
    o = np.empty((both.shape[0], symbols), both.dtype)
    for t in range(len(text) - 1):
        read(m, text[t], both, hidden)
        o[:] = both[:, n : n + symbols]
        for b in range(len(o)):
            found[t, b] = -o[b, text[t + 1, b]]
        found[t] += softmax(o)


@compiled
def write(m: Tables, x: int, noise: ndarray, both: ndarray, hidden: ndarray, ids: ndarray) -> int:
    """Read x, then draw `len(noise)` characters into `ids`, reading each but the last: how many.

    A character is the one whose logit plus noise is the largest; where none is finite it ends.
    `both` `(S,)` and `hidden` `(N,)` are as in `read`, of one line.
    """
    n, symbols = hidden.size, len(m.after)
    p = np.empty((1, symbols), both.dtype)
    for t in range(len(noise)):
        after = m.after[x]
        if len(m.gate):
            for i in range(n):
                hidden[i] = both[i] * m.gate[x, i] + m.inputs[x, i]
        elif len(m.inputs):
            for i in range(n):
                hidden[i] = both[i] + m.inputs[x, i]
        else:
            for i in range(n):
                hidden[i] = both[i]
        activate(hidden, m.relu)
        np.dot(hidden, m.products, both)
        for i in range(both.size):
            both[i] += after[i]
        if len(m.distribution_back):
            p[0] = both[n : n + symbols]
            softmax(p)
            both[:n] += np.dot(p[0], m.distribution_back)
        best = noise.dtype.type(-np.inf)
        for v in range(symbols):
            score = both[n + v] + noise[t, v]
            if not score <= best:  # a nan is taken, and ends it
                best, x = score, v
        if not np.isfinite(best):
            return t
        ids[t] = x
    return len(noise)
