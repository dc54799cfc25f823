"""The runs of this process: started, found again, and forgotten when there are too many.

Knows nothing of pages. Thread safety: every method may be called from any thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from time import monotonic

from numpy import ndarray

from core.config import TrainingConfig
from core.data.corpora import load_corpus
from core.engines.memory import require_memory
from core.errors import RunError
from core.records import Event, RunStatus, new_run_id
from core.training.driver import LoadText
from core.training.limits import Limits
from core.training.observer import RunObserver
from core.training.run import Run
from core.training.slots import Owner, Places, Slots
from core.training.state import Past
from core.training.turns import InTurn

MOST_ACTIVE = 32
"""Runs that train, wait for a place or are paused: each has a thread, and holds its records. A few
races of three seeds a lane and a class that presses Start stay below it; a stuck key does not."""
MOST_OF_MANY = 200
"""As `MOST_ACTIVE`, of people whose own share is limited, too."""


class RunManager:
    """Holds every run of the process.

    Args:
        max_running: runs that train at once; the others wait in a queue.
        max_kept: ended runs beyond so many are forgotten, oldest first.
        load_text: from a text's key to its corpus.
        observe: asked for each run who observes it; None keeps no record.
        most_active: runs that may train, wait or be paused at once.
    """

    def __init__(
        self,
        max_running: int = 2,
        max_kept: int = 30,
        load_text: LoadText = load_corpus,
        observe: Callable[[Run], RunObserver] | None = None,
        most_active: int = MOST_ACTIVE,
    ) -> None:
        self.slots = Slots(max_running)
        self._most_active = most_active
        self._max_kept = max_kept
        self.load_text = load_text
        self._observe = observe
        self._runs: dict[str, Run] = {}  # oldest first
        self._lock = Lock()

    def start(
        self,
        config: TrainingConfig,
        *,
        run_id: str | None = None,
        initial_weights: Mapping[str, ndarray] | None = None,
        planned: Sequence[Event] = (),
        past: Past | None = None,
        slots: Places | None = None,
        race: InTurn | None = None,
        browser: Owner = None,
        limits: Limits | None = None,
    ) -> Run:
        """Start a run, or queue it.

        Args:
            config: the experiment.
            run_id: its name, where it has one already.
            initial_weights: start from these instead of `config.init`.
            planned: changes of live settings that are to happen by themselves.
            past: go on from here.
            slots: where to wait for a place to train, instead of with all others.
            race: asked before every step whether it is the run's turn.
            browser: who owns it.
            limits: what its owner may have; None for any number.

        Raises:
            RunError: so many are active that no other one may be, or it is active itself.
            ConfigError: it needs more memory than there is.
            StoreError: who keeps the records cannot.
        """
        require_memory(config)  # here, too: before there is a run that can only fail
        run = Run(
            run_id or new_run_id(),
            config,
            slots or self.slots,
            browser=browser,
            load_text=self.load_text,
            initial_weights=initial_weights,
            planned=planned,
            past=past,
            race=race,
        )
        with self._lock:
            self._require_room(run, limits)
            before = self._runs.get(run.run_id)
            if before is not None and before.snapshot.status.active:
                status = before.snapshot.status
                raise RunError(f"Run {run.run_id} is {status}: it goes on already.")
            self._runs[run.run_id] = run
            self._forget_oldest()
        # Found before it is recorded: that waits for a disk, and whoever asks for the run in
        # the meantime, such as a second click, must not start another one.
        if self._observe:
            try:
                run.observed_by(self._observe(run))
            except BaseException:
                self._take_back(run.run_id, before)
                raise
        run.start()
        return run

    def get(self, run_id: str) -> Run | None:
        """The run of this name, if it is known."""
        return self._runs.get(run_id)

    def runs(self) -> list[Run]:
        """All runs, newest first."""
        with self._lock:
            return list(reversed(self._runs.values()))

    def latest_active(self, fits: Callable[[Run], bool] = lambda run: True) -> Run | None:
        """The newest run that can still train, of those that fit."""
        return next((run for run in self.runs() if run.snapshot.status.active and fits(run)), None)

    def forget(self, run_id: str) -> None:
        """Hold a run that has ended no longer; nothing where there is none, or it is active."""
        with self._lock:
            run = self._runs.get(run_id)
            if run is not None and not run.snapshot.status.active:
                self._drop(run_id)

    def queue(self) -> tuple[list[Run], list[Run]]:
        """The runs that train at present, and those that wait for a place, the next one first."""
        oldest_first = list(reversed(self.runs()))
        training = [run for run in oldest_first if run.snapshot.status == RunStatus.RUNNING]
        line = self.slots.line()
        waiting = [run for run in oldest_first if run.snapshot.status == RunStatus.QUEUED]
        # One that is about to ask for its place comes last, as it will.
        waiting.sort(key=lambda r: line.index(r.run_id) if r.run_id in line else len(line))
        return training, waiting

    def empty_queue(self) -> int:
        """Stop every run that waits for a place; how many did."""
        _, waiting = self.queue()
        for run in waiting:
            run.stop()
        return len(waiting)

    def stop_all(self, timeout: float = 10.0) -> None:
        """Stop every run and wait for the threads to end."""
        for run in self.runs():
            run.stop()
        for run in self.runs():
            run.wait(timeout)

    def interrupt_all(self, timeout: float) -> bool:
        """End every run with its state kept, to be resumed by another process.

        Returns:
            Whether all of them got there in time.
        """
        ends = monotonic() + timeout
        for run in self.runs():
            run.interrupt()
        shots = [run.wait(max(0.0, ends - monotonic())) for run in self.runs()]
        return not any(shot.status.active for shot in shots)

    def _require_room(self, run: Run, limits: Limits | None) -> None:
        active = [run for run in self._runs.values() if run.snapshot.status.active]
        if len(active) >= self._most_active:
            raise RunError(
                f"{len(active)} runs train, wait or are paused already, and {self._most_active} "
                "may: stop some of them on the Runs page, or wait until they are done."
            )
        if limits is not None and not run.in_race:  # whose number is bounded by itself
            limits.require_runs(
                sum(other.browser == run.browser and not other.in_race for other in active)
            )

    def _take_back(self, run_id: str, before: Run | None) -> None:
        with self._lock:
            if before is None:
                self._runs.pop(run_id, None)
            else:
                self._runs[run_id] = before

    def _forget_oldest(self) -> None:
        ended = [i for i, run in self._runs.items() if not run.snapshot.status.active]
        for run_id in ended[: max(0, len(ended) - self._max_kept)]:
            self._drop(run_id)

    def _drop(self, run_id: str) -> None:
        run = self._runs.pop(run_id)
        if not run.in_race:  # whose race still shows it
            run.forget()
