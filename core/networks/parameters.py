"""The weights of a network and their gradient, each in one flat buffer.

`U, W, b, V, c` are views into the buffer, so clipping by global norm and an optimiser's
update are a few vector operations, whatever the architecture. Knows nothing of how the
weights are used.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from core.config import TrainingConfig

NAMES = ("U", "W", "b", "V", "c")

# Every tensor starts at a multiple of 64 bytes, in every process: matrix products then take
# the same path through the library, and a resumed run equals an uninterrupted one bit for bit.
_ALIGNMENT = 16


class Parameters:
    """`U, W, b, V, c` in the shapes of `TrainingConfig.parameter_shapes`, with gradients.

    Attributes:
        flat: all weights in one buffer; the padding between tensors stays zero.
        gradient: the gradient of the loss, laid out like `flat`.
        values: the weights by name, views into `flat`.
        gradients: the gradients by name, views into `gradient`.
    """

    def __init__(
        self,
        config: TrainingConfig,
        *,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> None:
        offsets, size = {}, 0
        for name, shape in config.parameter_shapes.items():
            offsets[name] = size
            count = torch.Size(shape).numel()
            size += -(-count // _ALIGNMENT) * _ALIGNMENT
        self.flat = torch.zeros(size, device=device, dtype=dtype)
        self.gradient = torch.zeros_like(self.flat)

        def views(buffer: Tensor) -> dict[str, Tensor]:
            return {
                name: buffer[offsets[name] : offsets[name] + torch.Size(shape).numel()].view(shape)
                for name, shape in config.parameter_shapes.items()
            }

        self.values = views(self.flat)
        self.gradients = views(self.gradient)

    def load(self, values: Mapping[str, Tensor]) -> None:
        """Copy weights in by name; shapes must be the configuration's."""
        for name in NAMES:
            self.values[name].copy_(values[name])

    def copies(self) -> dict[str, Tensor]:
        """The weights by name, on the CPU, sharing nothing with this object."""
        return {name: value.detach().to("cpu", copy=True) for name, value in self.values.items()}
