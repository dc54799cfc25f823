"""Starts races, one at a time for each owner, and finds them again. Knows nothing of pages.

Thread safety: every method may be called from any thread.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock

from core.config import TrainingConfig
from core.errors import RunError
from core.experiments.lanes import LEAST, MOST, Axis, end_of, lane_of
from core.experiments.lockstep import Lockstep
from core.experiments.race import Race
from core.records import new_run_id
from core.training.limits import Limits
from core.training.manager import RunManager
from core.training.run import Run
from core.training.slots import OnePlace, Owner, Places, Slots
from core.training.trainer import Trainer

MOST_KEPT = 30
"""Races that are found again, as long as none of more is on; the oldest go first."""


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
            RunError: a race runs already, there are not two to four lanes, lanes of several seeds
                differ in their seed, or it is too long for its owner.
            StoreError: who keeps the records cannot; no lane goes on.
        """
        if not LEAST <= len(configs) <= MOST:
            raise RunError(
                f"A race of {len(configs)} is not possible: choose {LEAST} to {MOST} lanes."
            )
        if seeds > 1 and len({config.seed for config in configs}) > 1:
            raise RunError("Lanes that differ in the seed race with one seed each: choose 1 seed.")
        if limits is not None and axis == "seconds":
            limits.require_seconds(amount)
        lanes = [
            lane_of(config.changed(seed=config.seed + more), configs[0], axis, amount)
            for config in configs
            for more in range(seeds)
        ]
        with self._lock:
            before = self._races.get(owner)
            if before is not None and before.snapshot.active:
                raise RunError("A race runs already: stop it, or wait until it is done.")
            names = [new_run_id() for _ in lanes]
            lockstep = Lockstep(names, end=end_of(configs, axis, amount))
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
            self._races.pop(owner, None)
            self._forget_oldest()
            self._races[owner] = Race(
                secrets.token_hex(4),
                axis,
                runs,
                lockstep,
                seeds=seeds,
                load_text=self._manager.load_text,
            )
            return self._races[owner]

    def _forget_oldest(self) -> None:
        """A race holds all that its runs have told, and everybody may have one."""
        ended = [owner for owner, race in self._races.items() if not race.snapshot.active]
        for owner in ended[: max(0, len(self._races) + 1 - MOST_KEPT)]:
            del self._races[owner]


@dataclass(frozen=True, slots=True)
class _Lane:
    """What a run knows of its race."""

    lockstep: Lockstep
    axis: Axis

    def turn(
        self, run_id: str, trainer: Trainer, interrupted: Callable[[], bool], patience: float
    ) -> bool:
        return self.lockstep.turn(run_id, self._position(trainer), interrupted, patience)

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
