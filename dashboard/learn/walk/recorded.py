"""Recorded runs by what they were trained with: where the walk's outcomes of long runs come from.

Knows no step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from core.config import PRESETS
from core.errors import RunError
from core.records import ContextRecord
from core.storage.recorded import PREFIX
from core.training.snapshot import RunSnapshot, WatchedRun
from dashboard.learn.walk.questions import Mark
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


@dataclass(frozen=True)
class Ending:
    """Where runs that differ in their seed alone have ended.

    Attributes:
        told: which runs they are, to begin a sentence with.
        losses: validation losses, nats per character, by seed.
        characters: that each has read.
        floors: of their text, nats per character by name.
        context: what the first of them used at its end, if that was measured.
    """

    told: str
    losses: tuple[float, ...]
    characters: int
    floors: Mapping[str, float]
    context: ContextRecord | None = None

    @property
    def spread(self) -> str:
        """The losses in words: "1.51 nats", or from which to which over so many seeds."""
        low, high = min(self.losses), max(self.losses)
        if len(self.losses) == 1:
            return f"{low:.2f} nats"
        return f"{low:.2f} to {high:.2f} nats over {len(self.losses)} seeds"

    def nearest(self, loss: float) -> float:
        """The place between the lowest and the highest of them that is nearest to a loss."""
        return min(max(loss, min(self.losses)), max(self.losses))

    def marks(self, name: str, kind: Literal["known", "measured"]) -> tuple[Mark, ...]:
        """All of them on a scale; the middle one has the name."""
        losses = sorted(self.losses)
        if len(losses) > 1:
            name = f"{name}, {len(losses)} seeds"
        middle = len(losses) // 2
        return tuple(
            Mark(loss, name if place == middle else "", kind) for place, loss in enumerate(losses)
        )


def ending(runs: Sequence[Recorded]) -> Ending:
    """Where recorded runs have ended."""
    first = runs[0].snapshot
    one = f"The recorded run “{runs[0].name}”"
    return Ending(
        told=one if len(runs) == 1 else f"{len(runs)} recorded runs",
        losses=tuple(run.snapshot.reports[-1].validation_loss_nats for run in runs),
        characters=first.characters_seen,
        floors=first.floors,
        context=first.contexts[-1] if first.contexts else None,
    )


def _same(one: dict[str, object], other: dict[str, object]) -> bool:
    return all(one.get(name) == value for name, value in other.items() if name not in _FREE)
