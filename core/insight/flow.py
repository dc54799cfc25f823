"""Gradient flow: how much of a loss at the end of a window reaches the hidden layer k steps before.

    flow(k) = ‖∂L_T/∂h_{T−k}‖ / ‖∂L_T/∂h_T‖        k = 0 ... K,   flow(0) = 1

L_T is one loss, that of the last character of a window: not the window's mean loss, whose
gradient sums the losses of all later characters and hides the decay. h_t is the whole hidden
layer; under concat that is both halves, of which only the second leads further back. Each
norm is taken row by row and averaged over the rows of the batch, then divided.

    h[T-K]  ◄── ... ◄── h[T-1]  ◄──  h[T]           K + 1 characters, read from a zero state
                                      │
                                     L_T            the one loss

The passes are written by hand, and only what L_T needs is computed. Runs in the dtype of the
weights it is given. Knows nothing of training, and changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy import ndarray

from core.config import Activation, TrainingConfig
from core.data.windows import Cursors
from core.insight.decay import fit_decay, half_life, horizon, relative
from core.insight.spectrum import largest_singular_value, spectral_radius
from core.networks.initialisers import recurrent_block
from core.networks.stepwise import softmax
from core.records import ProbeRecord

MAX_LAGS = 100
ROWS = 16
"""Windows that a probe averages over: more would cost training time and hardly move a figure."""

SATURATED = 0.99
"""A tanh unit beyond this, on either side, passes less than 2 % of what reaches it."""


def held_out_windows(ids: ndarray, lags: int) -> tuple[ndarray, ndarray]:
    """What a probe reads of a held-out text: up to 16 windows, evenly spaced over it.

    They are the first window of `Cursors(ids, 16)` with `lags + 1` unrollings.

    Args:
        ids: `(L,)`, at least 2 characters; a short text is read around its end.

    Returns:
        inputs `(K+1, R)`, and the last characters' targets `(R,)`, int64.
    """
    inputs, targets = Cursors(ids, min(ROWS, len(ids))).next_window(lags + 1)
    return inputs, targets[-1]


def probe(
    weights: Mapping[str, ndarray],
    config: TrainingConfig,
    inputs: ndarray,
    targets: ndarray,
    *,
    step: int = 0,
    window_gradient: tuple[float, ...] = (),
) -> ProbeRecord:
    """Measure the gradient's way back through time, and what it meets there.

    Under teacher forcing Arch 2 has no such way: the flow is exactly 0 for k ≥ 1, and so are
    the spectral figures of a recurrence that is not there.

    Args:
        weights: `U, W, b, V, c`, all float32 or all float64.
        config: architecture, combine, feedback and activation are read, and the nodes.
        inputs: ids `(K+1, R)`, read from a zero state.
        targets: ids `(R,)`, the characters to predict after the last input.
        step: noted in the record, as is `window_gradient`.
    """
    measure = _arch1 if config.architecture == "arch1" else _arch2
    with np.errstate(over="ignore", invalid="ignore"):  # weights about to diverge
        way = measure(weights, config, inputs, targets)
        return _record(way, config, step, window_gradient)


def _record(
    way: _Way, config: TrainingConfig, step: int, window_gradient: tuple[float, ...]
) -> ProbeRecord:
    flow = relative(way.norms.astype(np.float64))  # (K+1,)
    fit = fit_decay(flow)
    values, times = way.values, way.times  # (P, N), (P,)
    later = slice(len(values) // 2 if times is None else 0, None)  # a table has no early rows
    tanh = config.activation == "tanh"
    slopes = _slopes(config.activation, values)
    return ProbeRecord(
        step=step,
        flow=tuple(flow.tolist()),
        decay_per_step=fit.decay,
        fit_from=fit.first,
        fit_to=fit.last,
        half_life=half_life(fit.decay),
        horizon=horizon(flow),
        spectral_radius=spectral_radius(way.block),
        largest_singular_value=largest_singular_value(way.block),
        rms_singular_value=float(np.linalg.norm(way.block)) / math.sqrt(len(way.block)),
        mean_slope=_mean(slopes, times),
        rms_slope=math.sqrt(_mean(np.square(slopes[later]), times)),
        rms_gate=way.rms_gate,
        saturated_share=_mean(np.abs(values) > SATURATED, times) if tanh else 0.0,
        dead_share=0.0 if tanh else _silent(values, times),
        window_gradient=window_gradient,
    )


def remember(
    probes: tuple[ProbeRecord, ...], new: ProbeRecord, at_most: int = 600
) -> tuple[ProbeRecord, ...]:
    """The probes with one more; every other one is dropped when there are too many.

    The first one and the newest one are always there.
    """
    if len(probes) >= at_most:
        probes = probes[::2]
    return (*probes, new)


@dataclass(frozen=True, slots=True, eq=False)
class _Way:
    """What a pass back through a window found."""

    norms: ndarray  # ‖∂L_T/∂h_{T−k}‖ for k = 0 ... K, a mean over the rows: (K+1,)
    values: ndarray  # what the recurrent units gave at each of P places, in time's order: (P, N)
    block: ndarray  # through which the state returns to itself, square
    times: ndarray | None = None  # how often each of `values` came, (P,); once without it
    rms_gate: float = 1.0  # of what multiplies the gradient besides weights and slopes


def _arch1(
    weights: Mapping[str, ndarray], config: TrainingConfig, inputs: ndarray, targets: ndarray
) -> _Way:
    U, W, b, V, c = (weights[name] for name in "UWbVc")
    n, (steps, rows) = config.nodes, inputs.shape
    phi_, block = _in_place(config.activation), recurrent_block(config, weights)
    gates = None
    # `g` first holds what φ is applied to but for the recurrence, then the units' values.
    g = np.empty((steps, rows, n), W.dtype)
    if config.combine == "concat":
        table = phi_(U + b[:n])  # (V, N): the half that only the character decides
        g[0] = b[n:]
        g[1:] = (table @ W[:n] + b[n:])[inputs[:-1]]
    elif config.combine == "add":
        g[:] = (U + b)[inputs]
    else:
        gates = U[inputs]
        g[:] = b
    back = np.empty_like(g[0])
    phi_(g[0])  # read from a zero state
    for t in range(1, steps):
        np.matmul(g[t - 1], block, out=back)
        if gates is not None:
            back *= gates[t]
        g[t] += back
        phi_(g[t])

    last = np.hstack((table[inputs[-1]], g[-1])) if config.combine == "concat" else g[-1]
    at_end = _loss_gradient(last @ V + c, targets) @ V.T  # ∂L_T/∂h_T, (R, H)
    passes = _slopes(config.activation, g)
    if gates is not None:
        passes *= gates
    deltas = np.empty_like(g)  # ∂L_T/∂(h_{t-1} W)
    np.multiply(at_end[:, -n:], passes[-1], out=deltas[-1])
    for t in range(steps - 2, -1, -1):
        np.matmul(deltas[t + 1], block.T, out=deltas[t])
        deltas[t] *= passes[t]
    # ∂L_T/∂h_{T−k} for k = K ... 1: one product for all of them, (K R, H).
    earlier = deltas[1:].reshape(-1, n) @ W.T
    norms = np.append(_norms(at_end[None]), _norms(earlier.reshape(steps - 1, rows, len(W)))[::-1])
    rms_gate = 1.0 if gates is None else math.sqrt(np.square(gates[steps // 2 :]).mean())
    return _Way(norms, g.reshape(-1, n), block, rms_gate=rms_gate)


def _arch2(
    weights: Mapping[str, ndarray], config: TrainingConfig, inputs: ndarray, targets: ndarray
) -> _Way:
    U, W, b, V, c = (weights[name] for name in "UWbVc")
    n, steps = config.nodes, len(inputs)
    phi_ = _in_place(config.activation)
    first = phi_(U + b[:n])  # (V, N)
    if config.feedback == "teacher":
        looked_up = phi_(W + b[n:])  # (V, N): the previous output *is* the character read
        last = np.hstack((first, looked_up))[inputs[-1]]
        norms = np.zeros(steps, W.dtype)
        norms[:1] = _norms((_loss_gradient(last @ V + c, targets) @ V.T)[None])
        times = np.bincount(inputs.ravel(), minlength=len(looked_up)).astype(W.dtype)
        return _Way(norms, looked_up, np.zeros((1, 1), W.dtype), times)

    logits = (first @ V[:n] + c)[inputs]  # (K+1, R, V)
    a = np.empty((*inputs.shape, n), W.dtype)  # the half that the previous output enters
    outputs = np.empty_like(logits)
    p = np.zeros_like(logits[0])
    for t in range(steps):
        np.matmul(p, W, out=a[t])
        a[t] += b[n:]
        phi_(a[t])
        logits[t] += a[t] @ V[n:]
        p = outputs[t] = softmax(logits[t])

    passes = _slopes(config.activation, a)
    d_logits = np.empty_like(logits)  # ∂L_T/∂o_{T−k} at place k
    d_logits[0] = _loss_gradient(logits[-1], targets)
    for k in range(1, steps):
        dp = (d_logits[k - 1] @ V[n:].T * passes[-k]) @ W.T
        p = outputs[-1 - k]
        np.multiply(p, dp - (dp * p).sum(1, keepdims=True), out=d_logits[k])  # through the softmax
    outputs = outputs[len(outputs) // 2 :]
    squares = np.square(outputs).sum(2)
    # The softmax's Jacobian diag(p) − p pᵀ has singular values whose squares sum to this.
    stretch = squares - 2 * (outputs**3).sum(2) + np.square(squares)  # (K+1, R)
    rms_gate = math.sqrt(float(stretch.mean()) / len(c))
    return _Way(_norms(d_logits @ V.T), a.reshape(-1, n), W @ V[n:], rms_gate=rms_gate)


def _in_place(activation: Activation) -> Callable[[ndarray], ndarray]:
    """φ as a function that overwrites its argument."""

    def tanh(x: ndarray) -> ndarray:
        return np.tanh(x, out=x)

    def relu(x: ndarray) -> ndarray:
        return np.maximum(x, 0, out=x)

    return tanh if activation == "tanh" else relu


def _slopes(activation: Activation, h: ndarray) -> ndarray:
    """φ' at the point where φ gave `h`; 0 for a ReLU at exactly 0."""
    if activation == "relu":
        return np.sign(h)  # what a ReLU gives is never negative
    slopes = np.square(h)
    return np.subtract(1, slopes, out=slopes)


def _mean(values: ndarray, times: ndarray | None) -> float:
    """Over all units and places, each place as often as it came."""
    places = values.mean(1)  # (P,)
    return float(places.mean() if times is None else places @ times / times.sum())


def _silent(values: ndarray, times: ndarray | None) -> float:
    """The share of units that are 0 at every place that came."""
    if times is not None:
        values = values[times > 0]
    return float((values == 0).all(0).mean())


def _norms(gradients: ndarray) -> ndarray:
    """The norm of each row, then a mean over the rows: `(K, R, H)` to `(K,)`."""
    return np.sqrt(np.einsum("krh,krh->kr", gradients, gradients)).mean(1)


def _loss_gradient(logits: ndarray, targets: ndarray) -> ndarray:
    """∂L/∂logits of each row's own loss: softmax(o) − onehot(y), `(R, V)`."""
    gradient = softmax(logits)
    gradient[np.arange(len(targets)), targets] -= 1
    return gradient
