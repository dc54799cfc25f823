"""Recorded runs by what they were trained with: where the walk's outcomes of long runs come from.

Knows no step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from core.config import PRESETS
from core.errors import RunError
from core.experiments.claims import Arm, Claim
from core.experiments.recorded_article import Mean, mean_of
from core.records import ContextRecord
from core.storage.recorded import PREFIX
from core.training.snapshot import RunSnapshot, WatchedRun
from dashboard.learn.walk.questions import Mark
from dashboard.server import library, recorded_article

# A recording may be of the first steps of a preset, and reports more often.
_FREE = {"seed", "steps", "report_every", "probe_every", "device", "engine"}


_NOTHING = (
    "This step is about a recorded run, and there is none here: start Unroll without "
    "UNROLL_RECORDED=0, or go on to the next step."
)


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


def recorded_runs(preset: str) -> tuple[Recorded, ...]:
    """The recorded runs of a preset, one a seed.

    Raises:
        RunError: there is none.
    """
    settings = PRESETS[preset].config.model_dump(mode="json")
    shelf = library()
    rows = [row for row in shelf.recordings() if _same(row.settings, settings)]
    runs = [(row.name, run) for row in rows if (run := shelf.stored(row.id)) is not None]
    found = sorted(
        (Recorded(name.removeprefix(PREFIX), run) for name, run in runs),
        key=lambda run: run.snapshot.config.seed,
    )
    if not found:
        raise RunError(_NOTHING)
    return tuple(found)


@dataclass(frozen=True)
class Ending:
    """Where runs that differ in their seed alone have ended.

    Attributes:
        told: which runs they are, to begin a sentence with.
        losses: validation losses, nats per character, by seed.
        characters: that each has read.
        floors: of their text, nats per character by name.
        contexts: what they used at their end, as far as that was measured.
        horizons, horizons_at_start: of their gradients at the end and before the first step, in
            characters, as far as they were measured.
    """

    told: str
    losses: tuple[float, ...]
    characters: int
    floors: Mapping[str, float]
    contexts: tuple[ContextRecord, ...] = ()
    horizons: tuple[int, ...] = ()
    horizons_at_start: tuple[int, ...] = ()

    @property
    def spread(self) -> str:
        """The losses in words: "1.51 nats", or from which to which over so many seeds."""
        low, high = min(self.losses), max(self.losses)
        if len(self.losses) == 1:
            return f"{low:.2f} nats"
        return f"{low:.2f} to {high:.2f} nats over {len(self.losses)} seeds"

    @property
    def mean(self) -> Mean:
        """Over the seeds."""
        mean = mean_of(self.losses)
        assert mean is not None, "an ending is of one run at least"
        return mean

    def marks(self, name: str, kind: Literal["known", "measured"]) -> tuple[Mark, ...]:
        """All of them on a scale."""
        return marks_of(self.losses, name, kind)


def marks_of(
    values: Sequence[float], name: str, kind: Literal["known", "measured"]
) -> tuple[Mark, ...]:
    """Numbers of some seeds on a scale; the middle one has the name, and how many there are."""
    if len(values) > 1:
        name = f"{name}, {len(values)} seeds"
    middle = len(values) // 2
    return tuple(
        Mark(value, name if place == middle else "", kind)
        for place, value in enumerate(sorted(values))
    )


def article_ending(claim: Claim, arm: Arm) -> Ending:
    """Where the runs of one of the article's arms have ended, by seed.

    Raises:
        RunError: they are not here.
    """
    recorded = recorded_article()
    runs = recorded.of(claim, arm) if recorded else []
    ended = [(run, run.loss) for run in runs if run.loss is not None]
    if recorded is None or not ended:
        raise RunError(_NOTHING)
    return Ending(
        told=f"{len(ended)} recorded runs",
        losses=tuple(loss for _, loss in ended),
        characters=runs[0].characters,
        floors=recorded.texts[arm.config.text].floors,
        contexts=tuple(run.curve for run in runs if run.curve is not None),
        horizons=tuple(run.horizon for run in runs if run.horizon is not None),
        horizons_at_start=tuple(run.horizon_at_start for run in runs),
    )


def _same(one: dict[str, object], other: dict[str, object]) -> bool:
    return all(one.get(name) == value for name, value in other.items() if name not in _FREE)
