"""Where a network should train: which device, and why. Knows nothing of training."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from dataclasses import dataclass

from core.config import TrainingConfig
from core.errors import DeviceError

_CUDA_DRIVERS = {"win32": "nvcuda.dll", "darwin": None}  # by platform; no Mac has one
_CUDA_DRIVER_ELSEWHERE = "libcuda.so.1"


@dataclass(frozen=True)
class DeviceChoice:
    """A device, and the sentence that says why."""

    name: str  # cpu or cuda
    reason: str


def choose_device(
    config: TrainingConfig,
    seconds_of_step: Callable[[TrainingConfig, str], float],
    goes_on: bool = False,
) -> DeviceChoice:
    """Settle `config.device` on this machine.

    Args:
        seconds_of_step: times a step of a configuration on a device; asked if there is a choice.
        goes_on: whether it is a run that was begun before, maybe on another machine: without the
            CUDA device that was asked for then, it goes on on the CPU.

    Raises:
        DeviceError: cuda is asked for and there is none.
    """
    if config.device == "cpu":
        return DeviceChoice("cpu", "as asked for")
    available = cuda_is_available()
    if config.device == "cuda":
        if goes_on and not available:
            return DeviceChoice("cpu", "this machine shows no CUDA device, for which it was begun")
        require_cuda()
        return DeviceChoice("cuda", "as asked for")
    if not available:
        return DeviceChoice("cpu", "this machine shows no CUDA device")
    try:
        on_gpu = seconds_of_step(config, "cuda")
    except RuntimeError as error:  # out of memory, or a driver that does not fit
        problem = str(error).partition("\n")[0].rstrip(".")
        return DeviceChoice("cpu", f"the CUDA device could not train it ({problem})")
    on_cpu = seconds_of_step(config, "cpu")
    times = f"{on_cpu * 1e3:,.2f} ms on the CPU, {on_gpu * 1e3:,.2f} ms on the GPU"
    return DeviceChoice("cuda" if on_gpu < on_cpu else "cpu", f"a step was timed at {times}")


def surely_on_cpu(config: TrainingConfig) -> bool:
    """Whether no GPU will be chosen here."""
    return config.device == "cpu" or (config.device == "auto" and not cuda_is_available())


def require_cuda() -> None:
    """Refuse to go on without a CUDA device.

    Raises:
        DeviceError: there is none.
    """
    if not cuda_is_available():
        raise DeviceError(
            "device=cuda is not available: this machine shows torch no CUDA device; "
            "choose auto or cpu."
        )


def cuda_is_available() -> bool:
    """Whether torch could train on a CUDA device here.

    Torch, which takes a second to import, is asked only where the driver is installed: without
    it there is no device to find.
    """
    driver = _CUDA_DRIVERS.get(sys.platform, _CUDA_DRIVER_ELSEWHERE)
    if driver is None:
        return False
    try:
        ctypes.CDLL(driver)
    except OSError:  # not there, or it does not load
        return False
    import torch

    return torch.cuda.is_available()
