"""Sweeps in the background: one at a time, in a thread of its own, watched by snapshots.

The thread only waits for the cluster and notes what comes; training happens in the cluster's
processes. Knows nothing of pages.

Thread safety: `BackgroundSweeps`' methods may be called from any thread; snapshots never change.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Condition, Thread
from time import monotonic

from core.errors import SweepError, UnrollError, shown
from core.experiments.cells import Cell, CellResult, Mark
from core.experiments.cluster import Cluster
from core.experiments.plan import SweepPlan, text_sha256
from core.experiments.recorded_cells import RecordedCells
from core.experiments.remaining import Remaining
from core.experiments.sweep import News, OnTheWay, Sweep, Unrecorded, Workers
from core.experiments.sweep_store import SweepStore


@dataclass(frozen=True, slots=True)
class SweepSnapshot:
    """A sweep as it stood at one moment."""

    plan: SweepPlan
    cells: tuple[Cell, ...]
    active: bool = False
    stopping: bool = False
    results: Mapping[str, CellResult] = field(default_factory=dict)  # by a cell's key
    marks: Mapping[str, Mark] = field(default_factory=dict)  # the last of each cell on its way
    reused: int = 0  # results that were there before: the first so many
    workers: int | None = None
    seconds: float = 0.0  # since it was started
    end: float | None = None  # when all will be done, in the same seconds
    message: str = ""  # what it is busy with, or why it ended before its last cell
    failed: bool = False  # whether `message` is about something that went wrong
    unrecorded: str = ""  # why runs of its cells are missing in the list of runs

    @property
    def done(self) -> int:
        """Cells with a result."""
        return len(self.results)

    @property
    def share(self) -> float:
        """Of all steps, those taken; 0 to 1."""
        total = taken = 0
        for cell in self.cells:
            total += cell.config.steps
            if cell.key in self.results:
                taken += cell.config.steps
            elif cell.key in self.marks:
                taken += self.marks[cell.key].step
        return taken / total if total else 1.0

    @property
    def seconds_left(self) -> float | None:
        """At the pace up to now; None while there is none."""
        if not self.active or self.end is None:
            return None
        return max(0.0, self.end - self.seconds)

    def after(self, news: News, cluster: str, end: float | None = None) -> SweepSnapshot:
        """The sweep once this was told of it, by a cluster of this name, and when it will end."""
        return replace(self._after(news, cluster), end=end)

    def _after(self, news: News, cluster: str) -> SweepSnapshot:
        if isinstance(news, Workers):
            waiting = "" if news.count else f"Waiting for a worker of {cluster}"
            return replace(self, workers=news.count, message=waiting)
        if isinstance(news, Unrecorded):
            return replace(self, unrecorded=news.reason)
        if isinstance(news, OnTheWay):
            return replace(self, marks={**self.marks, news.key: news.mark})
        marks = {key: mark for key, mark in self.marks.items() if key != news.key}
        return replace(self, marks=marks, results={**self.results, news.key: news})

    def ended(self, seconds: float, message: str, failed: bool) -> SweepSnapshot:
        """The sweep once it has ended; without a message it was stopped, or is done."""
        if not message and self.done < len(self.cells):
            message = "Stopped; finished cells are kept, and Start goes on with the others."
        return replace(
            self,
            active=False,
            stopping=False,
            marks={},
            message=message,
            failed=failed,
            seconds=seconds,
        )


class BackgroundSweeps:
    """At most one sweep at a time, on one cluster.

    Args:
        cluster: who trains.
        store: where results and plans are kept.
        observer: records the cells' runs; None records none.
    """

    def __init__(
        self, cluster: Cluster, store: SweepStore, observer: RecordedCells | None = None
    ) -> None:
        self.cluster = cluster
        self._store = store
        self._observer = observer
        self._changed = Condition()
        self._snapshot: SweepSnapshot | None = None
        self._sweep: Sweep | None = None
        self._thread: Thread | None = None
        self._began = 0.0

    @property
    def snapshot(self) -> SweepSnapshot | None:
        """The sweep that runs or was the last one, also before this process; None if none."""
        snapshot = self._snapshot
        if snapshot is None and (kept := self._store.latest_plan()):
            snapshot = self.look_up(*kept)
            with self._changed:
                self._snapshot = self._snapshot or snapshot
                snapshot = self._snapshot
        if snapshot is not None and snapshot.active:
            return replace(snapshot, seconds=monotonic() - self._began)
        return snapshot

    def look_up(self, plan: SweepPlan, text_sha256: str = "") -> SweepSnapshot:
        """A plan with the results that are kept of it; nothing is started."""
        cells = tuple(plan.all_cells(text_sha256))
        results = self._store.get(cell.key for cell in cells)
        return SweepSnapshot(plan, cells, results=results, reused=len(results))

    def start(self, plan: SweepPlan) -> None:
        """Train the plan's cells that are not measured yet.

        Raises:
            SweepError: another sweep runs.
            ConfigError: this machine's memory does not hold its cells.
            TextError: the plan's text is not there.
            StoreError: the plan cannot be kept, or results cannot be read.
        """
        sha256 = text_sha256(plan)
        with self._changed:
            if self._snapshot is not None and self._snapshot.active:
                raise SweepError("A sweep runs already: stop it, or wait until it is done.")
            known = self.look_up(plan, sha256)
            self._store.put_plan(plan, sha256)
            sweep = Sweep(known.cells, self.cluster, self._store, known.results, self._observer)
            busy = "" if self.cluster.warm else f"Connecting to {self.cluster.name}"
            self._began = monotonic()
            self._snapshot = replace(known, active=True, message=busy)
            self._sweep = sweep
            self._thread = Thread(target=self._work, args=(sweep,), daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the sweep that runs; finished cells stay. Nothing if none runs."""
        with self._changed:
            if self._sweep and self._snapshot and self._snapshot.active:
                self._snapshot = replace(self._snapshot, stopping=True)
                self._sweep.stop()

    def wait(self, timeout: float | None = None) -> SweepSnapshot | None:
        """Block until the sweep has ended; for tests and scripts."""
        if self._thread is not None:
            self._thread.join(timeout)
        return self.snapshot

    def wait_until(
        self, condition: Callable[[SweepSnapshot], object], timeout: float = 60.0
    ) -> SweepSnapshot:
        """Block until a snapshot meets `condition`.

        Raises:
            TimeoutError: it did not in time.
        """

        def met() -> SweepSnapshot | None:
            now = self._snapshot
            return now if now is not None and condition(now) else None

        with self._changed:
            if (now := self._changed.wait_for(met, timeout)) is None:
                raise TimeoutError(f"the sweep did not get there in {timeout:g} s")
            return now

    def close(self, patience: float = 20.0) -> None:
        """Stop, and let go of the workers; so many seconds for either, at the most."""
        self.stop()
        self.wait(patience)
        self.cluster.close(patience)

    def _work(self, sweep: Sweep) -> None:
        message, failed = "", False
        remaining = Remaining(sweep.missing)
        try:
            for news in sweep.run():
                end = self._expected(remaining, news)
                name = self.cluster.name
                self._publish(partial(SweepSnapshot.after, news=news, cluster=name, end=end))
        except UnrollError as error:
            message, failed = str(error), True
        except Exception as error:  # whatever it is, the page must hear of it
            traceback.print_exc()
            failed = True
            message = f"The sweep ended by an error: {type(error).__name__}: {shown(error)}"
        self._publish(lambda now: now.ended(monotonic() - self._began, message, failed))

    def _expected(self, remaining: Remaining, news: News) -> float | None:
        """When all will be done, once this is known."""
        now = monotonic() - self._began
        if isinstance(news, Workers):
            remaining.workers(news.count, now)
        elif isinstance(news, OnTheWay):
            remaining.mark(news.key, news.mark, news.seconds, now)
        elif isinstance(news, CellResult):
            remaining.result(news, now)
        return remaining.end(now)

    def _publish(self, change: Callable[[SweepSnapshot], SweepSnapshot]) -> None:
        with self._changed:
            if self._snapshot is not None:
                self._snapshot = change(self._snapshot)
                self._changed.notify_all()
