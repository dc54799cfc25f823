"""Arch 1's window, forward and back, compiled: what `networks/arch1.py` does, in loops.

Per step a single product is left, of the part of h that has to go through the loop, g, with W and V
side by side. All that is added to it is one row, that can be looked up:

    [z_{t+1} o_t] = g_t [W V 0] + row(t)         g_{t+1} = φ(z_{t+1})

    concat    g is the second half of h; the first half is looked up, and so is its product. A row
              is (first half) [W V 0] + [b₂ c 0]: one for each symbol, whose first half is
              φ(x U + b₁), and one for each line of the batch, for the state carried in.
    add       A row is [x_{t+1} U + b, c, 0]: one for each symbol.
    multiply  A row is [b c 0], and z_{t+1} = (g_t W) ∘ (x_{t+1} U) + b.

t runs from 0, the state carried in, of which no logits are asked, to T. Going back, dz_t = ∂L/∂z_t
and do_t = ∂L/∂o_t lie side by side too, so that one product gives all the credit of h_t and one sum
the gradient of W and V:

    dg_t = [dz_{t+1} do_t 0] [W V 0]ᵀ            d[W V 0] = Σ_t g_tᵀ [dz_{t+1} do_t 0]
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

CONCAT, ADD, MULTIPLY = range(3)


class Window(NamedTuple):
    """The weights, their gradient, and the buffers of T steps and B lines; S is that of [W V 0]."""

    combine: int
    relu: bool
    squared: bool  # the squared error is descended, not the cross-entropy
    U: ndarray  # (V, N)
    WV: ndarray  # (H, S): [W V 0]
    b: ndarray  # [b c 0]; its last S numbers belong to the columns of [W V 0]
    dU: ndarray
    dWV: ndarray
    db: ndarray
    state: ndarray  # (B, H): what crosses from window to window
    row_of: ndarray  # (T+1, B): which row is added
    first: ndarray  # (V+B, N): the looked-up half of h, for each row; concat only, like the next
    first_back: ndarray  # (V+B, S): the sum of `back` over the places of each row
    rows: ndarray  # (V+B, S)
    g: ndarray  # (T+1, B, N)
    gW: ndarray  # (T, B, N); multiply only
    o: ndarray  # (T, B, V): logits, then probabilities
    back: ndarray  # (T+1, B, S): [dz_{t+1} do_t 0]
    product: ndarray  # (B, S)
    credit: ndarray  # (B, N)


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
    """Train on one window after the other: how many, and what is wrong with the next (0: nothing).

    `ids` are `(windows * T + 1, B)`, and T is `steps`. A step that cannot be made changes neither
    weights nor state.
    """
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
    _look_up(a, x)
    _forward(a, x)
    loss = _output(a, y)
    _backward(a, x)
    _weights(a)
    return loss


@compiled
def move_on(a: Window) -> None:
    """Let the state after this window be that before the next."""
    n = a.U.shape[1]
    a.state[:, -n:] = a.g[-1]
    if a.combine == CONCAT:
        for b in range(len(a.state)):
            a.state[b, :n] = a.first[a.row_of[-1, b]]


@compiled
def _look_up(a: Window, x: ndarray) -> None:
    symbols, n = a.U.shape
    S = a.WV.shape[1]
    last = a.row_of.shape[0] - 1
    if a.combine == CONCAT:
        a.first[:symbols] = a.U
        add_to_each(a.first[:symbols], a.b[:n])
        activate(a.first[:symbols], a.relu)
        a.first[symbols:] = a.state[:, :n]  # of the weights before the last update: in no table
        np.dot(a.first, a.WV[:n], a.rows)
        for b in range(a.row_of.shape[1]):
            a.row_of[0, b] = symbols + b
            for t in range(last):
                a.row_of[t + 1, b] = x[t, b]
    else:
        a.rows[:] = 0
        if a.combine == ADD:
            a.rows[:symbols, :n] = a.U
        for b in range(a.row_of.shape[1]):
            a.row_of[last, b] = 0  # of which only c is used, which is in each
            for t in range(last):
                a.row_of[t, b] = x[t, b]
    add_to_each(a.rows, a.b[-S:])


@compiled
def _forward(a: Window, x: ndarray) -> None:
    steps, batch, symbols = a.o.shape
    n = a.U.shape[1]
    a.g[0] = a.state[:, -n:]
    for t in range(steps + 1):
        np.dot(a.g[t], a.WV[-n:], a.product)
        for b in range(batch):
            product, row = a.product[b], a.rows[a.row_of[t, b]]
            if t < steps:
                g = a.g[t + 1, b]
                if a.combine == MULTIPLY:
                    gate, gW = a.U[x[t, b]], a.gW[t, b]
                    for i in range(n):
                        gW[i] = product[i]
                        g[i] = product[i] * gate[i] + row[i]
                else:
                    for i in range(n):
                        g[i] = product[i] + row[i]
            if t > 0:
                o = a.o[t - 1, b]
                for v in range(symbols):
                    o[v] = product[n + v] + row[n + v]
        if t < steps:
            activate(a.g[t + 1], a.relu)


@compiled
def _output(a: Window, y: ndarray) -> float:
    """The mean loss in nats; the do into `back`."""
    n = a.U.shape[1]
    steps, batch, symbols = a.o.shape
    places = steps * batch
    share = a.o.dtype.type(1 / places)
    loss = 0.0
    for t in range(steps):
        for b in range(batch):
            loss -= a.o[t, b, y[t, b]]
    loss += sum_of(softmax(a.o.reshape(places, symbols)).astype(np.float64))
    for t in range(steps):
        for b in range(batch):
            p, do = a.o[t, b], a.back[t + 1, b, n:]
            if a.squared:
                squared_error_back(p, y[t, b], share, do)
                continue
            for v in range(symbols):
                do[v] = p[v] * share
            do[y[t, b]] -= share
    return loss / places


@compiled
def _backward(a: Window, x: ndarray) -> None:
    n = a.U.shape[1]
    WV_t = a.WV[-n:].T.copy()  # one copy, and every product is faster
    a.dU[:] = 0
    a.db[:] = 0
    for t in range(len(a.o), 0, -1):
        np.dot(a.back[t], WV_t, a.credit)
        times_slope(a.credit, a.g[t], a.relu)  # ∂L/∂(what φ was applied to)
        for b in range(len(a.credit)):
            credit, dz = a.credit[b], a.back[t - 1, b]
            if a.combine == MULTIPLY:
                s = x[t - 1, b]
                gate, gW, dU = a.U[s], a.gW[t - 1, b], a.dU[s]
                for i in range(n):
                    a.db[i] += credit[i]
                    dU[i] += credit[i] * gW[i]
                    dz[i] = credit[i] * gate[i]
            else:
                for i in range(n):
                    dz[i] = credit[i]


@compiled
def _weights(a: Window) -> None:
    symbols, n = a.U.shape
    S = a.WV.shape[1]
    back, row_of = a.back.reshape(-1, S), a.row_of.reshape(-1)
    np.dot(a.g.reshape(-1, n).T, back, a.dWV[-n:])
    a.first_back[:] = 0
    for place in range(len(back)):
        into, row = a.first_back[row_of[place]], back[place]
        for i in range(S):
            into[i] += row[i]
    if a.combine == MULTIPLY:
        add_rows(a.db[n:], a.first_back[:, n:])  # c's part; b's is there already
    else:
        add_rows(a.db[-S:], a.first_back)
    if a.combine == ADD:
        a.dU[:] = a.first_back[:symbols, :n]
    elif a.combine == CONCAT:
        np.dot(a.first.T, a.first_back, a.dWV[:n])
        np.dot(a.first_back[:symbols], a.WV[:n].T, a.dU)
        times_slope(a.dU, a.first[:symbols], a.relu)
        add_rows(a.db[:n], a.dU)
