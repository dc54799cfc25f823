"""What every hand-written network offers, and the part of a training step they share.

A network is given windows of character ids and fills `Parameters.gradient`. It knows nothing
of optimisers, texts or runs, and builds no autograd graph.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor

from core.config import TrainingConfig
from core.networks.layers import CrossEntropy
from core.networks.parameters import Parameters

# A run whose unrollings change keeps the buffers of the sizes it used last: one to train,
# one to validate, and a little room to go back and forth.
_KEPT_WINDOWS = 4


class Window:
    """What a network notes of one window: its inputs and targets, and buffers of its own."""

    inputs: Tensor  # ids x, (T, B)
    targets: Tensor  # ids y, (T, B)


Buffers = TypeVar("Buffers", bound=Window)  # each network has its own


class Network(ABC, Generic[Buffers]):
    """Forward and backward pass over windows of `T` steps and `B` rows.

    A *state* is what crosses from one window into the next, without gradient: `(B, H)` for
    Arch 1, `(B, V)` for Arch 2. States that are passed in are never written to.

    Attributes:
        trained: the window that was trained last.
    """

    def __init__(self, config: TrainingConfig, parameters: Parameters) -> None:
        self.config = config
        self.parameters = parameters
        self._windows: dict[tuple[int, int], Buffers] = {}
        self.trained: Buffers | None = None

    def loss(self, inputs: Tensor, targets: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """The mean loss of a window in nats (a scalar tensor), and the state after it.

        Args:
            inputs: ids x, `(T, B)` int64.
            targets: ids y, `(T, B)` int64.
            state: what crossed from the window before.
        """
        window = self._window(inputs, targets)
        with torch.inference_mode():
            after = self._forward(window, state)
            loss = self._loss(window)
        return loss.clone(), after.clone()

    def loss_and_gradients(
        self, inputs: Tensor, targets: Tensor, state: Tensor
    ) -> tuple[Tensor, Tensor]:
        """As `loss`, and fills `parameters.gradient`."""
        window = self._window(inputs, targets)
        # Nothing is differentiated here, and to say so takes a little off every call.
        with torch.inference_mode():
            after = self._forward(window, state)
            loss = self._loss(window)
            self._backward(window)
        self.trained = window
        return loss.clone(), after.clone()  # which autograd takes, as it does not those above

    @abstractmethod
    def initial_state(self, batch_size: int) -> Tensor:
        """The state before the first window: zeros."""

    @torch.no_grad()
    def hidden(self) -> Tensor:
        """The hidden layer h_t at each step of the last trained window, `(T, B, H)`."""
        return self._hidden(self._last_trained())

    @torch.no_grad()
    def hidden_gradients(self) -> Tensor:
        """∂L_window/∂h_t of the last trained window, `(T, B, H)`.

        The sum over the losses of step t and of all later steps of the window: not to be
        confused with the gradient of one loss at the window's end. Ask before the weights are
        updated, since they take part in it.
        """
        return self._hidden_gradients(self._last_trained())

    def _last_trained(self) -> Buffers:
        if self.trained is None:
            raise RuntimeError("no window was trained yet: call loss_and_gradients first")
        return self.trained

    def _window(self, inputs: Tensor, targets: Tensor) -> Buffers:
        steps, batch = key = (inputs.shape[0], inputs.shape[1])
        if key not in self._windows:
            if len(self._windows) >= _KEPT_WINDOWS:
                self._windows.pop(next(iter(self._windows)))
            self._windows[key] = self._new_window(steps, batch)
        window = self._windows[key]
        window.inputs, window.targets = inputs, targets
        return window

    def _loss(self, window: Any) -> Tensor:
        output: CrossEntropy = window.output
        return output.loss(window.targets.reshape(-1))

    @abstractmethod
    def _new_window(self, steps: int, batch: int) -> Buffers:
        """Buffers for windows of this size."""

    @abstractmethod
    def _forward(self, window: Buffers, state: Tensor) -> Tensor:
        """Fill the window up to its logits; return the state after it, which may be in a buffer."""

    @abstractmethod
    def _backward(self, window: Buffers) -> None:
        """After `_forward` and `_loss`: fill `parameters.gradients`."""

    @abstractmethod
    def _hidden(self, window: Buffers) -> Tensor:
        """`hidden` of a window that `_backward` has just filled."""

    @abstractmethod
    def _hidden_gradients(self, window: Buffers) -> Tensor:
        """`hidden_gradients` of a window that `_backward` has just filled."""
