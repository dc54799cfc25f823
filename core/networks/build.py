"""From a configuration to the network that trains it."""

from __future__ import annotations

from core.config import TrainingConfig
from core.networks.arch1 import Arch1Add, Arch1Concat, Arch1Multiply
from core.networks.arch2 import Arch2Free, Arch2Stale, Arch2Teacher
from core.networks.network import Network
from core.networks.parameters import Parameters

_ARCH1: dict[str, type[Network]] = {
    "concat": Arch1Concat,
    "add": Arch1Add,
    "multiply": Arch1Multiply,
}
_ARCH2: dict[str, type[Network]] = {"teacher": Arch2Teacher, "free": Arch2Free}


def build_network(config: TrainingConfig, parameters: Parameters) -> Network:
    """The hand-written network for this architecture, combine and feedback."""
    if config.architecture == "arch1":
        return _ARCH1[config.combine](config, parameters)
    kind = Arch2Stale if config.inputs == "stale" else _ARCH2[config.feedback]
    return kind(config, parameters)
