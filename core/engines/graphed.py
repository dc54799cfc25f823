"""Training steps that are recorded once and replayed: for GPUs.

A step is some 260 kernels of a few microseconds each, and launching them one by one takes
longer than running them. A CUDA graph launches them all at once. It runs the same kernels on
the same memory every time, so whatever differs between two steps is copied into static buffers
first, and one small tensor of results is all that is waited for:

    window, state, clip and rates ──copy──► buffers ──replay──► loss and norm, state after
                                                    weights and optimiser change in place

So a change of learning rate or clip records nothing anew, and a change of unrollings records
one more graph. What a graph cannot do, a plain step does: when somebody looks at the gradients
before the update, and when numbers run away. Then the step is taken back and made again,
which says what went wrong. Knows nothing of texts or runs.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from core.engines.optimisers import Updater
from core.engines.stepper import SUSPICIOUS_NORM, Stepped, Stepper
from core.networks.network import Network

_KEPT_RECORDINGS = 4  # for unrollings that go back and forth
_WARM_UP_STEPS = 3

Work = Callable[[], tuple[Tensor, Tensor]]
Recorder = Callable[[Work], tuple[tuple[Tensor, Tensor], Callable[[], None]]]
"""Records work, which may run it: returns the tensors that it gives, and what fills them again."""


@dataclass(frozen=True, eq=False)
class _Recording:
    """One window size: the buffers that a replay reads and those that it fills."""

    inputs: Tensor  # (T, B)
    targets: Tensor  # (T, B)
    state: Tensor
    measured: Tensor  # (2,): loss and norm
    after: Tensor
    trained: Any  # what the network notes about the window; keeps its buffers alive
    replay: Callable[[], None]


class GraphedStepper(Stepper):
    """Makes steps by replays wherever a plain one gives no more.

    Args:
        network: on the device that `record` records.
        optimiser: of its weights.
        record: how to record; the tests pass one that needs no GPU.
    """

    def __init__(
        self, network: Network, optimiser: Updater, record: Recorder | None = None
    ) -> None:
        super().__init__(network, optimiser)
        self._record_work = record or record_on_cuda
        self._recordings: dict[torch.Size, _Recording] = {}
        weights = network.parameters.flat
        self._changed = [weights, *optimiser.accumulators.values()]
        self._before = [torch.empty_like(tensor) for tensor in self._changed]
        # The clipping threshold, infinite for none, and the optimiser's factors.
        self._set = weights.new_empty(1 + len(optimiser.factors(0.0, 1)))

    def _shortcut(
        self,
        inputs: Tensor,
        targets: Tensor,
        state: Tensor,
        clip: float,
        factors: tuple[float, ...],
    ) -> Stepped | None:
        """A replay; None, and nothing has changed, if its numbers run away."""
        self._set.copy_(torch.tensor((clip or math.inf, *factors), dtype=self._set.dtype))
        recording = self._recordings.get(inputs.shape) or self._record(inputs, targets, state)
        recording.inputs.copy_(inputs)
        recording.targets.copy_(targets)
        recording.state.copy_(state)
        recording.replay()
        self.network.trained = recording.trained
        loss, norm = recording.measured.tolist()  # here the device is waited for
        if not (math.isfinite(loss) and norm <= SUSPICIOUS_NORM):
            _copy(self._before, self._changed)
            return None
        return Stepped(loss, norm, recording.after.clone())

    def _record(self, inputs: Tensor, targets: Tensor, state: Tensor) -> _Recording:
        device, size = self._changed[0].device, inputs.shape
        inputs, targets, state = (
            tensor.to(device, copy=True) for tensor in (inputs, targets, state)
        )
        as_it_is = [tensor.clone() for tensor in self._changed]
        (measured, after), replay = self._record_work(lambda: self._work(inputs, targets, state))
        _copy(as_it_is, self._changed)
        if len(self._recordings) >= _KEPT_RECORDINGS:
            self._recordings.pop(next(iter(self._recordings)))
        recording = _Recording(
            inputs, targets, state, measured, after, self.network.trained, replay
        )
        self._recordings[size] = recording
        return recording

    def _work(self, inputs: Tensor, targets: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """What is recorded: a step that asks for no number."""
        weights, gradient = self.network.parameters.flat, self.network.parameters.gradient
        _copy(self._changed, self._before)
        loss, after = self.network.loss_and_gradients(inputs, targets, state)
        norm = torch.linalg.vector_norm(gradient)
        clip, *factors = self._set.unbind()
        gradient.mul_((clip / norm).clamp_(max=1))
        self.optimiser.update(weights, gradient, *factors)
        return torch.stack((loss, norm)), after


def _copy(sources: list[Tensor], into: list[Tensor]) -> None:
    for source, target in zip(sources, into, strict=True):
        target.copy_(source)


def record_on_cuda(work: Work) -> tuple[tuple[Tensor, Tensor], Callable[[], None]]:
    """Record into a CUDA graph. The tensors are filled by a replay."""
    # Libraries choose their kernels and set memory aside when they are first called, and that
    # cannot be recorded.
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(_WARM_UP_STEPS):
            work()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    # thread_local: another run may train in its own thread meanwhile.
    with torch.cuda.graph(graph, capture_error_mode="thread_local"):
        given = work()
    return given, graph.replay
