"""Where a network should train: which device, and why. Knows nothing of training."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from core.config import TrainingConfig
from core.errors import DeviceError

# A step on a GPU costs a fixed time to launch its many small products, however small they
# are. Below about this many multiplications in the recurrent product one core is done sooner.
_WORTH_A_GPU = 20_000_000


@dataclass(frozen=True)
class DeviceChoice:
    """A device, and the sentence that says why."""

    name: str  # cpu or cuda
    reason: str


def choose_device(config: TrainingConfig) -> DeviceChoice:
    """Settle `config.device` on this machine.

    Raises:
        DeviceError: cuda is asked for and there is none.
    """
    available = torch.cuda.is_available()
    if config.device == "cpu":
        return DeviceChoice("cpu", "as asked for")
    if config.device == "cuda":
        if not available:
            raise DeviceError(
                "device=cuda is not available: this machine shows torch no CUDA device; "
                "choose auto or cpu."
            )
        return DeviceChoice("cuda", "as asked for")
    if not available:
        return DeviceChoice("cpu", "this machine shows no CUDA device")
    if config.batch_size * config.nodes**2 < _WORTH_A_GPU:
        return DeviceChoice("cpu", "a network this small is expected to train faster here")
    return DeviceChoice("cuda", "a network this large is expected to train faster there")
