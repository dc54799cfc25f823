"""Races: two to four lanes that differ in named settings and advance in lockstep.

Every lane is a copy of the first with some settings changed: one run, or one a seed. What the same
seed then makes equal: the first weights wherever the shapes allow, and the text's characters in
their order. Knows nothing of pages.

Thread safety: every method may be called from any thread.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock
from typing import Any, Literal

from core.config import TrainingConfig
from core.data.corpora import load_corpus
from core.errors import RunError
from core.experiments.lead import Lead, Losses, find_lead
from core.experiments.lockstep import Lockstep
from core.insight.held_out import character_losses
from core.labels import setting
from core.records import RunStatus, new_run_id
from core.training.driver import LoadText
from core.training.limits import Limits
from core.training.manager import RunManager
from core.training.run import Run
from core.training.slots import OnePlace, Owner, Places, Slots
from core.training.snapshot import RunSnapshot, WatchedRun
from core.training.trainer import Trainer

Axis = Literal["characters_seen", "step", "seconds"]

LEAST, MOST = 2, 4
"""How many lanes a race has."""
SEEDS = (1, 3)
"""How many seeds it may be run with."""

# Changing these would compare two texts, two measurements or two machines.
SAME_IN_ALL = ("text", "report_every", "probe_every", "device", "engine", "steps")


@dataclass(frozen=True, slots=True)
class RaceSnapshot:
    """A race as it stood at one moment."""

    race_id: str
    axis: Axis
    end: float  # on the axis
    runs: tuple[tuple[RunSnapshot, ...], ...]  # of each lane, one a seed
    held: bool  # all hold still together

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
    def snapshot(self) -> RaceSnapshot:
        """The race as it stands."""
        return RaceSnapshot(
            self.race_id,
            self.axis,
            self._lockstep.end,
            tuple(tuple(run.snapshot for run in runs) for runs in self._by_lane()),
            self._lockstep.held,
        )

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
        """Let all go on."""
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


class Races:
    """Each owner's race, at most one at a time.

    Args:
        manager: starts the runs, and keeps them as it keeps any other.
        shared: whether a race waits for a place to train among all other runs. Where one person
            is alone its lanes share the processor with the runs of the page.
    """

    def __init__(self, manager: RunManager, shared: bool = False) -> None:
        self._manager = manager
        self._shared = shared
        self._lock = Lock()
        self._races: dict[Owner, Race] = {}

    def current(self, owner: Owner = None) -> Race | None:
        """The race of this owner that runs, or ran last."""
        return self._races.get(owner)

    def find(self, race_id: str) -> Race | None:
        """The race of this id, whoever it belongs to, as long as it is its owner's last."""
        with self._lock:
            return next((r for r in self._races.values() if r.race_id == race_id), None)

    def start(
        self,
        configs: Sequence[TrainingConfig],
        axis: Axis,
        amount: float,
        seeds: int = 1,
        owner: Owner = None,
        browser: Owner = None,
        limits: Limits | None = None,
    ) -> Race:
        """Start a race.

        Args:
            configs: the first lane and the others; see `lanes_of`.
            axis: what they advance in lockstep by.
            amount: where it ends: characters, steps or seconds.
            seeds: how many runs each lane has: with its own seed, and with those after it.
            owner: whose race it is.
            browser: who owns its runs.
            limits: what a run of its owner may be; None for anything.

        Raises:
            ConfigError: a seed that is too large.
            RunError: a race runs already, there are not two to four lanes, or lanes of several
                seeds differ in their seed.
            StoreError: who keeps the records cannot; no lane goes on.
        """
        if not LEAST <= len(configs) <= MOST:
            raise RunError(
                f"A race of {len(configs)} is not possible: choose {LEAST} to {MOST} lanes."
            )
        if seeds > 1 and len({config.seed for config in configs}) > 1:
            raise RunError("Lanes that differ in the seed race with one seed each: choose 1 seed.")
        lanes = [
            _lane_of(config.changed(seed=config.seed + more), configs[0], axis, amount)
            for config in configs
            for more in range(seeds)
        ]
        with self._lock:
            before = self._races.get(owner)
            if before is not None and before.snapshot.active:
                raise RunError("A race runs already: stop it, or wait until it is done.")
            names = [new_run_id() for _ in lanes]
            lockstep = Lockstep(names, end=_end(axis, amount, configs))
            # Lanes wait for each other, so each needs a place at once.
            places: Places = Slots(len(lanes))
            if self._shared:
                places = OnePlace(self._manager.slots)
            runs: list[Run] = []
            try:
                for name, lane in zip(names, lanes, strict=True):
                    if limits is not None and axis != "seconds":
                        limits.require_steps(lane)
                    run = self._manager.start(
                        lane,
                        run_id=name,
                        slots=places,
                        race=_Lane(lockstep, axis),
                        browser=browser,
                    )
                    runs.append(run)
            except BaseException:
                for run in runs:  # they would wait for the one that is missing
                    run.stop()
                raise
            self._races[owner] = Race(
                secrets.token_hex(4),
                axis,
                runs,
                lockstep,
                seeds=seeds,
                load_text=self._manager.load_text,
            )
            return self._races[owner]


@dataclass(frozen=True, slots=True)
class _Lane:
    """What a run knows of its race."""

    lockstep: Lockstep
    axis: Axis

    def turn(self, run_id: str, trainer: Trainer, interrupted: Callable[[], bool]) -> bool:
        return self.lockstep.turn(run_id, self._position(trainer), interrupted)

    def stands(self, trainer: Trainer) -> bool:
        return self.lockstep.stands(self._position(trainer))

    def over(self, trainer: Trainer) -> bool:
        return self._position(trainer) >= self.lockstep.end

    def leave(self, run_id: str) -> None:
        self.lockstep.leave(run_id)

    def wake(self) -> None:
        self.lockstep.wake()

    def _position(self, trainer: Trainer) -> float:
        name = {"step": "steps_done"}.get(self.axis, self.axis)
        return float(getattr(trainer, name))


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


def lanes_of(
    first: TrainingConfig, changes: Sequence[Mapping[str, Any]]
) -> tuple[TrainingConfig, ...]:
    """The first lane and its copies.

    Args:
        first: what all have in common.
        changes: for each further lane the settings in which it differs.

    Raises:
        ConfigError: a value that is not allowed.
        RunError: a lane that differs in nothing, or in what must be the same in all.
    """
    lanes = [first]
    for number, change in enumerate(changes, start=2):
        if fixed := [name for name in change if name in SAME_IN_ALL]:
            raise RunError(f"{', '.join(fixed)} must be the same in all lanes of a race.")
        lane = first.changed(**change)
        if lane in lanes:
            raise RunError(f"Lane {number} is the same as another: change a setting of it.")
        lanes.append(lane)
    return tuple(lanes)


def rival(config: TrainingConfig) -> TrainingConfig:
    """The same experiment with the other activation."""
    return config.changed(activation="relu" if config.activation == "tanh" else "tanh")


def differences(configs: Sequence[TrainingConfig]) -> dict[str, tuple[Any, ...]]:
    """The settings that are not the same in all, with each lane's value.

    Steps, reports and probes are left out: a race counts them by its own axis.
    """
    rows = [config.model_dump(exclude=set(SAME_IN_ALL)) for config in configs]
    return {
        name: tuple(row[name] for row in rows)
        for name in (rows[0] if rows else {})
        if len({row[name] for row in rows}) > 1
    }


def lane_names(configs: Sequence[TrainingConfig]) -> list[str]:
    """What tells each lane from the others, in a few words."""
    differing = differences(configs)
    return [
        ", ".join(setting(name, values[place]) for name, values in differing.items())
        or f"lane {place + 1}"
        for place in range(len(configs))
    ]


def _lane_of(
    config: TrainingConfig, first: TrainingConfig, axis: Axis, amount: float
) -> TrainingConfig:
    """With the steps that its budget allows, and reports and probes where the first has them."""
    ratio = 1.0
    if axis == "characters_seen":
        ratio = first.characters_per_step / config.characters_per_step
    probes = first.probe_every
    return config.changed(
        steps=_steps(config, axis, amount),
        report_every=max(1, round(first.report_every * ratio)),
        probe_every=max(1, round(probes * ratio)) if probes else 0,
    )


def _steps(config: TrainingConfig, axis: Axis, amount: float) -> int:
    if axis == "step":
        return max(1, round(amount))
    if axis == "characters_seen":
        return max(1, round(amount / config.characters_per_step))
    return 10_000_000  # the lockstep ends a race by time


def _end(axis: Axis, amount: float, configs: Sequence[TrainingConfig]) -> float:
    if axis != "characters_seen":
        return amount
    # Rounded to whole windows, no lane may be cut off before its last step.
    return float(
        max(_steps(config, axis, amount) * config.characters_per_step for config in configs)
    )
