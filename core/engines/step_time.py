"""How long a training step takes on a device of this machine: timed, not guessed.

Knows nothing of sweeps or of who asks.
"""

from __future__ import annotations

from functools import lru_cache
from statistics import median
from time import perf_counter

import numpy as np

from core.config import ALPHABET_SIZE, TrainingConfig
from core.data.windows import Cursors
from core.engines.build import build_engine, choose
from core.engines.cost import estimated_seconds, multiplications
from core.engines.engine import EngineName
from core.engines.threads import prepare_thread
from core.networks.initialisers import initial_parameters

_TIMES = 5
_ENOUGH = 0.2  # seconds; large networks are judged by fewer steps
_AT_ONCE = 0.002  # seconds of steps in a call, as a trainer asks for several
_LONGEST = 0.1  # seconds; of a longer step a part is timed, the first steps of its window


def seconds_of_step(
    config: TrainingConfig, device: str = "cpu", engine: EngineName | None = None
) -> float:
    """Seconds that a step of this network takes; timed once for all texts, seeds and rates.

    Args:
        engine: the one that would be chosen for the CPU, without it.
    """
    kind = alike(config)
    if engine is None:
        engine = choose(kind, seconds_of_step).engine
    return _timed(kind, device, engine)


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
def _timed(kind: TrainingConfig, device: str, name: EngineName) -> float:
    whole, kind = kind, _with_a_short_window(kind)
    prepare_thread(name)
    engine = build_engine(kind, name, device)
    engine.load(initial_parameters(kind, 0))
    length = 2 * kind.batch_size * (kind.unrollings + 1) + 100
    ids = np.random.default_rng(0).integers(0, ALPHABET_SIZE, length).astype(np.uint8)
    cursors = Cursors(ids, kind.batch_size)

    def step(count: int) -> float:
        began = perf_counter()
        rates = np.full(count, kind.learning_rate)
        engine.steps(cursors, kind.unrollings, rates, kind.clip, first=1)
        return (perf_counter() - began) / count

    step(1)  # the first one allocates
    taken = [step(1)]
    count = max(1, int(_AT_ONCE / taken[0]))
    while len(taken) < _TIMES and sum(taken) * count < _ENOUGH:
        taken.append(step(count))
    return median(taken) * multiplications(whole) / multiplications(kind)


def _with_a_short_window(kind: TrainingConfig) -> TrainingConfig:
    """As few unrollings as make a step short enough; it then also takes little memory."""
    while estimated_seconds(kind) > _LONGEST and kind.unrollings > 1:
        kind = kind.changed(unrollings=kind.unrollings // 2)
    return kind
