"""A network whose pass over a window is recorded once and replayed: for GPUs.

A pass is some 250 kernels of a few microseconds each, and launching them one by one takes
longer than running them. A CUDA graph launches them all at once. It runs the same kernels on
the same memory every time, so whatever differs between two windows is copied into static
buffers first:

    inputs, targets, state ──copy──► buffers ──replay──► gradient, loss, state after

Clipping and the update stay outside: ten launches more, on numbers that the trainer looks at
first. So a change of learning rate or clip records nothing anew, and a change of unrollings
records one more graph. Knows nothing of optimisers, texts or runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from core.networks.network import Network

_KEPT_RECORDINGS = 4  # for unrollings that go back and forth
_WARM_UP_PASSES = 3

Pass = Callable[[], tuple[Tensor, Tensor]]
Recorder = Callable[[Pass], tuple[tuple[Tensor, Tensor], Callable[[], None]]]
"""Records a pass: returns the tensors that it gives, and what fills them again."""


@dataclass(frozen=True)
class _Recording:
    """One window size: the buffers that a replay reads and those that it fills."""

    inputs: Tensor  # (T, B)
    targets: Tensor  # (T, B)
    state: Tensor
    loss: Tensor
    after: Tensor
    trained: Any  # what the network notes about the window; keeps its buffers alive
    replay: Callable[[], None]


class GraphedNetwork:
    """Replays `network.loss_and_gradients`; the network itself serves everything else.

    Args:
        network: on the device that `record` records.
        record: how to record; the tests pass one that needs no GPU.
    """

    def __init__(self, network: Network, record: Recorder | None = None) -> None:
        self.network = network
        self._record_pass = record or record_on_cuda
        self._recordings: dict[torch.Size, _Recording] = {}

    @torch.no_grad()
    def loss_and_gradients(
        self, inputs: Tensor, targets: Tensor, state: Tensor
    ) -> tuple[Tensor, Tensor]:
        """As `Network.loss_and_gradients`; what it returns is no part of the graph."""
        recording = self._recordings.get(inputs.shape)
        if recording is None:
            recording = self._record(inputs, targets, state)
        recording.inputs.copy_(inputs)
        recording.targets.copy_(targets)
        recording.state.copy_(state)
        recording.replay()
        self.network.trained = recording.trained
        return recording.loss.clone(), recording.after.clone()

    def _record(self, *window: Tensor) -> _Recording:
        # Of their own, whatever the arguments are views of.
        buffers = [tensor.clone() for tensor in window]
        (loss, after), replay = self._record_pass(lambda: self.network.loss_and_gradients(*buffers))
        if len(self._recordings) >= _KEPT_RECORDINGS:
            self._recordings.pop(next(iter(self._recordings)))
        recording = _Recording(*buffers, loss, after, self.network.trained, replay)
        self._recordings[buffers[0].shape] = recording
        return recording


def record_on_cuda(work: Pass) -> tuple[tuple[Tensor, Tensor], Callable[[], None]]:
    """Record into a CUDA graph. Recording runs nothing: the tensors are filled by a replay."""
    # Libraries choose their kernels and set memory aside when they are first called, and that
    # cannot be recorded.
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(_WARM_UP_PASSES):
            work()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    # thread_local: another run may train in its own thread meanwhile.
    with torch.cuda.graph(graph, capture_error_mode="thread_local"):
        given = work()
    return given, graph.replay
