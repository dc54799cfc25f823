"""The engine of PyTorch: for GPUs, and for networks whose products are better left to it."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor

from core.config import TrainingConfig
from core.data.windows import Cursors
from core.engines.engine import Engine, Steps, Weights, row_norms
from core.engines.graphed import GraphedStepper
from core.engines.optimisers import build_optimiser
from core.engines.stepper import NotFinite, Stepper
from core.networks.build import build_network
from core.networks.network import Network
from core.networks.parameters import Parameters


class TorchPasses:
    """A network of torch's, in numpy arrays; see `engine.Passes`.

    Attributes:
        network: the network.
        state: what crosses into the next window.
    """

    def __init__(self, network: Network, batch_size: int) -> None:
        self.network = network
        self.state = network.initial_state(batch_size)
        self._after = self.state

    @property
    def values(self) -> Weights:
        """See `Passes.values`."""
        return {name: _array(value) for name, value in self.network.parameters.values.items()}

    @property
    def gradients(self) -> Weights:
        """See `Passes.gradients`."""
        return {name: _array(value) for name, value in self.network.parameters.gradients.items()}

    def load(self, weights: Weights) -> None:
        """See `Passes.load`."""
        self.network.parameters.load(
            {name: torch.from_numpy(np.asarray(value)) for name, value in weights.items()}
        )

    def loss_and_gradients(self, inputs: ndarray, targets: ndarray) -> float:
        """See `Passes.loss_and_gradients`."""
        x, y = (torch.from_numpy(ids).to(self.state.device) for ids in (inputs, targets))
        loss, self._after = self.network.loss_and_gradients(x, y, self.state)
        return float(loss)

    def move_on(self) -> None:
        """See `Passes.move_on`."""
        self.state = self._after

    def hidden(self) -> ndarray:
        """See `Passes.hidden`."""
        return _array(self.network.hidden())

    def hidden_gradients(self) -> ndarray:
        """See `Passes.hidden_gradients`."""
        return _array(self.network.hidden_gradients())

    def true_norm(self) -> float | None:
        """See `Passes.true_norm`."""
        parameters, window = self.network.parameters, self.network.trained
        if window is None:
            raise RuntimeError("no window was trained yet: call loss_and_gradients first")
        wide = Parameters(self.network.config, device=self.state.device, dtype=torch.float64)
        wide.load(parameters.values)
        network = build_network(self.network.config, wide)
        network.loss_and_gradients(window.inputs, window.targets, self.state.double())
        norm = float(torch.linalg.vector_norm(wide.gradient))
        return norm if math.isfinite(norm) else None


class TorchEngine(Engine):
    """Trains in float32, a step at a time; on a GPU, each a graph that is replayed.

    Args:
        config: the network, its batch size and its optimiser.
        device: cpu or cuda.
    """

    name = "torch"

    def __init__(self, config: TrainingConfig, device: str = "cpu") -> None:
        self.parameters = Parameters(config, device=device)
        optimiser = build_optimiser(config.optimiser, self.parameters.flat)
        kind = GraphedStepper if self.parameters.flat.is_cuda else Stepper
        self.stepper = kind(build_network(config, self.parameters), optimiser)
        self.network = self.stepper.network
        self._passes = TorchPasses(self.network, config.batch_size)
        self.accumulator_names = tuple(optimiser.accumulators)
        self._window_gradient: tuple[float, ...] = ()

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
        losses: list[float] = []
        norms: list[float] = []
        self._window_gradient = ()
        for number, rate in enumerate(rates.tolist(), first):
            before = cursors.positions
            inputs, targets = map(torch.from_numpy, cursors.next_window(unrollings))
            try:
                stepped = self.stepper.step(
                    inputs,
                    targets,
                    self._passes.state,
                    number=number,
                    learning_rate=rate,
                    clip=clip,
                    look=self._note_window_gradient if look else None,
                )
            except NotFinite as problem:
                cursors.restore(before)
                return Steps(np.array(losses), np.array(norms), problem.cause)
            self._passes.state = stepped.state
            losses.append(stepped.loss)
            norms.append(stepped.norm)
        return Steps(np.array(losses), np.array(norms), window_gradient=self._window_gradient)

    @property
    def passes(self) -> TorchPasses:
        """See `Engine.passes`."""
        return self._passes

    def weights(self) -> dict[str, ndarray]:
        """See `Engine.weights`."""
        return {name: value.numpy() for name, value in self.parameters.copies().items()}

    def load(self, weights: Weights) -> None:
        """See `Engine.load`."""
        self._passes.load(weights)

    def carried(self) -> ndarray:
        """See `Engine.carried`."""
        return _array(self._passes.state)

    def accumulators(self) -> dict[str, ndarray]:
        """See `Engine.accumulators`."""
        return {name: _array(held) for name, held in self.stepper.optimiser.accumulators.items()}

    def restore(self, carried: ndarray, accumulators: Mapping[str, ndarray]) -> None:
        """See `Engine.restore`."""
        # Into memory of torch's own: its alignment, which a product's last bit can depend on.
        state = torch.empty_like(self._passes.state)
        self._passes.state = state.copy_(torch.from_numpy(carried))
        for name, held in self.stepper.optimiser.accumulators.items():
            held.copy_(torch.from_numpy(accumulators[name]))

    def _note_window_gradient(self) -> None:
        self._window_gradient = row_norms(self._passes.hidden_gradients())


def _array(tensor: Tensor) -> ndarray:
    """A copy on the CPU, that shares nothing."""
    return tensor.detach().to("cpu", copy=True, memory_format=torch.contiguous_format).numpy()
