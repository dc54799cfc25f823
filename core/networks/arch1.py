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

import torch
from torch import Tensor

from core.config import TrainingConfig
from core.networks.layers import CrossEntropy, in_place, slope_into, sum_by_character
from core.networks.network import Network
from core.networks.parameters import Parameters


class _Window:
    """The buffers of one window of `T` steps and `B` rows."""

    def __init__(
        self, steps: int, batch: int, config: TrainingConfig, parameters: Parameters
    ) -> None:
        symbols, n = parameters.values["U"].shape
        like, row = parameters.flat, parameters.joint.products.shape[1]
        self.g = like.new_zeros((steps + 1, batch, n))  # the part of h that the loop computes
        self.back = like.new_zeros((steps + 1, batch, row))  # ∂L/∂(h_t [W V 0])
        self.output = CrossEntropy(steps * batch, symbols, like)
        self.slope = slope_into(config.activation, like.new_empty((batch, n)))

        # Making a view costs a fifth of a small product, so all are made once.
        self.g_at = self.g.unbind(0)
        self.g_later = self.g[2:].flatten(0, 1)  # what takes in a character of this window
        self.g_all_t = self.g.flatten(0, 1).t()
        self.g_flat = self.g[1:].flatten(0, 1)  # (T*B, N)
        self.back_all = self.back.flatten(0, 1)
        self.back_flat = self.back[1:].flatten(0, 1)  # (T*B, S)
        self.dz = self.back[:-1, :, :n]  # (T, B, N)
        self.dz_at = self.dz.unbind(0)
        self.dz_flat = self.dz.flatten(0, 1)  # (T*B, N)
        self.d_logits = self.back_flat[:, n : n + symbols]  # (T*B, V)
        self.backwards = list(zip(self.back[1:], self.dz_at, self.g_at[1:], strict=True))[::-1]


class _Arch1(Network):
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

    def _new_window(self, steps: int, batch: int) -> _Window:
        return _Window(steps, batch, self.config, self.parameters)

    def _advance(self, window: _Window, w: Tensor) -> None:
        """The loop forward: `g[1:]` holds what φ is applied to, but for `g_{t-1} w`."""
        phi_ = self._phi_
        before, *later = window.g_at
        # Nothing here is differentiated, and to say so saves a twentieth of the loop.
        with torch.inference_mode():
            for g in later:
                before = phi_(g.addmm_(before, w))

    def _go_back(self, window: _Window) -> None:
        """The loop backward: `back` holds the do, and gets the dz."""
        slope = window.slope
        credit = self.WV2.t().contiguous()  # one copy, and every product is a third faster
        with torch.inference_mode():
            for back, dz, g in window.backwards:
                torch.mm(back, credit, out=dz).mul_(slope(g))

    def _hidden(self, window, inputs, targets, state) -> Tensor:
        return window.g[1:].clone()

    def _hidden_gradients(self, window, inputs, targets, state) -> Tensor:
        return window.back[1:] @ self.WV.t()


class Arch1Concat(_Arch1):
    """h_t = φ([x_t U ; h_{t-1} W] + b): two halves, of which one is a table of V rows."""

    def __init__(self, config: TrainingConfig, parameters: Parameters) -> None:
        super().__init__(config, parameters)
        n, symbols = config.nodes, len(self.U)
        self.W1, self.W2 = self.W[:n], self.W[n:]
        self.V2 = self.V[n:]
        self.WV1, self.dWV1, self.dW1 = self.WV[:n], self.dWV[:n], self.dW[:n]
        self.b1, self.b2 = self.b[:n], self.b[n:]
        self.db1, self.db2 = self.db[:n], self.db[n:]
        self._table = torch.empty_like(self.U)  # φ(U + b₁): the first half for each symbol
        self._table_t, self._WV1_t = self._table.t(), self.WV1.t()
        self._slope = slope_into(config.activation, torch.empty_like(self.U))
        self._table_WV = self.U.new_empty((symbols, self.WV.shape[1]))  # table [W₁ V₁] + [b₂ c]
        self._back_of = torch.empty_like(self._table_WV)
        self._into_loop = self._table_WV[:, :n]
        self._into_logits = self._table_WV[:, n : n + symbols]

    def _forward(self, window: _Window, inputs: Tensor, state: Tensor) -> Tensor:
        n, x = self.config.nodes, inputs.reshape(-1)  # (T*B,)
        batch = inputs.shape[1]
        table = self._phi_(torch.add(self.U, self.b1, out=self._table))
        torch.addmm(self.bc2, table, self.WV1, out=self._table_WV)

        # The state comes from the weights of the step before: its first half is looked up no
        # more, and goes through its own product.
        window.g_at[0].copy_(state[:, n:])
        torch.addmm(self.b2, state[:, :n], self.W1, out=window.g_at[1])
        torch.index_select(self._into_loop, 0, x[:-batch], out=window.g_later)
        self._advance(window, self.W2)

        logits = torch.index_select(self._into_logits, 0, x, out=window.output.logits)
        logits.addmm_(window.g_flat, self.V2)
        return torch.cat((table.index_select(0, x[-batch:]), window.g_at[-1]), 1)

    def _backward(self, window: _Window, inputs: Tensor, targets: Tensor, state: Tensor) -> None:
        x, table = inputs.reshape(-1), self._table
        window.output.backward(out=window.d_logits)
        self._go_back(window)

        torch.mm(window.g_all_t, window.back_all, out=self.dWV2)
        torch.sum(window.back_all, 0, out=self.dbc2)

        back_of = self._back_of.zero_().index_add_(0, x, window.back_flat)  # by character
        torch.mm(self._table_t, back_of, out=self.dWV1)
        self.dW1.addmm_(state[:, : self.config.nodes].t(), window.dz_at[0])
        torch.mm(back_of, self._WV1_t, out=self.dU).mul_(self._slope(table))
        torch.sum(self.dU, 0, out=self.db1)

    def _hidden(self, window, inputs, targets, state) -> Tensor:
        return torch.cat((self._table[inputs], window.g[1:]), 2)


class Arch1Add(_Arch1):
    """h_t = φ(x_t U + h_{t-1} W + b)."""

    def _forward(self, window: _Window, inputs: Tensor, state: Tensor) -> Tensor:
        window.g[0] = state
        into_loop = self.U + self.b  # (V, N)
        torch.index_select(into_loop, 0, inputs.reshape(-1), out=window.g_flat)
        self._advance(window, self.W)
        torch.addmm(self.c, window.g_flat, self.V, out=window.output.logits)
        return window.g[-1].clone()

    def _backward(self, window: _Window, inputs: Tensor, targets: Tensor, state: Tensor) -> None:
        window.output.backward(out=window.d_logits)
        self._go_back(window)
        torch.mm(window.g_all_t, window.back_all, out=self.dWV2)
        torch.sum(window.back_all, 0, out=self.dbc2)
        self.dU.copy_(sum_by_character(window.dz_flat, inputs.reshape(-1), len(self.U)))


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


class Arch1Multiply(_Arch1):
    """h_t = φ((x_t U) ∘ (h_{t-1} W) + b): the input scales what comes back."""

    def _new_window(self, steps: int, batch: int) -> _GatedWindow:
        return _GatedWindow(steps, batch, self.config, self.parameters)

    def _forward(self, window: _GatedWindow, inputs: Tensor, state: Tensor) -> Tensor:
        window.g[0] = state
        torch.index_select(self.U, 0, inputs.reshape(-1), out=window.u.flatten(0, 1))
        before, *later = window.g_at
        with torch.inference_mode():
            for g, u, z in zip(later, window.u_at, window.z_at, strict=True):
                torch.mm(before, self.W, out=z)
                before = self._phi_(torch.addcmul(self.b, u, z, out=g))
        torch.addmm(self.c, window.g_flat, self.V, out=window.output.logits)
        return window.g[-1].clone()

    def _backward(
        self, window: _GatedWindow, inputs: Tensor, targets: Tensor, state: Tensor
    ) -> None:
        window.output.backward(out=window.d_logits)
        self._go_back(window)
        torch.mm(window.g_all_t, window.back_all, out=self.dWV2)
        torch.sum(window.delta.flatten(0, 1), 0, out=self.db)
        torch.sum(window.d_logits, 0, out=self.dc)
        du = window.delta.mul(window.z).flatten(0, 1)  # (T*B, N)
        self.dU.copy_(sum_by_character(du, inputs.reshape(-1), len(self.U)))

    def _go_back(self, window: _GatedWindow) -> None:
        slope, backwards = window.slope, window.backwards
        credit = self.WV2.t().contiguous()
        gates = zip(window.u_at[::-1], window.delta_at[::-1], strict=True)
        with torch.inference_mode():
            for (back, dz, g), (u, delta) in zip(backwards, gates, strict=True):
                torch.mm(back, credit, out=delta).mul_(slope(g))
                torch.mul(delta, u, out=dz)
