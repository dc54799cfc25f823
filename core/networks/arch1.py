"""Arch 1, trained by hand-written truncated BPTT: the previous hidden layer comes back.

    concat    h_t = φ([x_t U ; h_{t-1} W] + b)
    add       h_t = φ(x_t U + h_{t-1} W + b)
    multiply  h_t = φ((x_t U) ∘ (h_{t-1} W) + b)
    logits    o_t = h_t V + c

`reference.py` says the same in a page of autograd, and the tests hold the two together.
This file is fast because of two observations.

1. x_t is one of V symbols, so x_t U is a row of U. Under concat the first half of h_t,
   φ(x_t U + b₁), is a row of a table with V rows, and so is its part of h_t W and of h_t V:
   only the second half g_t, N wide, has to go through the loop.

       h_{t-1} W = (table W₁)[x_{t-1}] + g_{t-1} W₂          g: (B, N)

2. Everything but the N×N product can wait until the loop is done: the projections in and
   out, and each weight's gradient, are single matrix products over the whole window.

Time runs along the first axis of every buffer, and `g` is one place ahead of the window:

    g[0]   g[1]   g[2]   ...   g[T]          g[0] is the state carried in
           x[0]   x[1]   ...   x[T-1]        g[t+1] is what h_t is made of
           δ[0]   δ[1]   ...   δ[T-1]        ∂L/∂(what φ was applied to)

Knows nothing of optimisers, texts or runs.
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.networks.layers import CrossEntropy, in_place, slope, sum_by_character
from core.networks.network import Network


class _Window:
    """The buffers of one window of `T` steps and `B` rows."""

    def __init__(self, steps: int, batch: int, nodes: int, symbols: int, like: Tensor) -> None:
        self.g = like.new_empty((steps + 1, batch, nodes))  # the part of h that the loop computes
        self.dg = like.new_empty((steps, batch, nodes))  # ∂L/∂g, from all losses of t and later
        self.delta = torch.empty_like(self.dg)  # ∂L/∂(what φ was applied to)
        self.slope = torch.empty_like(self.dg)  # φ'
        self.output = CrossEntropy(steps * batch, symbols, like)
        # Making a view costs a fifth of a small product, so all are made once.
        self.g_at = self.g.unbind(0)
        self.dg_at = self.dg.unbind(0)
        self.delta_at = self.delta.unbind(0)
        self.slope_at = self.slope.unbind(0)
        # All but the last step, backwards.
        self.earlier_steps = list(zip(self.dg_at, self.delta_at, self.slope_at, strict=True))[
            -2::-1
        ]
        self.g_flat = self.g[1:].flatten(0, 1)  # (T*B, N)
        self.g_before_flat = self.g[:-1].flatten(0, 1)  # g of the step before each
        self.dg_flat = self.dg.flatten(0, 1)
        self.delta_flat = self.delta.flatten(0, 1)


class _Arch1(Network):
    """What the three ways of joining input and hidden layer have in common."""

    def initial_state(self, batch_size: int) -> Tensor:
        """h_0 = 0, `(B, H)`."""
        return self.parameters.flat.new_zeros((batch_size, self.config.hidden_size))

    def _new_window(self, steps: int, batch: int) -> _Window:
        symbols, nodes = self.config.parameter_shapes["U"]
        return _Window(steps, batch, nodes, symbols, self.parameters.flat)

    def _advance(self, window: _Window, w: Tensor) -> None:
        """The loop forward: `g[1:]` holds what φ is applied to, but for `g_{t-1} w`."""
        phi_ = in_place(self.config.activation)
        before = window.g_at[0]
        for g in window.g_at[1:]:
            phi_(g.addmm_(before, w))
            before = g

    def _go_back(self, window: _Window, w: Tensor) -> None:
        """The loop backward: `dg` holds what each step's own loss gives; fills δ."""
        slope(self.config.activation, window.g[1:], out=window.slope)
        back = w.t().contiguous()  # one copy, and every product below is a third faster
        after = torch.mul(window.dg_at[-1], window.slope_at[-1], out=window.delta_at[-1])
        for dg, delta, phi in window.earlier_steps:
            dg.addmm_(after, back)  # credit that later steps send back through h_t
            after = torch.mul(dg, phi, out=delta)


class Arch1Concat(_Arch1):
    """h_t = φ([x_t U ; h_{t-1} W] + b): two halves, of which one is a table of V rows."""

    def __init__(self, config, parameters) -> None:
        super().__init__(config, parameters)
        n = config.nodes
        p, d = parameters.values, parameters.gradients
        self.U, self.W, self.V, self.c = p["U"], p["W"], p["V"], p["c"]
        self.W1, self.W2 = self.W[:n], self.W[n:]
        self.V1, self.V2 = self.V[:n], self.V[n:]
        self.b1, self.b2 = p["b"][:n], p["b"][n:]
        self.dU, self.dc = d["U"], d["c"]
        self.dW1, self.dW2 = d["W"][:n], d["W"][n:]
        self.dV1, self.dV2 = d["V"][:n], d["V"][n:]
        self.db1, self.db2 = d["b"][:n], d["b"][n:]
        self._phi_ = in_place(config.activation)
        self._table = torch.empty_like(self.U)  # φ(U + b₁): the first half for each symbol

    def _forward(self, window: _Window, inputs: Tensor, state: Tensor) -> Tensor:
        n, x = self.config.nodes, inputs.reshape(-1)  # (T*B,)
        batch = inputs.shape[1]
        table = self._phi_(torch.add(self.U, self.b1, out=self._table))

        # The state comes from the weights of the step before: its first half is looked up no
        # more, and goes through its own product.
        g = window.g
        g[0] = state[:, n:]
        torch.addmm(self.b2, state[:, :n], self.W1, out=g[1])
        into_loop = torch.addmm(self.b2, table, self.W1)  # (V, N)
        torch.index_select(into_loop, 0, x[:-batch], out=g[2:].view(-1, n))
        self._advance(window, self.W2)

        into_logits = torch.addmm(self.c, table, self.V1)  # (V, V)
        torch.index_select(into_logits, 0, x, out=window.output.logits)
        window.output.logits.addmm_(window.g_flat, self.V2)
        return torch.cat((table.index_select(0, inputs[-1]), g[-1]), 1)

    def _backward(self, window: _Window, inputs: Tensor, targets: Tensor, state: Tensor) -> None:
        n, x = self.config.nodes, inputs.reshape(-1)
        batch = inputs.shape[1]
        table, delta = self._table, window.delta_flat
        d_logits = window.output.backward()  # (T*B, V)

        torch.mm(d_logits, self.V2.t(), out=window.dg_flat)
        self._go_back(window, self.W2)

        symbols = len(table)
        d_logits_of = sum_by_character(d_logits, x, symbols)  # (V, V)
        delta_after = sum_by_character(delta[batch:], x[:-batch], symbols)  # (V, N)

        torch.mm(window.g_flat.t(), d_logits, out=self.dV2)
        torch.mm(table.t(), d_logits_of, out=self.dV1)
        torch.sum(d_logits_of, 0, out=self.dc)

        torch.mm(window.g_before_flat.t(), delta, out=self.dW2)
        torch.mm(state[:, :n].t(), window.delta[0], out=self.dW1)
        self.dW1.addmm_(table.t(), delta_after)
        torch.add(delta_after.sum(0), window.delta[0].sum(0), out=self.db2)

        torch.mm(d_logits_of, self.V1.t(), out=self.dU)
        self.dU.addmm_(delta_after, self.W1.t())
        self.dU.mul_(slope(self.config.activation, table, out=torch.empty_like(table)))
        torch.sum(self.dU, 0, out=self.db1)

    def _hidden(self, window, inputs, targets, state) -> Tensor:
        return torch.cat((self._table[inputs], window.g[1:]), 2)

    def _hidden_gradients(self, window, inputs, targets, state) -> Tensor:
        first = window.output.gradient.view(*inputs.shape, -1) @ self.V1.t()  # (T, B, N)
        first[:-1] += window.delta[1:] @ self.W1.t()
        return torch.cat((first, window.dg), 2)


class Arch1Add(_Arch1):
    """h_t = φ(x_t U + h_{t-1} W + b)."""

    def _forward(self, window: _Window, inputs: Tensor, state: Tensor) -> Tensor:
        p = self.parameters.values
        window.g[0] = state
        into_loop = p["U"] + p["b"]  # (V, N)
        torch.index_select(into_loop, 0, inputs.reshape(-1), out=window.g_flat)
        self._advance(window, p["W"])
        torch.addmm(p["c"], window.g_flat, p["V"], out=window.output.logits)
        return window.g[-1].clone()

    def _backward(self, window: _Window, inputs: Tensor, targets: Tensor, state: Tensor) -> None:
        p, d = self.parameters.values, self.parameters.gradients
        d_logits = window.output.backward()
        torch.mm(d_logits, p["V"].t(), out=window.dg_flat)
        self._go_back(window, p["W"])

        torch.mm(window.g_flat.t(), d_logits, out=d["V"])
        torch.sum(d_logits, 0, out=d["c"])
        torch.mm(window.g_before_flat.t(), window.delta_flat, out=d["W"])
        torch.sum(window.delta_flat, 0, out=d["b"])
        d["U"].copy_(sum_by_character(window.delta_flat, inputs.reshape(-1), len(p["U"])))

    def _hidden(self, window, inputs, targets, state) -> Tensor:
        return window.g[1:].clone()

    def _hidden_gradients(self, window, inputs, targets, state) -> Tensor:
        return window.dg.clone()


class _GatedWindow(_Window):
    """Multiply also keeps both factors of the product."""

    def __init__(self, steps: int, batch: int, nodes: int, symbols: int, like: Tensor) -> None:
        super().__init__(steps, batch, nodes, symbols, like)
        self.u = torch.empty_like(self.dg)  # x_t U
        self.z = torch.empty_like(self.dg)  # h_{t-1} W
        self.dz = torch.empty_like(self.dg)  # ∂L/∂z
        self.u_at, self.z_at, self.dz_at = self.u.unbind(0), self.z.unbind(0), self.dz.unbind(0)


class Arch1Multiply(Arch1Add):
    """h_t = φ((x_t U) ∘ (h_{t-1} W) + b): the input scales what comes back."""

    def _new_window(self, steps: int, batch: int) -> _GatedWindow:
        symbols, nodes = self.config.parameter_shapes["U"]
        return _GatedWindow(steps, batch, nodes, symbols, self.parameters.flat)

    def _forward(self, window: _GatedWindow, inputs: Tensor, state: Tensor) -> Tensor:
        p, phi_ = self.parameters.values, in_place(self.config.activation)
        window.g[0] = state
        torch.index_select(p["U"], 0, inputs.reshape(-1), out=window.u.flatten(0, 1))
        before = window.g_at[0]
        for g, u, z in zip(window.g_at[1:], window.u_at, window.z_at, strict=True):
            torch.mm(before, p["W"], out=z)
            phi_(torch.addcmul(p["b"], u, z, out=g))
            before = g
        torch.addmm(p["c"], window.g_flat, p["V"], out=window.output.logits)
        return window.g[-1].clone()

    def _backward(
        self, window: _GatedWindow, inputs: Tensor, targets: Tensor, state: Tensor
    ) -> None:
        p, d = self.parameters.values, self.parameters.gradients
        d_logits = window.output.backward()
        torch.mm(d_logits, p["V"].t(), out=window.dg_flat)
        slope(self.config.activation, window.g[1:], out=window.slope)
        back = p["W"].t().contiguous()
        for t in reversed(range(len(window.dg_at))):
            if t + 1 < len(window.dg_at):
                window.dg_at[t].addmm_(window.dz_at[t + 1], back)
            torch.mul(window.dg_at[t], window.slope_at[t], out=window.delta_at[t])
            torch.mul(window.delta_at[t], window.u_at[t], out=window.dz_at[t])

        torch.mm(window.g_flat.t(), d_logits, out=d["V"])
        torch.sum(d_logits, 0, out=d["c"])
        torch.mm(window.g_before_flat.t(), window.dz.flatten(0, 1), out=d["W"])
        torch.sum(window.delta_flat, 0, out=d["b"])
        du = window.delta_flat * window.z.flatten(0, 1)  # (T*B, N)
        d["U"].copy_(sum_by_character(du, inputs.reshape(-1), len(p["U"])))
