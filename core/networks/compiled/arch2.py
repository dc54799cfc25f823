"""Arch 2's window, forward and back, compiled: what `networks/arch2.py` does, in loops.

    a_t = [φ(x_t U + b₁) ; φ(p_{t-1} W + b₂)]        o_t = a_t V + c

The first half of a is looked up: it is a row for each symbol, and so is its part of the logits.
Under teacher forcing the second half is, too, since p_{t-1} is x_t's own one-hot: then the network
is a table, and how often y follows x in the window says all that there is to know of it. Stale
inputs take the two rows of a place from two characters. Free running, p_t = softmax(o_t) goes
through a loop.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy import ndarray

from core.networks.compiled.elementwise import (
    activate,
    add_rows,
    add_to_each,
    compiled,
    softmax,
    squared_error_back,
    sum_of,
    times_slope,
)
from core.networks.compiled.update import Update, update

TEACHER, STALE, FREE = range(3)


class Window(NamedTuple):
    """The weights, their gradient, and the buffers of T steps and B lines.

    Under teacher forcing the loop's buffers hold one step whose lines are the symbols; only `do` is
    of all T steps and B lines if the inputs are stale.
    """

    way: int  # TEACHER, STALE or FREE
    relu: bool
    squared: bool  # the squared error is descended, not the cross-entropy
    U: ndarray  # (V, N)
    W: ndarray  # (V, N)
    b: ndarray  # (2N,)
    V: ndarray  # (2N, V)
    c: ndarray  # (V,)
    dU: ndarray
    dW: ndarray
    db: ndarray
    dV: ndarray
    dc: ndarray
    state: ndarray  # (B, V): what crosses from window to window
    first: ndarray  # (V, N): the half of a that x enters, for each symbol
    rows: ndarray  # (V, V): and what it gives the logits
    rows_back: ndarray  # (V, V): the sum of do over the places of each symbol
    counts: ndarray  # (V, V): how often y follows x
    p: ndarray  # (T+1, B, V): what comes back; p[0] is the state
    a2: ndarray  # (T, B, N): the half of a that p enters
    da2: ndarray  # (T, B, N): ∂L/∂(what φ was applied to)
    do: ndarray  # (T, B, V): ∂L/∂o
    dp: ndarray  # (B, V)


@compiled
def train(
    a: Window,
    u: Update,
    ids: ndarray,
    steps: int,
    rates: ndarray,
    roots: ndarray,
    losses: ndarray,
    norms: ndarray,
) -> tuple[int, int]:
    """As `arch1.train`, written again: numba keeps no function that another one is given."""
    for s in range(len(rates)):
        read = ids[s * steps : (s + 1) * steps + 1]
        losses[s] = gradients(a, read[:-1], read[1:])
        norms[s], problem = update(u, losses[s], rates[s], roots[s])
        if problem:
            return s, problem
        move_on(a)
    return len(rates), 0


@compiled
def gradients(a: Window, x: ndarray, y: ndarray) -> float:
    """Read ids x, predict ids y, each `(T, B)`: the mean loss in nats; fills the gradients."""
    n = a.U.shape[1]
    a.first[:] = a.U
    add_to_each(a.first, a.b[:n])
    activate(a.first, a.relu)
    np.dot(a.first, a.V[:n], a.rows)
    add_to_each(a.rows, a.c)
    a.db[:] = 0
    if a.way == TEACHER:
        loss = _table(a, x, y)
    elif a.way == STALE:
        loss = _two_tables(a, x, y)
    else:
        loss = _loop(a, x, y)
    a.dc[:] = 0
    add_rows(a.dc, a.rows_back)
    np.dot(a.first.T, a.rows_back, a.dV[:n])
    np.dot(a.rows_back, a.V[:n].T, a.dU)
    times_slope(a.dU, a.first, a.relu)
    add_rows(a.db[:n], a.dU)
    return loss


@compiled
def move_on(a: Window) -> None:
    """Let the state after this window be that before the next; a table has none."""
    if a.way == FREE:
        a.state[:] = a.p[-1]


@compiled
def _table(a: Window, x: ndarray, y: ndarray) -> float:
    """Teacher forcing: the loss and the gradients of W, its bias and its half of V."""
    (steps, batch), symbols = x.shape, len(a.U)
    places = steps * batch
    a.counts[:] = 0
    for t in range(steps):
        for b in range(batch):
            a.counts[x[t, b], y[t, b]] += 1
    p, counts = a.p[0], a.counts
    _look_up_second(a)
    loss = 0.0
    for s in range(symbols):
        for v in range(symbols):
            p[s, v] += a.rows[s, v]
            if counts[s, v] > 0:
                loss -= counts[s, v] * p[s, v]
    log_of_sum = softmax(p)
    for s in range(symbols):
        seen = sum_of(counts[s])
        if seen > 0:
            loss += seen * log_of_sum[s]
        for v in range(symbols):
            a.rows_back[s, v] = (seen * p[s, v] - counts[s, v]) / places
        if a.squared:  # through the softmax, as in `squared_error_back`, for all of a row's places
            do, mean = a.rows_back[s], p.dtype.type(0)
            for v in range(symbols):
                mean += p[s, v] * do[v]
            for v in range(symbols):
                do[v] = 2 * p[s, v] * (do[v] - mean)
    _second_weights(a, a.rows_back)
    return loss / places


@compiled
def _two_tables(a: Window, x: ndarray, y: ndarray) -> float:
    """Teacher forcing with stale inputs: the same, x being what the window's first step reads."""
    (steps, batch), symbols = x.shape, len(a.U)
    places = steps * batch
    _look_up_second(a)
    loss = 0.0
    for t in range(steps):
        for b in range(batch):
            o, row, second = a.do[t, b], a.rows[x[0, b]], a.p[0, x[t, b]]
            for v in range(symbols):
                o[v] = row[v] + second[v]
            loss -= o[y[t, b]]
    loss += sum_of(softmax(a.do.reshape(places, symbols)).astype(np.float64))
    _through_loss(a, a.do.reshape(places, symbols), y.reshape(places))
    second_back = a.counts  # (V, V), and nothing is counted here
    a.rows_back[:] = 0
    second_back[:] = 0
    for t in range(steps):
        for b in range(batch):
            do, into, second = a.do[t, b], a.rows_back[x[0, b]], second_back[x[t, b]]
            for v in range(symbols):
                into[v] += do[v]
                second[v] += do[v]
    _second_weights(a, second_back)
    return loss / places


@compiled
def _through_loss(a: Window, p: ndarray, y: ndarray) -> None:
    """Of the probabilities p `(T*B, V)` of a window's places make the do, where no p comes back."""
    share = p.dtype.type(1 / len(p))
    for place in range(len(p)):
        if a.squared:
            squared_error_back(p[place], y[place], share, p[place])
        else:
            for v in range(p.shape[1]):
                p[place, v] *= share
            p[place, y[place]] -= share


@compiled
def _look_up_second(a: Window) -> None:
    """The half of a that p enters, for each symbol, and into `p[0]` what it gives the logits."""
    a2, n = a.a2[0], a.U.shape[1]
    a2[:] = a.W
    add_to_each(a2, a.b[n:])
    activate(a2, a.relu)
    np.dot(a2, a.V[n:], a.p[0])


@compiled
def _second_weights(a: Window, back: ndarray) -> None:
    """The gradients of W, its bias and its half of V from the sum of do for each symbol."""
    a2, n = a.a2[0], a.U.shape[1]
    np.dot(a2.T, back, a.dV[n:])
    np.dot(back, a.V[n:].T, a.dW)
    times_slope(a.dW, a2, a.relu)
    add_rows(a.db[n:], a.dW)


@compiled
def _loop(a: Window, x: ndarray, y: ndarray) -> float:
    """Free running: the same, through time."""
    loss = _forward(a, x, y)
    _backward(a, x, y)
    n, symbols = a.U.shape[1], len(a.U)
    a2, da2 = a.a2.reshape(-1, n), a.da2.reshape(-1, n)
    np.dot(a2.T, a.do.reshape(-1, symbols), a.dV[n:])
    np.dot(a.p[:-1].reshape(-1, symbols).T, da2, a.dW)
    add_rows(a.db[n:], da2)
    return loss


@compiled
def _forward(a: Window, x: ndarray, y: ndarray) -> float:
    (steps, batch), n, symbols = x.shape, a.U.shape[1], len(a.U)
    loss = 0.0
    a.p[0] = a.state
    for t in range(steps):
        np.dot(a.p[t], a.W, a.a2[t])
        add_to_each(a.a2[t], a.b[n:])
        activate(a.a2[t], a.relu)
        np.dot(a.a2[t], a.V[n:], a.p[t + 1])
        for b in range(batch):
            o, row = a.p[t + 1, b], a.rows[x[t, b]]
            for v in range(symbols):
                o[v] += row[v]
            loss -= o[y[t, b]]
        loss += sum_of(softmax(a.p[t + 1]).astype(np.float64))
    return loss / (steps * batch)


@compiled
def _backward(a: Window, x: ndarray, y: ndarray) -> None:
    (steps, batch), n, symbols = x.shape, a.U.shape[1], len(a.U)
    share = a.do.dtype.type(1 / (steps * batch))
    own = a.do.dtype.type(0) if a.squared else share  # of the cross-entropy's own gradient in do
    W_t, V_t = a.W.T.copy(), a.V[n:].T.copy()
    a.dp[:] = 0
    a.rows_back[:] = 0
    for t in range(steps - 1, -1, -1):
        for b in range(batch):
            p, dp, do, into = a.p[t + 1, b], a.dp[b], a.do[t, b], a.rows_back[x[t, b]]
            if a.squared:
                for v in range(symbols):
                    dp[v] += (share + share) * p[v]
                dp[y[t, b]] -= share + share
            mean = p.dtype.type(0)
            for v in range(symbols):
                mean += p[v] * dp[v]
            for v in range(symbols):  # through the loss, and through the softmax
                do[v] = p[v] * (own + (dp[v] - mean))
            do[y[t, b]] -= own
            for v in range(symbols):
                into[v] += do[v]
        np.dot(a.do[t], V_t, a.da2[t])
        times_slope(a.da2[t], a.a2[t], a.relu)
        np.dot(a.da2[t], W_t, a.dp)
