"""A race: two to four lanes that differ in named settings and advance in lockstep.

Every lane is a copy of the first with some settings changed (`lanes.py`): one run, or one a seed.
What the same seed then makes equal: the first weights wherever the shapes allow, and the text's
characters in their order. `races.py` starts them. Knows nothing of pages.

Thread safety: every method may be called from any thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock

from core.data.corpora import load_corpus
from core.errors import RunError
from core.experiments.lanes import Axis
from core.experiments.lead import Lead, Losses, find_lead
from core.experiments.lockstep import Lockstep
from core.insight.held_out import character_losses
from core.records import RunStatus
from core.training.driver import LoadText
from core.training.run import Run
from core.training.slots import Owner
from core.training.snapshot import RunSnapshot, WatchedRun


@dataclass(frozen=True, slots=True)
class RaceSnapshot:
    """A race as it stood at one moment."""

    race_id: str
    axis: Axis
    end: float  # on the axis
    runs: tuple[tuple[RunSnapshot, ...], ...]  # of each lane, one a seed
    held: bool  # all hold still together, or wait for one that does

    @property
    def lanes(self) -> tuple[RunSnapshot, ...]:
        """The run of each lane with its own seed, the first."""
        return tuple(runs[0] for runs in self.runs)

    @property
    def active(self) -> bool:
        """Whether any run can still train."""
        return any(run.status.active for runs in self.runs for run in runs)

    @property
    def stopped(self) -> bool:
        """Whether it was ended before its end."""
        return any(run.status == RunStatus.STOPPED for runs in self.runs for run in runs)

    @property
    def share(self) -> float:
        """How far the slowest active lane is, 0 to 1."""
        if not self.active:
            return 1.0
        return min(1.0, self.reached / self.end) if self.end else 1.0

    @property
    def reached(self) -> float:
        """Where the race stands on its axis: the slowest run that trains, or that did not fail."""
        runs = [run for runs in self.runs for run in runs]
        lost = (RunStatus.DIVERGED, RunStatus.FAILED)
        going = [run for run in runs if run.status.active] or [
            run for run in runs if run.status not in lost
        ]
        return min(map(self.position, going or runs))

    def position(self, lane: RunSnapshot) -> float:
        """Where a lane stands on the race's axis."""
        return float(getattr(lane, self.axis))


@dataclass(frozen=True, slots=True)
class Guess:
    """What a class expects of a race, before it sees anything; lanes by their places."""

    leader: int | None = None
    diverges: tuple[int, ...] = ()
    horizons: tuple[int | None, ...] = ()  # of each lane, in characters


class Race:
    """Runs on their way, and the commands that act on all of them at once."""

    def __init__(
        self,
        race_id: str,
        axis: Axis,
        runs: Sequence[Run],
        lockstep: Lockstep,
        *,
        seeds: int = 1,
        load_text: LoadText = load_corpus,
    ) -> None:
        self.race_id = race_id
        self.axis: Axis = axis
        self.runs = tuple(runs)  # the seeds of the first lane, then those of the second ...
        self._lockstep = lockstep
        self._seeds = seeds
        self._load_text = load_text
        self._measuring = Lock()
        self._measured: tuple[object, Lead | None] | None = None  # where it stood then, and who led

    @property
    def browser(self) -> Owner:
        """Who owns its runs."""
        return self.runs[0].browser

    @property
    def snapshot(self) -> RaceSnapshot:
        """The race as it stands."""
        lanes = tuple(tuple(run.snapshot for run in runs) for runs in self._by_lane())
        paused = any(run.status == RunStatus.PAUSED for runs in lanes for run in runs)
        held = self._lockstep.held or paused
        return RaceSnapshot(self.race_id, self.axis, self._lockstep.end, lanes, held)

    def lead(self) -> Lead | None:
        """Who is lowest, and whether by more than noise; None before the first report.

        Noise is measured where the race stands still, held or over, and once for each such place:
        it reads the held-out text with every run's weights.

        Raises:
            TextError: the text cannot be read any more.
        """
        race = self.snapshot
        unmeasured = find_lead(race.runs, "noise is measured where the race is held or over")
        # Without a report there is nothing to hold against noise, and maybe no text yet.
        if unmeasured is None or (race.active and not race.held):
            return unmeasured
        with self._measuring:
            stands = tuple(
                (run.step, run.status, len(run.reports)) for runs in race.runs for run in runs
            )
            if self._measured is None or self._measured[0] != stands:
                losses = held_out_losses(self._by_lane(), self._load_text)
                self._measured = (stands, find_lead(race.runs, losses))
            return self._measured[1]

    def _by_lane(self) -> list[tuple[Run, ...]]:
        return [self.runs[at : at + self._seeds] for at in range(0, len(self.runs), self._seeds)]

    def pause(self) -> None:
        """Hold every lane where the first one is."""
        self._lockstep.hold()
        for run in self.runs:  # those that wait for their turn publish where they are
            with suppress(RunError):
                run.change()

    def resume(self) -> None:
        """Let all go on, also a lane that was paused by itself, such as for a full disk."""
        self._let_each_go_on()
        self._lockstep.go_on()

    def step(self) -> None:
        """Hold after one more step of the lane whose steps are the longest."""
        configs = [run.snapshot.config for run in self.runs if run.snapshot.status.active]
        if not configs:
            return
        by = {
            "step": 1.0,
            "characters_seen": float(max(config.characters_per_step for config in configs)),
            "seconds": self._step_seconds(),
        }
        self._lockstep.advance(by[self.axis])
        self._let_each_go_on()

    def _let_each_go_on(self) -> None:
        """Where the lockstep lets them: one that is paused for itself keeps all others waiting."""
        for run in self.runs:
            with suppress(RunError):  # it has ended
                run.resume()

    def stop(self) -> None:
        """End every lane; what was trained stays."""
        for run in self.runs:
            run.stop()

    def wait(self, timeout: float | None = None) -> RaceSnapshot:
        """Block until every lane has ended; for tests and scripts."""
        for run in self.runs:
            run.wait(timeout)
        return self.snapshot

    def _step_seconds(self) -> float:
        paces = [run.snapshot.steps_per_second for run in self.runs]
        return max((1 / pace for pace in paces if pace), default=0.01)


def held_out_losses(
    lanes: Sequence[Sequence[WatchedRun]], load_text: LoadText = load_corpus
) -> Losses | str:
    """What the held-out characters cost each run of each lane, or why nobody can say.

    Raises:
        TextError: the text cannot be read.
    """
    ids = load_text(lanes[0][0].snapshot.config.text, None).validation
    found = []
    for runs in lanes:
        handed_out = [(run.snapshot.config, run.weights()) for run in runs]
        losses = [
            character_losses(weights[1], config, ids) for config, weights in handed_out if weights
        ]
        if len(losses) < len(runs):
            return "a lane has no weights"
        found.append(losses)
    return found
