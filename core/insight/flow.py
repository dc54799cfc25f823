"""Gradient flow: how much of a loss at the end of a window reaches the hidden layer k steps before.

    flow(k) = ‖∂L_T/∂h_{T−k}‖ / ‖∂L_T/∂h_T‖        k = 0 ... K,   flow(0) = 1

L_T is one loss, that of the last character of a window: not the window's mean loss, whose
gradient sums the losses of all later characters and hides the decay. h_t is the whole hidden
layer; under concat that is both halves, of which only the second leads further back. Each
norm is taken row by row and averaged over the rows of the batch, then divided.

    h[T-K]  ◄── ... ◄── h[T-1]  ◄──  h[T]           K + 1 characters, read from a zero state
                                      │
                                     L_T            the one loss

The passes are written by hand, without autograd, and only what L_T needs is computed. Runs
in the dtype of the weights it is given. Knows nothing of training, and changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.config import TrainingConfig
from core.data.windows import Cursors
from core.insight.decay import fit_decay, half_life, horizon, relative
from core.insight.spectrum import largest_singular_value, spectral_radius
from core.networks.initialisers import recurrent_block
from core.networks.layers import in_place, slope
from core.records import ProbeRecord

MAX_LAGS = 100
ROWS = 16
"""Windows that a probe averages over: more would cost training time and hardly move a figure."""

SATURATED = 0.99
"""A tanh unit beyond this, on either side, passes less than 2 % of what reaches it."""


def held_out_windows(ids: np.ndarray, lags: int) -> tuple[Tensor, Tensor]:
    """What a probe reads of a held-out text: up to 16 windows, evenly spaced over it.

    They are the first window of `Cursors(ids, 16)` with `lags + 1` unrollings.

    Args:
        ids: `(L,)`, at least 2 characters; a short text is read around its end.

    Returns:
        inputs `(K+1, R)`, and the last characters' targets `(R,)`.
    """
    inputs, targets = Cursors(ids, min(ROWS, len(ids))).next_window(lags + 1)
    return torch.from_numpy(inputs), torch.from_numpy(targets[-1])


@torch.no_grad()
def probe(
    weights: Mapping[str, Tensor],
    config: TrainingConfig,
    inputs: Tensor,
    targets: Tensor,
    *,
    step: int = 0,
    window_gradient: tuple[float, ...] = (),
) -> ProbeRecord:
    """Measure the gradient's way back through time, and what it meets there.

    Under teacher forcing Arch 2 has no such way: the flow is exactly 0 for k ≥ 1, and so are
    the spectral figures of a recurrence that is not there.

    Args:
        weights: `U, W, b, V, c` on the CPU, in any float dtype.
        config: architecture, combine, feedback and activation are read, and the nodes.
        inputs: ids `(K+1, R)`, read from a zero state.
        targets: ids `(R,)`, the characters to predict after the last input.
        step: noted in the record, as is `window_gradient`.
    """
    measure = _arch1 if config.architecture == "arch1" else _arch2
    way = measure(weights, config, inputs, targets)
    flow = relative(way.norms.double().numpy())  # (K+1,)
    fit = fit_decay(flow)
    values, times = way.values, way.times  # (P, N), (P,)
    later = slice(len(values) // 2 if times is None else 0, None)  # a table has no early rows
    tanh = config.activation == "tanh"
    slopes = slope(config.activation, values, out=torch.empty_like(values))
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
        rms_singular_value=float(way.block.norm()) / math.sqrt(len(way.block)),
        mean_slope=_mean(slopes, times),
        rms_slope=math.sqrt(_mean(slopes[later].square(), times)),
        rms_gate=way.rms_gate,
        saturated_share=_mean((values.abs() > SATURATED).to(values.dtype), times) if tanh else 0.0,
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


@dataclass(frozen=True, slots=True)
class _Way:
    """What a pass back through a window found."""

    norms: Tensor  # ‖∂L_T/∂h_{T−k}‖ for k = 0 ... K, a mean over the rows: (K+1,)
    values: Tensor  # what the recurrent units gave at each of P places, in time's order: (P, N)
    block: Tensor  # through which the state returns to itself, square
    times: Tensor | None = None  # how often each of `values` came, (P,); once without it
    rms_gate: float = 1.0  # of what multiplies the gradient besides weights and slopes


def _arch1(
    weights: Mapping[str, Tensor], config: TrainingConfig, inputs: Tensor, targets: Tensor
) -> _Way:
    U, W, b, V, c = (weights[name] for name in "UWbVc")
    n, steps = config.nodes, len(inputs)
    phi_, block = in_place(config.activation), recurrent_block(config, weights)
    gates = None
    # `g` first holds what φ is applied to but for the recurrence, then the units' values.
    if config.combine == "concat":
        table = phi_(U + b[:n])  # (V, N): the half that only the character decides
        g = torch.cat((b[n:].expand(1, len(targets), n), (table @ W[:n] + b[n:])[inputs[:-1]]))
    elif config.combine == "add":
        g = (U + b)[inputs]  # (K+1, R, N)
    else:
        gates = U[inputs]
        g = b.expand(*inputs.shape, n).clone()
    at = g.unbind(0)
    before = torch.zeros_like(at[0])
    for t, g_t in enumerate(at):
        if gates is None:
            g_t.addmm_(before, block)
        else:
            g_t.addcmul_(gates[t], before @ block)
        before = phi_(g_t)

    last = torch.cat((table[inputs[-1]], at[-1]), 1) if config.combine == "concat" else at[-1]
    at_end = _loss_gradient(last @ V + c, targets) @ V.t()  # ∂L_T/∂h_T, (R, H)
    passes = slope(config.activation, g, out=torch.empty_like(g))
    if gates is not None:
        passes *= gates
    deltas = torch.empty_like(g)  # ∂L_T/∂(h_{t-1} W)
    back = block.t().contiguous()
    delta = torch.mul(at_end[:, -n:], passes[-1], out=deltas[-1])
    for t in range(steps - 2, -1, -1):
        delta = torch.mm(delta, back, out=deltas[t]).mul_(passes[t])
    earlier = deltas[1:].flip(0) @ W.t()  # ∂L_T/∂h_{T−k} for k = 1 ... K, (K, R, H)
    norms = _norms(torch.cat((at_end[None], earlier)))
    rms_gate = 1.0 if gates is None else float(gates[steps // 2 :].square().mean().sqrt())
    return _Way(norms, g.flatten(0, 1), block, rms_gate=rms_gate)


def _arch2(
    weights: Mapping[str, Tensor], config: TrainingConfig, inputs: Tensor, targets: Tensor
) -> _Way:
    U, W, b, V, c = (weights[name] for name in "UWbVc")
    n, steps = config.nodes, len(inputs)
    phi_ = in_place(config.activation)
    first = phi_(U + b[:n])  # (V, N)
    if config.feedback == "teacher":
        looked_up = phi_(W + b[n:])  # (V, N): the previous output *is* the character read
        last = torch.cat((first, looked_up), 1)[inputs[-1]]
        norms = W.new_zeros(steps)
        norms[:1] = _norms((_loss_gradient(last @ V + c, targets) @ V.t())[None])
        times = torch.bincount(inputs.flatten(), minlength=len(looked_up)).to(W.dtype)
        return _Way(norms, looked_up, W.new_zeros((1, 1)), times)

    logits = (first @ V[:n] + c)[inputs]  # (K+1, R, V)
    a = W.new_empty((*inputs.shape, n))  # the half that the previous output enters
    p = torch.zeros_like(logits[0])
    outputs = torch.empty_like(logits)
    for t in range(steps):
        phi_(torch.addmm(b[n:], p, W, out=a[t]))
        p = torch.softmax(logits[t].addmm_(a[t], V[n:]), 1, out=outputs[t])

    passes = slope(config.activation, a, out=torch.empty_like(a))
    d_logits = torch.empty_like(logits)  # ∂L_T/∂o_{T−k} at place k
    d_logits[0] = _loss_gradient(logits[-1], targets)
    for k in range(1, steps):
        delta = (d_logits[k - 1] @ V[n:].t()).mul_(passes[-k])
        dp, p = delta @ W.t(), outputs[-1 - k]
        torch.mul(p, dp - (dp * p).sum(1, keepdim=True), out=d_logits[k])  # through the softmax
    outputs = outputs[len(outputs) // 2 :]
    squares = outputs.square().sum(2)
    # The softmax's Jacobian diag(p) − p pᵀ has singular values whose squares sum to this.
    stretch = squares - 2 * outputs.pow(3).sum(2) + squares.square()  # (K+1, R)
    rms_gate = math.sqrt(float(stretch.mean()) / len(c))
    return _Way(_norms(d_logits @ V.t()), a.flatten(0, 1), W @ V[n:], rms_gate=rms_gate)


def _mean(values: Tensor, times: Tensor | None) -> float:
    """Over all units and places, each place as often as it came."""
    places = values.mean(1)  # (P,)
    return float(places.mean() if times is None else places @ times / times.sum())


def _silent(values: Tensor, times: Tensor | None) -> float:
    """The share of units that are 0 at every place that came."""
    if times is not None:
        values = values[times > 0]
    return int(torch.count_nonzero((values == 0).all(0))) / values.shape[1]


def _norms(gradients: Tensor) -> Tensor:
    """The norm of each row, then a mean over the rows: `(K, R, H)` to `(K,)`."""
    return torch.linalg.vector_norm(gradients, dim=2).mean(1)


def _loss_gradient(logits: Tensor, targets: Tensor) -> Tensor:
    """∂L/∂logits of each row's own loss: softmax(o) − onehot(y), `(R, V)`."""
    gradient = torch.softmax(logits, 1)
    gradient[torch.arange(len(targets)), targets] -= 1
    return gradient
