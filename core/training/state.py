"""Everything a trainer needs to go on exactly where another one stood.

Knows nothing of files. Two trainers of one configuration and one text that hold equal states
take equal steps, bit for bit on the CPU. There is no random generator in it: the first weights
are drawn once, and a sample's draws depend on the seed and the step alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.config import LiveSettings, TrainingConfig
from core.engines.engine import EngineName
from core.errors import WeightsError
from core.history import HistoryView
from core.networks.layout import NAMES
from core.records import ContextRecord, Event, ProbeRecord, Report

CURSORS = "cursors"
CARRIED = "carried"
ACCUMULATOR = "optimiser."


@dataclass(frozen=True)
class TrainerState:
    """A trainer between two steps.

    Attributes:
        step: the last step taken.
        characters_seen: predictions trained on up to there.
        seconds: of training, pauses left out.
        loss_sum: the losses since the last report, added up, in nats.
        losses: how many these are.
        reported_step: the step of the last report; None before the first.
        probed_step: the step of the last probe; None before the first.
        window_gradient: of the last step, where a probe of it is still to come; else empty.
        live: the live settings in use.
        planned: the changes still to come by themselves.
        engine: what made the steps; only the same one goes on to the last bit.
        arrays: `U, W, b, V, c`; `cursors`, (B,) int64; `carried`, the state that crosses into
            the next window; and `optimiser.<accumulator>`, laid out as `networks/layout.py` says.
    """

    step: int
    characters_seen: int
    seconds: float
    loss_sum: float
    losses: int
    reported_step: int | None
    probed_step: int | None
    window_gradient: tuple[float, ...]
    live: LiveSettings
    planned: tuple[Event, ...]
    arrays: Mapping[str, np.ndarray]
    engine: EngineName = "torch"  # there was no other one

    @property
    def weights(self) -> dict[str, np.ndarray]:
        """The weights alone, by name."""
        return {name: self.arrays[name] for name in NAMES}


@dataclass(frozen=True)
class Past:
    """What a run did before it was interrupted, to go on from.

    `state` is None where the run had not got to its first checkpoint; the curves, reports and
    events are those up to the state's step.
    """

    state: TrainerState | None = None
    history: HistoryView | None = None
    reports: tuple[Report, ...] = ()
    events: tuple[Event, ...] = ()
    planned: tuple[Event, ...] = ()
    probes: tuple[ProbeRecord, ...] = ()
    contexts: tuple[ContextRecord, ...] = ()
    text_sha256: str = ""  # of the text it was trained on; empty if not known


def require_fit(
    state: TrainerState, expected: Mapping[str, tuple[int, ...]], config: TrainingConfig
) -> None:
    """Refuse a state that is not one of this configuration.

    Args:
        state: the state.
        expected: the shape of every array that a trainer of `config` has.
        config: the configuration.

    Raises:
        WeightsError: an array is missing, has another shape or holds what cannot be trained.
    """
    if missing := [name for name in expected if name not in state.arrays]:
        raise WeightsError(
            f"The saved state lacks {', '.join(missing)}, which {config.optimiser} and "
            f"{config.architecture} need: continue with the configuration it was saved under."
        )
    for name, shape in expected.items():
        array = state.arrays[name]
        if array.shape != shape:
            raise WeightsError(
                f"The saved state has {name} of shape {array.shape} where {shape} is expected: "
                "continue with the configuration it was saved under."
            )
        # Squares of a huge gradient overflow to infinity in a run that is still well.
        bad = np.isnan(array) if name.startswith(ACCUMULATOR) else ~np.isfinite(array)
        if bad.any():
            raise WeightsError(
                f"The saved state has values in {name} that are not finite numbers: it is of a "
                "run that diverged, or the file is damaged."
            )
