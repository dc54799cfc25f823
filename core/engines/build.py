"""Which engine trains a network, on which device, and why; and that engine.

Knows nothing of training. An engine is imported when it is built: torch alone takes a second.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.config import TrainingConfig
from core.engines.devices import choose_device
from core.engines.engine import Engine, EngineName, Passes
from core.errors import ConfigError
from core.networks.compiled import cache

SURELY_COMPILED = 128
"""Up to so many nodes the compiled engine was the faster one on every machine that was measured;
beyond, its products may be slower than torch's."""

SecondsOfStep = Callable[[TrainingConfig, str, EngineName], float]
"""Times a step of a configuration on a device, with an engine."""


@dataclass(frozen=True)
class Choice:
    """What trains, and the sentences that say why."""

    engine: EngineName
    device: str  # cpu or cuda
    engine_reason: str
    device_reason: str


def choose(
    config: TrainingConfig,
    seconds_of_step: SecondsOfStep,
    resumed_from: EngineName | None = None,
    goes_on: bool = False,
) -> Choice:
    """Settle `config.engine` and `config.device` on this machine.

    Args:
        seconds_of_step: asked where there is a choice.
        resumed_from: the engine that a run began with, which alone repeats it to the last bit.
        goes_on: as for `choose_device`.

    Raises:
        DeviceError: cuda is asked for and there is none.
        ConfigError: compiled code is asked for on a GPU.
    """
    if config.engine == "compiled":
        if config.device == "cuda":
            raise ConfigError(
                "engine=compiled is not allowed with device=cuda, since it is for the CPU: "
                "choose engine=auto or torch, or device=cpu."
            )
        return Choice("compiled", "cpu", "as asked for", "the compiled engine is for it")
    device = choose_device(config, lambda kind, name: seconds_of_step(kind, name, "torch"), goes_on)
    engine, reason = _engine(config, device.name, seconds_of_step, resumed_from)
    return Choice(engine, device.name, reason, device.reason)


def _engine(
    config: TrainingConfig,
    device: str,
    seconds_of_step: SecondsOfStep,
    resumed_from: EngineName | None,
) -> tuple[EngineName, str]:
    if device != "cpu":
        return "torch", "the other engine is for the CPU"
    if config.engine == "torch":
        return "torch", "as asked for"
    if resumed_from == "torch":
        return "torch", "the run began with it"
    if not cache.ready():
        return "torch", "the compiled one is not ready yet"
    if resumed_from == "compiled":
        return "compiled", "the run began with it"
    if config.nodes <= SURELY_COMPILED:
        return "compiled", "the faster one for networks of this size"
    compiled, torch = (seconds_of_step(config, "cpu", name) for name in ("compiled", "torch"))
    times = f"a step was timed at {compiled * 1e3:,.2f} ms, and at {torch * 1e3:,.2f} ms with torch"
    return ("compiled" if compiled < torch else "torch"), times


def build_engine(config: TrainingConfig, engine: EngineName, device: str = "cpu") -> Engine:
    """An engine with all weights 0, at its first step."""
    if engine == "compiled":
        from core.engines.compiled_engine import CompiledEngine

        return CompiledEngine(config)
    from core.engines.torch_engine import TorchEngine

    return TorchEngine(config, device)


def build_passes(
    config: TrainingConfig, engine: EngineName, batch_size: int, dtype: type[np.floating]
) -> Passes:
    """The network of an engine, on the CPU, to look into; all weights are 0.

    Args:
        config: the network; its own batch size does not matter.
        engine: whose passes they are.
        batch_size: B of the windows to come.
        dtype: float32 or float64.
    """
    if engine == "compiled":
        from core.networks.compiled.network import CompiledNetwork

        return CompiledNetwork(config, batch_size, dtype)
    import torch

    from core.engines.torch_engine import TorchPasses
    from core.networks.build import build_network
    from core.networks.parameters import Parameters

    wide = torch.float64 if dtype == np.float64 else torch.float32
    return TorchPasses(build_network(config, Parameters(config, dtype=wide)), batch_size)
