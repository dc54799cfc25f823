"""Arch 1, trained by hand-written truncated BPTT: the previous hidden layer comes back.

    concat    h_t = φ([x_t U ; h_{t-1} W] + b)
    add       h_t = φ(x_t U + h_{t-1} W + b)
    multiply  h_t = φ((x_t U) ∘ (h_{t-1} W) + b)
    logits    o_t = h_t V + c

`reference.py` says the same in a page of autograd, and the tests hold the two together.
This file is fast because of three observations.

1. x_t is one of V symbols, so x_t U is a row of U. Under concat the first half of h_t,
   φ(x_t U + b₁), is a row of a table with V rows, and so is its part of h_t W and of h_t V:
   only the second half g_t, N wide, has to go through the loop.

       h_{t-1} W = (table W₁)[x_{t-1}] + g_{t-1} W₂          g: (B, N)

2. Everything but the N×N product can wait until the loop is done: the projections in and
   out, and each weight's gradient, are single matrix products over the whole window.

3. h_t is multiplied twice, by W for the next step and by V for the logits. So the gradients
   of both products, z_{t+1} = h_t W and o_t = h_t V, are kept side by side, and one product
   with [W V]ᵀ gives all the credit that h_t gets, one with hᵀ the gradients of both matrices.

Time runs along the first axis of every buffer, from the state carried in to the last step:

    g       g_0       g_1         ...   g_{T-1}           g_T
    back    [dz_1 0]  [dz_2 do_1] ...   [dz_T do_{T-1}]   [0 do_T]      dz = ∂L/∂z, do = ∂L/∂o

Knows nothing of optimisers, texts or runs.
"""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import Tensor

from core.config import TrainingConfig
from core.networks.layers import OUTPUT, in_place, slope, sum_by_character
from core.networks.network import Network, Window
from core.networks.parameters import Parameters

# φ' is computed for so many steps at once: for one it would be mostly the cost of a call, for
# the whole window it would push out of the cache what the loop needs next.
_SLOPES_AT_ONCE = 8


class _Window(Window):
    """The buffers of one window of `T` steps and `B` rows."""

    def __init__(
        self, steps: int, batch: int, config: TrainingConfig, parameters: Parameters
    ) -> None:
        symbols, n = parameters.values["U"].shape
        like, row = parameters.flat, parameters.joint.products.shape[1]
        self.g = like.new_zeros((steps + 1, batch, n))  # the part of h that the loop computes
        self.back = like.new_zeros((steps + 1, batch, row))  # ∂L/∂(h_t [W V 0])
        self.output = OUTPUT[config.loss](steps * batch, symbols, like)
        self.slopes = like.new_empty((min(steps, _SLOPES_AT_ONCE), batch, n))

        # Making a view costs a fifth of a small product, so all are made once.
        self.g_at = self.g.unbind(0)
        self.g_all_t = self.g.flatten(0, 1).t()
        self.g_flat = self.g[1:].flatten(0, 1)  # (T*B, N)
        self.back_all = self.back.flatten(0, 1)
        self.dz = self.back[:-1, :, :n]  # (T, B, N)
        self.dz_flat = self.dz.flatten(0, 1)  # (T*B, N)
        self.d_logits = self.back[1:, :, n : n + symbols].flatten(0, 1)  # (T*B, V)
        parts = (steps.split(_SLOPES_AT_ONCE) for steps in (self.g[1:], self.back[1:], self.dz))
        self.blocks = [  # of steps, from the last to the first
            (g, self.slopes[: len(g)], list(zip(back, dz, self.slopes, strict=False))[::-1])
            for g, back, dz in zip(*parts, strict=True)
        ][::-1]


Buffers = TypeVar("Buffers", bound=_Window)


class _Arch1(Network[Buffers]):
    """What the three ways of joining input and hidden layer have in common."""

    def __init__(self, config: TrainingConfig, parameters: Parameters) -> None:
        super().__init__(config, parameters)
        n = config.nodes
        p, d = parameters.values, parameters.gradients
        self.U, self.W, self.b, self.V, self.c = (p[name] for name in "UWbVc")
        self.dU, self.dW, self.db, self.dV, self.dc = (d[name] for name in "UWbVc")
        self.WV, self.dWV = parameters.joint.products, parameters.joint_gradients.products
        # What the loop's part of h is multiplied by: all of it, but for concat.
        self.WV2, self.dWV2 = self.WV[-n:], self.dWV[-n:]  # (N, S)
        self.bc2 = parameters.joint.biases[-self.WV.shape[1] :]  # (S,)
        self.dbc2 = parameters.joint_gradients.biases[-self.WV.shape[1] :]
        self._phi_ = in_place(config.activation)

    def initial_state(self, batch_size: int) -> Tensor:
        """h_0 = 0, `(B, H)`."""
        return self.parameters.flat.new_zeros((batch_size, self.config.hidden_size))

    def _advance(self, window: Buffers, w: Tensor) -> None:
        """The loop forward: `g[1:]` holds what φ is applied to, but for `g_{t-1} w`."""
        phi_ = self._phi_
        before, *later = window.g_at
        for g in later:
            before = phi_(g.addmm_(before, w))

    def _backward(self, window: Buffers) -> None:
        """What depends on the loop alone: every dz, and the gradient of `WV2`."""
        window.output.backward(out=window.d_logits)
        self._go_back(window)
        torch.mm(window.g_all_t, window.back_all, out=self.dWV2)

    def _go_back(self, window: Buffers) -> None:
        """The loop backward: `back` holds the do, and gets the dz."""
        credit = self.WV2.t().contiguous()  # one copy, and every product is a third faster
        for g, slopes, steps in window.blocks:
            slope(self.config.activation, g, out=slopes)
            for back, dz, its_slope in steps:
                torch.mm(back, credit, out=dz).mul_(its_slope)

    def _hidden(self, window: Buffers) -> Tensor:
        return window.g[1:].clone()

    def _hidden_gradients(self, window: Buffers) -> Tensor:
        return window.back[1:] @ self.WV.t()


class _ConcatWindow(_Window):
    """Concat also keeps the half of h that is looked up: each step of each row has its line.

    There is a line for each symbol, the table, and one for each row of the state carried in:
    that state comes from the weights of the step before, and is in the table no more.
    """

    def __init__(
        self, steps: int, batch: int, config: TrainingConfig, parameters: Parameters
    ) -> None:
        super().__init__(steps, batch, config, parameters)
        (symbols, n), like = parameters.values["U"].shape, parameters.flat
        self.lines = like.new_empty((symbols + batch, n))
        self.lines_WV = like.new_empty((symbols + batch, self.back.shape[2]))  # + [b₂ c]
        self.lines_back = torch.empty_like(self.lines_WV)  # the sum of `back` for each line
        self.table_slope = like.new_empty((symbols, n))
        line_of = torch.arange(symbols, symbols + batch * (steps + 1), device=like.device)

        self.table, self.carried = self.lines[:symbols], self.lines[symbols:]
        self.lines_t = self.lines.t()
        self.into_loop = self.lines_WV[:, :n]
        self.into_logits = self.lines_WV[:, n : n + symbols]
        self.table_back = self.lines_back[:symbols]
        self.line_of = line_of  # ((T+1)*B,): the first B stay, the others are what is read
        self.line_before, self.line_read = line_of[:-batch], line_of[batch:]  # (T*B,)
        self.last_read = line_of[-batch:]


class Arch1Concat(_Arch1[_ConcatWindow]):
    """h_t = φ([x_t U ; h_{t-1} W] + b): two halves, of which one is looked up."""

    def __init__(self, config: TrainingConfig, parameters: Parameters) -> None:
        super().__init__(config, parameters)
        n = config.nodes
        self.W2, self.V2 = self.W[n:], self.V[n:]
        self.WV1, self.dWV1, self.WV1_t = self.WV[:n], self.dWV[:n], self.WV[:n].t()
        self.b1, self.db1 = self.b[:n], self.db[:n]

    def _new_window(self, steps: int, batch: int) -> _ConcatWindow:
        return _ConcatWindow(steps, batch, self.config, self.parameters)

    def _forward(self, window: _ConcatWindow, state: Tensor) -> Tensor:
        n = self.config.nodes
        window.line_read.copy_(window.inputs.reshape(-1))
        self._phi_(torch.add(self.U, self.b1, out=window.table))
        window.carried.copy_(state[:, :n])
        torch.addmm(self.bc2, window.lines, self.WV1, out=window.lines_WV)

        window.g_at[0].copy_(state[:, n:])
        torch.index_select(window.into_loop, 0, window.line_before, out=window.g_flat)
        self._advance(window, self.W2)

        logits = window.output.logits
        torch.index_select(window.into_logits, 0, window.line_read, out=logits)
        logits.addmm_(window.g_flat, self.V2)
        return torch.cat((window.table.index_select(0, window.last_read), window.g_at[-1]), 1)

    def _backward(self, window: _ConcatWindow) -> None:
        super()._backward(window)
        lines_back = window.lines_back.zero_().index_add_(0, window.line_of, window.back_all)
        torch.mm(window.lines_t, lines_back, out=self.dWV1)
        torch.sum(lines_back, 0, out=self.dbc2)
        passes = slope(self.config.activation, window.table, out=window.table_slope)
        torch.mm(window.table_back, self.WV1_t, out=self.dU).mul_(passes)
        torch.sum(self.dU, 0, out=self.db1)

    def _hidden(self, window: _ConcatWindow) -> Tensor:
        return torch.cat((window.table[window.inputs], window.g[1:]), 2)


class Arch1Add(_Arch1[_Window]):
    """h_t = φ(x_t U + h_{t-1} W + b)."""

    def _new_window(self, steps: int, batch: int) -> _Window:
        return _Window(steps, batch, self.config, self.parameters)

    def _forward(self, window: _Window, state: Tensor) -> Tensor:
        window.g[0] = state
        into_loop = self.U + self.b  # (V, N)
        torch.index_select(into_loop, 0, window.inputs.reshape(-1), out=window.g_flat)
        self._advance(window, self.W)
        torch.addmm(self.c, window.g_flat, self.V, out=window.output.logits)
        return window.g[-1]

    def _backward(self, window: _Window) -> None:
        super()._backward(window)
        torch.sum(window.back_all, 0, out=self.dbc2)
        self.dU.copy_(sum_by_character(window.dz_flat, window.inputs.reshape(-1), len(self.U)))


class _GatedWindow(_Window):
    """Multiply also keeps both factors of the product, and what φ was applied to."""

    def __init__(
        self, steps: int, batch: int, config: TrainingConfig, parameters: Parameters
    ) -> None:
        super().__init__(steps, batch, config, parameters)
        self.u = torch.empty_like(self.g[1:])  # x_t U
        self.z = torch.empty_like(self.u)  # h_{t-1} W
        self.delta = torch.empty_like(self.u)  # ∂L/∂(u ∘ z + b)
        self.u_at, self.z_at, self.delta_at = (v.unbind(0) for v in (self.u, self.z, self.delta))


class Arch1Multiply(_Arch1[_GatedWindow]):
    """h_t = φ((x_t U) ∘ (h_{t-1} W) + b): the input scales what comes back."""

    def _new_window(self, steps: int, batch: int) -> _GatedWindow:
        return _GatedWindow(steps, batch, self.config, self.parameters)

    def _forward(self, window: _GatedWindow, state: Tensor) -> Tensor:
        window.g[0] = state
        torch.index_select(self.U, 0, window.inputs.reshape(-1), out=window.u.flatten(0, 1))
        before, *later = window.g_at
        for g, u, z in zip(later, window.u_at, window.z_at, strict=True):
            torch.mm(before, self.W, out=z)
            before = self._phi_(torch.addcmul(self.b, u, z, out=g))
        torch.addmm(self.c, window.g_flat, self.V, out=window.output.logits)
        return window.g[-1]

    def _backward(self, window: _GatedWindow) -> None:
        super()._backward(window)
        torch.sum(window.delta.flatten(0, 1), 0, out=self.db)
        torch.sum(window.d_logits, 0, out=self.dc)
        du = window.delta.mul(window.z).flatten(0, 1)  # (T*B, N)
        self.dU.copy_(sum_by_character(du, window.inputs.reshape(-1), len(self.U)))

    def _go_back(self, window: _GatedWindow) -> None:
        credit = self.WV2.t().contiguous()
        gates = zip(window.u_at[::-1], window.delta_at[::-1], strict=True)
        for g, slopes, steps in window.blocks:
            slope(self.config.activation, g, out=slopes)
            for back, dz, its_slope in steps:
                u, delta = next(gates)
                torch.mm(back, credit, out=delta).mul_(its_slope)
                torch.mul(delta, u, out=dz)
