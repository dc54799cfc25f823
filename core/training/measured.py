"""Tables of steps out of what is measured of each: the rest follows from the settings.

Knows nothing of how steps are made.
"""

from __future__ import annotations

import numpy as np

from core.config import LiveSettings, TrainingConfig
from core.steps import Columns

MEASURED = ("seconds", "loss_nats", "grad_norm")
"""The columns that nobody can work out who was not there: 24 bytes a step."""


def completed(
    measured: Columns, config: TrainingConfig, live: LiveSettings, done: int = 0, seen: int = 0
) -> Columns:
    """All columns of some steps; see `core/steps.py`.

    Args:
        measured: those named in `MEASURED`, `(steps,)` each.
        config: the experiment.
        live: the settings that were in use, the same for all of the steps.
        done: how many steps came before.
        seen: how many characters were trained on before.
    """
    count = np.arange(1, len(measured["loss_nats"]) + 1)
    steps = done + count
    norms = measured["grad_norm"]
    return {
        "step": steps,
        "characters_seen": seen + count * config.batch_size * live.unrollings,
        "seconds": measured["seconds"],
        "loss_nats": measured["loss_nats"],
        "grad_norm": norms,
        "grad_norm_clipped": np.minimum(norms, live.clip or np.inf),
        "learning_rate": learning_rates(config, live, steps),
    }


def learning_rates(config: TrainingConfig, live: LiveSettings, steps: np.ndarray) -> np.ndarray:
    """Those of some steps, which count from 1: the set value, down the staircase."""
    stairs = (steps - 1) // config.decay_steps
    return live.learning_rate * config.decay_rate ** stairs.astype(np.float64)
