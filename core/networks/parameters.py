"""The weights of a network and their gradient, each in one flat buffer.

`U, W, b, V, c` are views into the buffer, so clipping by global norm and an optimiser's
update are a few vector operations, whatever the architecture.

Arch 1 multiplies its hidden layer by both W and V, and adds b and c to what comes out. They
lie side by side there, so that one product, or one sum, serves both:

    products    [W V 0]    (H, S)        S is N + V, rounded up to whole cache lines
    biases      [b c 0]    (H - N + S,)  its last S numbers belong to the columns of [W V 0]

Knows nothing of how the weights are used beyond that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from numpy import ndarray
from torch import Tensor

from core.config import TrainingConfig

NAMES = ("U", "W", "b", "V", "c")

# Every matrix starts at a multiple of 64 bytes, in every process: products then take the same
# path through the library, and a resumed run equals an uninterrupted one bit for bit.
_ALIGNMENT = 16


@dataclass(frozen=True)
class Views:
    """One of the flat buffers, seen as what it holds."""

    by_name: dict[str, Tensor]
    products: Tensor  # [W V 0] of Arch 1; empty for Arch 2
    biases: Tensor  # [b c 0] of Arch 1; empty for Arch 2


class Parameters:
    """`U, W, b, V, c` in the shapes of `TrainingConfig.parameter_shapes`, with gradients.

    Attributes:
        flat: all weights in one buffer; the padding in and between tensors stays zero.
        gradient: the gradient of the loss, laid out like `flat`.
        values: the weights by name, views into `flat`.
        gradients: the gradients by name, views into `gradient`.
        joint: Arch 1's weights side by side, views into `flat`.
        joint_gradients: the same of `gradient`.
    """

    def __init__(
        self,
        config: TrainingConfig,
        *,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> None:
        size, see = _side_by_side(config) if config.architecture == "arch1" else _in_a_row(config)
        self.flat = torch.zeros(size, device=device, dtype=dtype)
        self.gradient = torch.zeros_like(self.flat)
        self.joint, self.joint_gradients = see(self.flat), see(self.gradient)
        self.values, self.gradients = self.joint.by_name, self.joint_gradients.by_name

    def load(self, values: Mapping[str, Tensor | ndarray]) -> None:
        """Copy weights in by name; shapes must be the configuration's."""
        for name in NAMES:
            self.values[name].copy_(torch.as_tensor(values[name]))

    def copies(self) -> dict[str, Tensor]:
        """The weights by name, contiguous, on the CPU, sharing nothing with this object."""
        return {
            name: value.detach().to("cpu", copy=True, memory_format=torch.contiguous_format)
            for name, value in self.values.items()
        }


def _in_a_row(config: TrainingConfig) -> tuple[int, Callable[[Tensor], Views]]:
    """The size of a buffer that holds one tensor after the other, and how to see it."""
    shapes = {name: torch.Size(shape) for name, shape in config.parameter_shapes.items()}
    sizes = [_aligned(shape.numel()) for shape in shapes.values()]

    def see(buffer: Tensor) -> Views:
        parts = zip(shapes.items(), buffer.split(sizes), strict=True)
        by_name = {name: part[: shape.numel()].view(shape) for (name, shape), part in parts}
        return Views(by_name, products=buffer[:0], biases=buffer[:0])

    return sum(sizes), see


def _side_by_side(config: TrainingConfig) -> tuple[int, Callable[[Tensor], Views]]:
    """The size of a buffer laid out for Arch 1, and how to see it."""
    (symbols, nodes), hidden = config.parameter_shapes["U"], config.hidden_size
    row = _aligned(nodes + symbols)
    sizes = [_aligned(symbols * nodes), hidden * row, _aligned(hidden - nodes + row)]

    def see(buffer: Tensor) -> Views:
        inputs, products, biases = buffer.split(sizes)
        products = products.view(hidden, row)
        by_name = {
            "U": inputs[: symbols * nodes].view(symbols, nodes),
            "W": products[:, :nodes],
            "b": biases[:hidden],
            "V": products[:, nodes : nodes + symbols],
            "c": biases[hidden : hidden + symbols],
        }
        return Views(by_name, products, biases[: hidden - nodes + row])

    return sum(sizes), see


def _aligned(count: int) -> int:
    return -(-count // _ALIGNMENT) * _ALIGNMENT
