"""The engine for the CPU: many steps in one call, without Python's lock."""

from __future__ import annotations

from collections.abc import Mapping
from time import thread_time

import numpy as np
from numpy import ndarray

from core.config import TrainingConfig
from core.data.windows import Cursors
from core.engines.engine import Engine, Steps, Weights, row_norms
from core.networks.compiled.network import CompiledNetwork
from core.networks.compiled.update import (
    ADADELTA,
    ADAM,
    BAD_GRADIENT,
    BAD_LOSS,
    FINE,
    SGD,
    Update,
)
from core.networks.layout import aligned_zeros

_OPTIMISERS = {  # a number for the compiled code, and the names of the accumulators
    "sgd": (SGD, ()),
    "adadelta": (ADADELTA, ("squared_gradients", "squared_updates")),
    "adam": (ADAM, ("mean", "square")),
}
_EPSILON = 1e-8  # Adadelta's, which its accumulators begin with
_BETA_1, _BETA_2 = 0.9, 0.999  # Adam's


class CompiledEngine(Engine):
    """Trains in float32, on one core.

    Args:
        config: the network, its batch size and its optimiser.
    """

    name = "compiled"
    clock = staticmethod(thread_time)  # the thread that asks makes all of a step

    def __init__(self, config: TrainingConfig) -> None:
        self.config = config
        self.network = CompiledNetwork(config, config.batch_size)
        self._optimiser, self.accumulator_names = _OPTIMISERS[config.optimiser]
        start = _EPSILON if config.optimiser == "adadelta" else 0.0
        size = self.network.flat.shape
        self._accumulators = [aligned_zeros(size, np.float32) for _ in self.accumulator_names]
        for accumulator in self._accumulators:
            accumulator += start

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
        """See `Engine.steps`."""
        network, count, before = self.network, len(rates), cursors.positions
        weights = network.weights() if look else None  # that the window is read with
        ids = cursors.read(unrollings * count)
        rates, roots = self._factors(rates, first)
        losses, norms = np.empty((2, count))
        # Compiled code wants its arguments alike: SGD remembers two empty arrays.
        one, other = self._accumulators or (network.flat[:0], network.flat[:0])
        update = Update(
            self._optimiser, network.flat, network.gradient, one, other, clip=float(clip)
        )
        window, kind = network.window(unrollings), network.kind
        made, problem = kind.train(window, update, ids, unrollings, rates, roots, losses, norms)
        losses, norms = losses[:made], norms[:made]
        losses = losses.astype(np.float32).astype(np.float64)  # a history keeps no more of them
        tried = made + (problem != FINE)
        network.note_window(ids[(tried - 1) * unrollings : tried * unrollings + 1])
        if problem != FINE:
            cursors.restore(before)
            cursors.read(unrollings * made)
            return Steps(losses, norms, self._named(problem))
        gradient = row_norms(network.hidden_gradients(weights)) if look else ()
        return Steps(losses, norms, window_gradient=gradient)

    @property
    def passes(self) -> CompiledNetwork:
        """See `Engine.passes`."""
        return self.network

    def weights(self) -> dict[str, ndarray]:
        """See `Engine.weights`."""
        return self.network.weights()

    def load(self, weights: Weights) -> None:
        """See `Engine.load`."""
        self.network.load(weights)

    def carried(self) -> ndarray:
        """See `Engine.carried`."""
        return self.network.state.copy()

    def accumulators(self) -> dict[str, ndarray]:
        """See `Engine.accumulators`."""
        held = zip(self.accumulator_names, self._accumulators, strict=True)
        return {name: accumulator.copy() for name, accumulator in held}

    def restore(self, carried: ndarray, accumulators: Mapping[str, ndarray]) -> None:
        """See `Engine.restore`."""
        self.network.state[:] = carried
        for name, accumulator in zip(self.accumulator_names, self._accumulators, strict=True):
            accumulator[:] = accumulators[name]

    def _factors(self, rates: ndarray, first: int) -> tuple[ndarray, ndarray]:
        """What the update of each step is scaled by; see `Update`."""
        if self._optimiser != ADAM:
            return rates, np.ones_like(rates)
        step = np.arange(first, first + len(rates), dtype=np.float64)
        return rates / (1 - _BETA_1**step), np.sqrt(1 - _BETA_2**step)

    def _named(self, problem: int) -> str:
        if problem == BAD_LOSS:
            return "the loss"
        if problem != BAD_GRADIENT:
            return "the update"
        for name, gradient in self.network.gradients.items():
            if not np.isfinite(gradient).all():
                return f"the gradient of {name}"
        return "the norm of the gradient"  # every entry is finite, their squares are not
