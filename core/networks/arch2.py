"""Arch 2, trained by hand-written truncated BPTT: the previous output comes back.

    a_t = φ([x_t U ; p_{t-1} W] + b)        o_t = a_t V + c

Under **teacher forcing** p_{t-1} is the one-hot of the true previous output y_{t-1}, and that
is the character x_t itself. So a_t depends on x_t alone: the network is a table of V rows,
no path leads through time, and a window is fully described by how often each pair (x, y)
occurs in it. `Arch2Teacher` trains on those counts. It computes what the equations say, and
shows why the loss cannot fall below what counting 2 characters reaches.

**Free running**, p_{t-1} = softmax(o_{t-1}), and the gradient flows through it:

    x[t] ──► a[t] ──► o[t] ──► p[t] ──► a[t+1]      p[-1] is the state carried in, (B, V)

Knows nothing of optimisers, texts or runs.
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.config import TrainingConfig
from core.networks.layers import OUTPUT, CrossEntropy, in_place, slope, sum_by_character
from core.networks.network import Buffers, Network, Window
from core.networks.parameters import Parameters


class _Arch2(Network[Buffers]):
    """What both kinds of feedback have in common."""

    def initial_state(self, batch_size: int) -> Tensor:
        """p_0 = 0, `(B, V)`."""
        symbols = self.config.parameter_shapes["U"][0]
        return self.parameters.flat.new_zeros((batch_size, symbols))


class _PairCounts(Window):
    """The buffers of a window that is described by its pairs of characters."""

    def __init__(self, positions: int, symbols: int, like: Tensor) -> None:
        self.counts = like.new_empty((symbols, symbols))  # (V, V): times that y followed x
        self.ones = like.new_ones(positions)
        self.hidden = like.new_empty(0)  # a for each symbol, (V, H)
        self.logits = like.new_empty((symbols, symbols))  # o for each symbol
        self.d_hidden = like.new_empty(0)


class Arch2Teacher(_Arch2[_PairCounts]):
    """Teacher forcing: a table of V rows, trained on the window's pair counts."""

    def _new_window(self, steps: int, batch: int) -> _PairCounts:
        return _PairCounts(
            steps * batch, self.config.parameter_shapes["U"][0], self.parameters.flat
        )

    def _forward(self, window: _PairCounts, state: Tensor) -> Tensor:
        p = self.parameters.values
        both = torch.cat((p["U"], p["W"]), 1)  # (V, 2N): x and p are one one-hot
        window.hidden = in_place(self.config.activation)(both.add_(p["b"]))
        torch.addmm(p["c"], window.hidden, p["V"], out=window.logits)
        return state

    def _loss(self, window: _PairCounts) -> Tensor:
        symbols = window.counts.shape[0]
        pairs = torch.add(window.targets.reshape(-1), window.inputs.reshape(-1), alpha=symbols)
        window.counts.view(-1).zero_().index_add_(0, pairs, window.ones)
        surprise = torch.log_softmax(window.logits, 1).neg_()
        return surprise.mul_(window.counts).sum().div_(window.inputs.numel())

    def _backward(self, window: _PairCounts) -> None:
        p, d, n = self.parameters.values, self.parameters.gradients, self.config.nodes
        seen = window.counts.sum(1, keepdim=True)  # (V, 1)
        p_after = torch.softmax(window.logits, 1)
        d_logits = self._through_loss(p_after, (p_after * seen).sub_(window.counts))
        d_logits.div_(window.inputs.numel())  # ∂L/∂o summed over the places of each symbol, (V, V)
        window.d_hidden = torch.mm(d_logits, p["V"].t())  # (V, H)
        delta = torch.empty_like(window.hidden)
        slope(self.config.activation, window.hidden, out=delta).mul_(window.d_hidden)

        torch.mm(window.hidden.t(), d_logits, out=d["V"])
        torch.sum(d_logits, 0, out=d["c"])
        d["U"].copy_(delta[:, :n])
        d["W"].copy_(delta[:, n:])
        torch.sum(delta, 0, out=d["b"])

    def _hidden(self, window: _PairCounts) -> Tensor:
        return window.hidden[window.inputs]

    def _hidden_gradients(self, window: _PairCounts) -> Tensor:
        p_after = torch.softmax(window.logits, 1)[window.inputs]  # (T, B, V)
        ones = p_after.new_ones((*window.targets.shape, 1))
        error = p_after.scatter_add(2, window.targets[:, :, None], -ones)
        d_logits = self._through_loss(p_after, error).div_(window.inputs.numel())
        return d_logits @ self.parameters.values["V"].t()

    def _through_loss(self, p: Tensor, error: Tensor) -> Tensor:
        """∂L/∂o, times T B: the error of p = softmax(o) is p - onehot(y), or a sum of these."""
        if self.config.loss == "cross-entropy":
            return error
        return (error - (p * error).sum(-1, keepdim=True)).mul_(p).mul_(2)


class _StaleWindow(Window):
    """The buffers of a window that reads its first batch of characters at every step."""

    def __init__(self, positions: int, symbols: int, output: type[CrossEntropy], like: Tensor):
        self.output = output(positions, symbols, like)
        self.d_logits = torch.empty_like(self.output.logits)
        self.read = torch.empty(0, dtype=torch.int64)  # x of each place, (T*B,)
        self.hidden = like.new_empty(0)  # both halves of a for each symbol, (V, H)


class Arch2Stale(_Arch2[_StaleWindow]):
    """Teacher forcing with the listing's fault: x of a window's first step stands for every x_t.

    p_{t-1} is still the true one, x_t's own one-hot. So each half of a is a row of a table of V,
    and the two rows of a place are those of two characters. No path leads through time here either.
    """

    def _new_window(self, steps: int, batch: int) -> _StaleWindow:
        symbols = self.config.parameter_shapes["U"][0]
        output = OUTPUT[self.config.loss]
        return _StaleWindow(steps * batch, symbols, output, self.parameters.flat)

    def _forward(self, window: _StaleWindow, state: Tensor) -> Tensor:
        p, n = self.parameters.values, self.config.nodes
        both = torch.cat((p["U"], p["W"]), 1)  # (V, 2N)
        window.hidden = in_place(self.config.activation)(both.add_(p["b"]))
        window.read = window.inputs[:1].expand_as(window.inputs).reshape(-1)
        of_x = torch.addmm(p["c"], window.hidden[:, :n], p["V"][:n])  # (V, V)
        of_p = torch.mm(window.hidden[:, n:], p["V"][n:])
        logits = window.output.logits
        torch.add(of_x[window.read], of_p[window.inputs.reshape(-1)], out=logits)
        return state

    def _backward(self, window: _StaleWindow) -> None:
        p, d, n = self.parameters.values, self.parameters.gradients, self.config.nodes
        window.output.backward(out=window.d_logits)
        slopes = slope(self.config.activation, window.hidden, out=torch.empty_like(window.hidden))
        halves = ("U", slice(0, n), window.read), ("W", slice(n, None), window.inputs.reshape(-1))
        for name, half, ids in halves:
            d_logits = sum_by_character(window.d_logits, ids, len(slopes))  # (V, V)
            torch.mm(window.hidden[:, half].t(), d_logits, out=d["V"][half])
            torch.mm(d_logits, p["V"][half].t(), out=d[name]).mul_(slopes[:, half])
            torch.sum(d[name], 0, out=d["b"][half])
        torch.sum(window.d_logits, 0, out=d["c"])

    def _hidden(self, window: _StaleWindow) -> Tensor:
        n = self.config.nodes
        read = window.read.view_as(window.inputs)
        return torch.cat((window.hidden[read, :n], window.hidden[window.inputs, n:]), 2)

    def _hidden_gradients(self, window: _StaleWindow) -> Tensor:
        d_logits = window.d_logits.view(*window.inputs.shape, -1)
        return d_logits @ self.parameters.values["V"].t()


class _FreeWindow(Window):
    """The buffers of one window of `T` steps and `B` rows."""

    def __init__(
        self, steps: int, batch: int, nodes: int, output: CrossEntropy, like: Tensor
    ) -> None:
        symbols = output.logits.shape[1]
        self.p = like.new_empty((steps + 1, batch, symbols))  # what comes back, state first
        self.a2 = like.new_empty((steps, batch, nodes))  # the half of a that p enters
        self.da2 = torch.empty_like(self.a2)
        self.delta = torch.empty_like(self.a2)
        self.slope = torch.empty_like(self.a2)
        self.output = output
        self.logits_at = self.output.logits.view(steps, batch, symbols).unbind(0)
        self.d_logits = torch.empty_like(self.output.logits)  # (T*B, V)
        self.d_logits_at = self.d_logits.view(steps, batch, symbols).unbind(0)


class Arch2Free(_Arch2[_FreeWindow]):
    """Free running: the network's own distribution comes back, gradient included."""

    def __init__(self, config: TrainingConfig, parameters: Parameters) -> None:
        super().__init__(config, parameters)
        self._table = torch.empty_like(parameters.values["U"])  # the half of a that x enters

    def _new_window(self, steps: int, batch: int) -> _FreeWindow:
        symbols, nodes = self.config.parameter_shapes["U"]
        like = self.parameters.flat
        output = OUTPUT[self.config.loss](steps * batch, symbols, like)
        return _FreeWindow(steps, batch, nodes, output, like)

    def _forward(self, window: _FreeWindow, state: Tensor) -> Tensor:
        v, n = self.parameters.values, self.config.nodes
        b1, b2, V1, V2 = v["b"][:n], v["b"][n:], v["V"][:n], v["V"][n:]
        phi_ = in_place(self.config.activation)
        table = phi_(torch.add(v["U"], b1, out=self._table))
        into_logits = torch.addmm(v["c"], table, V1)  # (V, V)
        torch.index_select(into_logits, 0, window.inputs.reshape(-1), out=window.output.logits)

        window.p[0] = state
        for t, logits in enumerate(window.logits_at):
            a2 = torch.addmm(b2, window.p[t], v["W"], out=window.a2[t])
            phi_(a2)
            logits.addmm_(a2, V2)
            torch.softmax(logits, 1, out=window.p[t + 1])
        return window.p[-1]

    def _backward(self, window: _FreeWindow) -> None:
        v, d, n = self.parameters.values, self.parameters.gradients, self.config.nodes
        x, table = window.inputs.reshape(-1), self._table
        V1, V2 = v["V"][:n], v["V"][n:]
        window.output.backward(out=window.d_logits)
        slope(self.config.activation, window.a2, out=window.slope)
        for t in reversed(range(len(window.d_logits_at))):
            d_logits = window.d_logits_at[t]
            if t + 1 < len(window.d_logits_at):
                p = window.p[t + 1]
                dp = torch.mm(window.delta[t + 1], v["W"].t())  # (B, V)
                dp.sub_((dp * p).sum(1, keepdim=True))
                d_logits.addcmul_(p, dp)  # through the softmax: p ∘ (dp - Σ p dp)
            torch.mm(d_logits, V2.t(), out=window.da2[t])
            torch.mul(window.da2[t], window.slope[t], out=window.delta[t])

        d_logits, delta = window.d_logits, window.delta.flatten(0, 1)
        a2, p_before = window.a2.flatten(0, 1), window.p[:-1].flatten(0, 1)
        d_logits_of = sum_by_character(d_logits, x, len(table))  # (V, V)
        torch.mm(a2.t(), d_logits, out=d["V"][n:])
        torch.mm(table.t(), d_logits_of, out=d["V"][:n])
        torch.sum(d_logits_of, 0, out=d["c"])
        torch.mm(p_before.t(), delta, out=d["W"])
        torch.sum(delta, 0, out=d["b"][n:])
        torch.mm(d_logits_of, V1.t(), out=d["U"])
        d["U"].mul_(slope(self.config.activation, table, out=torch.empty_like(table)))
        torch.sum(d["U"], 0, out=d["b"][:n])

    def _hidden(self, window: _FreeWindow) -> Tensor:
        return torch.cat((self._table[window.inputs], window.a2), 2)

    def _hidden_gradients(self, window: _FreeWindow) -> Tensor:
        d_logits = window.d_logits.view(*window.inputs.shape, -1)  # credit from later included
        return d_logits @ self.parameters.values["V"].t()
