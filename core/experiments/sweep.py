"""A sweep: the cells of a grid trained on a cluster, results handed on as they come.

Synchronous; knows nothing of pages, or of where results and runs are kept beyond `Results` and
`CellLog`. Every result is kept before it is handed on, and cells whose results are there already
are not trained, so a sweep that was stopped, or lost its scheduler, goes on where it was.

    cells not yet measured  ──submit──>  scheduler  ──>  workers: train_cell
                                                            │ marks, while it trains
    run() yields  <──  one inbox  <──  marks, finished cells, stop
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass, replace
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Protocol

from core.errors import SweepError, UnrollError
from core.experiments.cluster import Cluster
from core.experiments.plan import Cell, CellResult, Mark

if TYPE_CHECKING:
    from distributed import Future

    from core.experiments.cell_run import CellRun

_LOOK = 1.0  # seconds between two looks at the scheduler while nothing comes
_STOP = object()


class Results(Protocol):
    """Where results are kept: `core.experiments.results.SweepStore`."""

    def put(self, result: CellResult) -> None:
        """Keep a result; it is safe when this returns."""

    def get(self, keys: Iterable[str]) -> Mapping[str, CellResult]:
        """The results that are kept of these cells."""


class CellLog(Protocol):
    """Where the cells' runs are recorded: `core.experiments.recorded_cells.SweepRuns`.

    Raises:
        UnrollError: on any call, for what cannot be recorded; the sweep goes on without it.
    """

    def mark(self, cell: Cell, mark: Mark) -> None:
        """A cell has got to a mark. Its first begins its run."""

    def finish(self, cell: Cell, run: CellRun) -> None:
        """A cell has been trained."""

    def abandon(self, cell: Cell, failure: str = "") -> None:
        """A cell ends without a result: it failed, for this reason, or was given up."""


class _NoLog:
    """Records nothing."""

    def mark(self, *_: object) -> None:
        pass

    finish = abandon = mark


@dataclass(frozen=True, slots=True)
class OnTheWay:
    """A cell that is being trained has got to a mark."""

    key: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class Workers:
    """So many workers are there now."""

    count: int


@dataclass(frozen=True, slots=True)
class Unrecorded:
    """Runs of cells are missing in the list of runs. Told once."""

    reason: str


class Sweep:
    """One pass over the cells that are not measured yet.

    Thread safety: `stop` may be called from any thread, `run` by one.

    Args:
        cells: what to measure.
        cluster: who trains.
        results: where results are looked up and kept.
        log: where the cells' runs are recorded; None records none.
    """

    def __init__(
        self,
        cells: Sequence[Cell],
        cluster: Cluster,
        results: Results,
        log: CellLog | None = None,
    ) -> None:
        self.cells = list(cells)
        self._cluster = cluster
        self._results = results
        self._log = log or _NoLog()
        self._complained = False
        self._inbox: SimpleQueue = SimpleQueue()

    def stop(self) -> None:
        """Give up the cells that are not finished; `run` then ends."""
        self._inbox.put(_STOP)

    def run(self) -> Iterator[CellResult | OnTheWay | Workers | Unrecorded]:
        """Train what is missing.

        Yields first the results that were kept already, then each cell's marks and its result,
        the number of workers whenever it has changed, and a complaint if its runs cannot be
        recorded. A cell that fails is yielded with the reason and not kept, so another pass
        tries it again.

        Raises:
            SweepError: the scheduler cannot be reached, or was lost; finished cells are kept.
            StoreError: a result cannot be kept.
        """
        kept = self._results.get(cell.key for cell in self.cells)
        yield from kept.values()
        missing = {cell.key: cell for cell in self.cells if cell.key not in kept}
        if missing:
            yield from self._train(missing)

    def _train(
        self, missing: dict[str, Cell]
    ) -> Iterator[CellResult | OnTheWay | Workers | Unrecorded]:
        client = self._cluster.client()
        sweep = secrets.token_hex(4)
        topic = f"unroll-{sweep}"
        client.subscribe_topic(topic, lambda event: self._inbox.put(event[1]))
        futures: dict[str, Future] = {}
        try:
            for place, (key, cell) in enumerate(missing.items()):
                # A name of its own: Dask would remember a cell that was given up or failed.
                future = client.submit(
                    _work, cell, topic, key=f"cell-{sweep}-{key}", priority=-place, pure=False
                )
                future.add_done_callback(self._inbox.put)
                futures[future.key] = future
            cells = {f"cell-{sweep}-{key}": cell for key, cell in missing.items()}
            yield from self._listen(futures, cells)
        finally:
            for cell in missing.values():
                list(self._record(self._log.abandon, cell))  # too late to complain
            if client.status == "running":  # else both would wait for a scheduler that is gone
                with suppress(Exception):
                    client.unsubscribe_topic(topic)
                    client.cancel(list(futures.values()), force=True)

    def _listen(
        self, futures: dict[str, Future], cells: Mapping[str, Cell]
    ) -> Iterator[CellResult | OnTheWay | Workers | Unrecorded]:
        """Until no future is left."""
        workers = self._cluster.worker_count()
        yield Workers(workers)
        while futures:
            try:
                item = self._inbox.get(timeout=_LOOK)
            except Empty:
                item = None
            if item is _STOP:
                return
            if isinstance(item, tuple | list):
                key, *values = item
                if key in futures:
                    mark = Mark(*values)
                    yield from self._record(self._log.mark, cells[key], mark)
                    yield OnTheWay(cells[key].key, mark)
                continue
            if item is not None:
                done = futures.pop(item.key)
                yield from self._finished(done, cells[item.key], left=len(futures) + 1)
                continue
            # Nothing came for a second: ask, which takes the scheduler's time.
            if not self._cluster.warm:
                raise self._lost(len(futures))
            if (count := self._cluster.worker_count()) != workers:
                workers = count
                yield Workers(count)

    def _finished(self, future: Future, cell: Cell, left: int) -> Iterator[CellResult | Unrecorded]:
        if future.status == "cancelled":  # all at once, as the connection breaks
            raise self._lost(left)
        error = future.exception()
        if error is not None:
            result = _failed(cell.key, error)
            yield from self._record(self._log.abandon, cell, result.message)
        else:
            run: CellRun = future.result()
            result = run.result
            self._results.put(result)
            yield from self._record(self._log.finish, cell, run)
        yield result

    def _record(self, tell: Callable[..., None], *what: object) -> Iterator[Unrecorded]:
        """Tell the log; the measurement does not depend on whether it can record."""
        try:
            tell(*what)
        except Exception as error:  # whatever it is
            if not self._complained:
                self._complained = True
                plain = isinstance(error, UnrollError)
                reason = str(error) if plain else f"{type(error).__name__}: {error}."
                yield Unrecorded(f"{reason} The sweep goes on; not all of its runs are recorded.")

    def _lost(self, left: int) -> SweepError:
        done, all_ = len(self.cells) - left, len(self.cells)
        return SweepError(
            f"The connection to the workers of {self._cluster.name} was lost with {done} of {all_} "
            "cells done, which are saved. Start the sweep again when they are back: it goes on "
            "where it was."
        )


def _failed(key: str, error: BaseException) -> CellResult:
    from distributed.scheduler import KilledWorker

    if isinstance(error, KilledWorker):
        message = (
            "Every worker that tried this cell was killed, most likely for want of memory: give "
            "the workers more, or make the network smaller."
        )
    elif isinstance(error, UnrollError):
        message = str(error)
    else:
        message = f"{type(error).__name__}: {error}"
    return CellResult(key, "failed", updates=0, characters=0, seconds=0.0, message=message)


def _work(cell: Cell, topic: str) -> CellRun:
    """What a worker does with a cell."""
    from distributed import get_worker

    from core.experiments.train_cell import train_cell

    worker = get_worker()
    task = worker.get_current_task()

    def tell(mark: Mark) -> None:
        worker.log_event(topic, [task, *astuple(mark)])

    def wanted() -> bool:
        state = worker.state.tasks.get(task)
        return state is not None and state.state == "executing"

    run = train_cell(cell, tell, wanted)
    return replace(run, result=replace(run.result, worker=str(worker.name)))
