"""How the weights of a network, or their gradient, lie in one flat buffer.

`U, W, b, V, c` are views into it, so clipping by global norm and an optimiser's update are a few
vector operations, whatever the architecture. Both engines lay them out alike, so that a checkpoint
of one is one of the other.

Arch 1 multiplies its hidden layer by both W and V, and adds b and c to what comes out. They
lie side by side there, so that one product, or one sum, serves both:

    products    [W V 0]    (H, S)        S is N + V, rounded up to whole cache lines
    biases      [b c 0]    (H - N + S,)  its last S numbers belong to the columns of [W V 0]

Knows nothing of how the weights are used beyond that, nor whose arrays they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any, Generic, TypeVar

import numpy as np

from core.config import TrainingConfig

NAMES = ("U", "W", "b", "V", "c")

# Every matrix starts at a multiple of 64 bytes, in every process: products then take the same
# path through the library, and a resumed run equals an uninterrupted one bit for bit.
_ALIGNMENT = 16

Array = TypeVar("Array", bound=Any)  # of numpy or of torch: both are sliced and reshaped alike


@dataclass(frozen=True)
class Views(Generic[Array]):
    """A flat buffer, seen as what it holds."""

    by_name: dict[str, Array]
    products: Array  # [W V 0] of Arch 1; empty for Arch 2
    biases: Array  # [b c 0] of Arch 1; empty for Arch 2


@dataclass(frozen=True)
class Layout:
    """The size of a buffer, and how to see it."""

    size: int
    see: Callable[[Any], Views[Any]]


def layout(config: TrainingConfig) -> Layout:
    """That of the weights of this configuration."""
    return _side_by_side(config) if config.architecture == "arch1" else _in_a_row(config)


def aligned_zeros(shape: tuple[int, ...], dtype: np.dtype | type) -> np.ndarray:
    """Zeros that start at a multiple of 64 bytes, as torch's do and numpy's may not."""
    kind = np.dtype(dtype)
    size = prod(shape) * kind.itemsize
    raw = np.zeros(size + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + size].view(kind).reshape(shape)


def _in_a_row(config: TrainingConfig) -> Layout:
    """One tensor after the other."""
    shapes = config.parameter_shapes

    def see(buffer: Array) -> Views[Array]:
        by_name, start = {}, 0
        for name, shape in shapes.items():
            by_name[name] = buffer[start : start + prod(shape)].reshape(shape)
            start += _aligned(prod(shape))
        return Views(by_name, products=buffer[:0], biases=buffer[:0])

    return Layout(sum(_aligned(prod(shape)) for shape in shapes.values()), see)


def _side_by_side(config: TrainingConfig) -> Layout:
    """Laid out for Arch 1."""
    (symbols, nodes), hidden = config.parameter_shapes["U"], config.hidden_size
    row = _aligned(nodes + symbols)
    first = _aligned(symbols * nodes)
    second = first + hidden * row

    def see(buffer: Array) -> Views[Array]:
        products, biases = buffer[first:second].reshape((hidden, row)), buffer[second:]
        by_name = {
            "U": buffer[: symbols * nodes].reshape((symbols, nodes)),
            "W": products[:, :nodes],
            "b": biases[:hidden],
            "V": products[:, nodes : nodes + symbols],
            "c": biases[hidden : hidden + symbols],
        }
        return Views(by_name, products, biases[: hidden - nodes + row])

    return Layout(second + _aligned(hidden - nodes + row), see)


def _aligned(count: int) -> int:
    return -(-count // _ALIGNMENT) * _ALIGNMENT
