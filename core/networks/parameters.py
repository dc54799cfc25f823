"""The weights of a network and their gradient, each in one flat buffer of torch's.

How they lie in it is `layout.py`'s. Knows nothing of how they are used.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from numpy import ndarray
from torch import Tensor

from core.config import TrainingConfig
from core.networks.layout import NAMES, Views, layout


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
        laid_out = layout(config)
        self.flat = torch.zeros(laid_out.size, device=device, dtype=dtype)
        self.gradient = torch.zeros_like(self.flat)
        self.joint: Views[Tensor] = laid_out.see(self.flat)
        self.joint_gradients: Views[Tensor] = laid_out.see(self.gradient)
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
