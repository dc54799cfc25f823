"""What every engine offers: training steps, many at a time, in plain numbers and numpy arrays.

An engine owns a network's weights, its optimiser's accumulators and the state that crosses from
window to window. There are two: `compiled_engine.py` for the CPU, and `torch_engine.py` for GPUs
and large networks. Knows nothing of schedules, reports or runs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Literal, Protocol

import numpy as np
from numpy import ndarray

from core.data.windows import Cursors

EngineName = Literal["compiled", "torch"]

Weights = Mapping[str, ndarray]
"""`U, W, b, V, c` in the shapes of `TrainingConfig.parameter_shapes`."""


@dataclass(frozen=True, eq=False)
class Steps:
    """What some steps gave.

    Attributes:
        losses: nats, one for each step that was made.
        norms: of the gradients, before clipping.
        problem: what is not finite in the step after these, in words; empty if nothing is.
        window_gradient: ‖∂L_window/∂h_t‖ for each t of a window, `(T,)`, if asked for.
    """

    losses: ndarray
    norms: ndarray
    problem: str = ""
    window_gradient: tuple[float, ...] = ()


class Passes(Protocol):
    """A network's forward and backward pass over single windows, to look into or to check."""

    @property
    def values(self) -> Weights:
        """The weights by name."""

    @property
    def gradients(self) -> Weights:
        """The gradients by name, of the last window."""

    def load(self, weights: Weights) -> None:
        """Copy weights in by name."""

    def loss_and_gradients(self, inputs: ndarray, targets: ndarray) -> float:
        """The mean loss of a window in nats; fills `gradients`, and leaves the state alone.

        Args:
            inputs: ids x, `(T, B)` int64.
            targets: ids y, `(T, B)` int64.
        """

    def move_on(self) -> None:
        """Let the state after the last window be that before the next."""

    def hidden(self) -> ndarray:
        """The hidden layer at each step of the last window, `(T, B, H)`."""

    def hidden_gradients(self) -> ndarray:
        """∂L_window/∂h_t of the last window, `(T, B, H)`.

        The sum over the losses of step t and of all later steps of the window: not to be
        confused with the gradient of one loss at the window's end.
        """

    def true_norm(self) -> float | None:
        """The norm of the last window's gradient in float64, which holds larger numbers.

        None if even that is too small.
        """


class Engine(ABC):
    """Trains one network.

    Attributes:
        name: of the engine.
        accumulator_names: what the optimiser remembers between steps.
        clock: seconds of work, as far as they can be told from waiting for Python's lock.
    """

    name: EngineName
    accumulator_names: tuple[str, ...]
    clock: Callable[[], float] = staticmethod(perf_counter)

    @property
    @abstractmethod
    def passes(self) -> Passes:
        """The network, for a look at the window that was read last."""

    @abstractmethod
    def steps(
        self,
        cursors: Cursors,
        unrollings: int,
        rates: ndarray,
        clip: float,
        *,
        first: int,
        look: bool = False,
    ) -> Steps:
        """Train on as many windows as there are learning rates, or up to one that cannot be.

        A step that cannot be made leaves weights and state as they were, and the cursors in front
        of its window.

        Args:
            cursors: reads the text; moves on with each step.
            unrollings: T.
            rates: the learning rate of each step.
            clip: the largest global norm; 0 for none.
            first: the number of the first of these steps, from 1.
            look: find the `window_gradient`, too, of a single window.
        """

    @abstractmethod
    def weights(self) -> dict[str, ndarray]:
        """Copies of `U, W, b, V, c`."""

    @abstractmethod
    def load(self, weights: Weights) -> None:
        """Copy weights in by name."""

    @abstractmethod
    def carried(self) -> ndarray:
        """A copy of what crosses into the next window: `(B, H)` of Arch 1, `(B, V)` of Arch 2."""

    @abstractmethod
    def accumulators(self) -> dict[str, ndarray]:
        """Copies of what the optimiser remembers, laid out like `layout.py` has the weights."""

    @abstractmethod
    def restore(self, carried: ndarray, accumulators: Mapping[str, ndarray]) -> None:
        """Copy in what `carried` and `accumulators` once gave."""


def row_norms(gradients: ndarray) -> tuple[float, ...]:
    """The norm of each step's gradients, `(T, B, H)` to T numbers."""
    flat = gradients.reshape(len(gradients), -1)
    return tuple(np.sqrt((flat * flat).sum(1)).tolist())
