"""Recorded runs by what they were trained with: where the walk's outcomes of long runs come from.

Knows no step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.config import PRESETS
from core.errors import RunError
from core.storage.recorded import PREFIX
from core.training.snapshot import RunSnapshot, WatchedRun
from dashboard.server import library

# A recording may be of the first steps of a preset, and reports more often.
_FREE = {"seed", "steps", "report_every", "probe_every", "device", "engine"}


@dataclass(frozen=True)
class Recorded:
    """A recorded run.

    Attributes:
        name: without the word for what it is.
        run: as it stands in the store that came with Unroll.
    """

    name: str
    run: WatchedRun

    @property
    def snapshot(self) -> RunSnapshot:
        """The run at its end."""
        return self.run.snapshot

    @property
    def loss(self) -> float:
        """The validation loss at its end, in nats per character."""
        return self.snapshot.reports[-1].validation_loss_nats


def recorded_runs(preset: str, **changes: object) -> tuple[Recorded, ...]:
    """The recorded runs of a preset with these changes, one a seed.

    Raises:
        RunError: there is none.
    """
    settings = PRESETS[preset].config.changed(**changes).model_dump(mode="json")
    shelf = library()
    rows = [row for row in shelf.recordings() if _same(row.settings, settings)]
    runs = [(row.name, run) for row in rows if (run := shelf.stored(row.id)) is not None]
    found = sorted(
        (Recorded(name.removeprefix(PREFIX), run) for name, run in runs),
        key=lambda run: run.snapshot.config.seed,
    )
    if not found:
        raise RunError(
            "This step is about a recorded run, and there is none here: start Unroll without "
            "UNROLL_RECORDED=0, or go on to the next step."
        )
    return tuple(found)


def spread(runs: Sequence[Recorded]) -> str:
    """Their losses at the end in words: "1.51 nats", or from which to which over so many seeds."""
    losses = [run.loss for run in runs]
    if len(runs) == 1:
        return f"{losses[0]:.2f} nats"
    return f"{min(losses):.2f} to {max(losses):.2f} nats over {len(runs)} seeds"


def _same(one: dict[str, object], other: dict[str, object]) -> bool:
    return all(one.get(name) == value for name, value in other.items() if name not in _FREE)
