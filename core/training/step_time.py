"""How long a training step takes on a device of this machine: timed, not guessed.

Knows nothing of sweeps or of who asks.
"""

from __future__ import annotations

from functools import lru_cache
from statistics import median
from time import perf_counter

import numpy as np
import torch

from core.config import ALPHABET_SIZE, TrainingConfig
from core.data.windows import Cursors
from core.networks.initialisers import initial_parameters
from core.networks.parameters import Parameters
from core.training.graphed import build_stepper
from core.training.threads import prepare_thread

_STEPS = 5
_ENOUGH = 0.2  # seconds; large networks are judged by fewer steps


def seconds_of_step(config: TrainingConfig, device: str = "cpu") -> float:
    """Seconds that a step of this network takes; timed once for all texts, seeds and rates."""
    return _timed(alike(config), device)


def alike(config: TrainingConfig) -> TrainingConfig:
    """The configuration with all that a step's time does not depend on made the same."""
    return config.changed(
        text="builtin",
        seed=0,
        steps=1,
        report_every=1_000_000,
        learning_rate=1e-6,
        clip=1.0,
        init="zero-mean",
        device="cpu",
    )


@lru_cache(maxsize=256)
def _timed(kind: TrainingConfig, device: str) -> float:
    prepare_thread()
    parameters = Parameters(kind, device=device)
    parameters.load(initial_parameters(kind, seed=0))
    stepper = build_stepper(kind, parameters)
    length = 2 * kind.batch_size * (kind.unrollings + 1) + 100
    ids = np.random.default_rng(0).integers(0, ALPHABET_SIZE, length).astype(np.uint8)
    cursors = Cursors(ids, kind.batch_size)
    state = stepper.network.initial_state(kind.batch_size)

    def step() -> float:
        began = perf_counter()
        inputs, targets = map(torch.from_numpy, cursors.next_window(kind.unrollings))
        stepper.step(
            inputs, targets, state, number=1, learning_rate=kind.learning_rate, clip=kind.clip
        )
        return perf_counter() - began

    step()  # the first one allocates
    taken = [step()]
    while len(taken) < _STEPS and sum(taken) < _ENOUGH:
        taken.append(step())
    return median(taken)
