"""A sweep: the cells of a grid trained on a cluster, results handed on as they come.

Synchronous; knows nothing of pages, or of where results are kept beyond `Results`. Every
result is kept before it is handed on, and cells whose results are there already are not
trained, so a sweep that was stopped, or lost its scheduler, goes on where it was.

    cells not yet measured  ──submit──>  scheduler  ──>  workers: train_cell
                                                            │ marks, while it trains
    run() yields  <──  one inbox  <──  marks, finished cells, stop
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass, replace
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Protocol

from core.errors import SweepError, UnrollError
from core.training.cluster import Cluster
from core.training.grid import Cell, CellResult, Mark

if TYPE_CHECKING:
    from distributed import Future

_LOOK = 1.0  # seconds between two looks at the scheduler while nothing comes
_STOP = object()


class Results(Protocol):
    """Where results are kept: `core.storage.sweeps.SweepStore`."""

    def put(self, result: CellResult) -> None:
        """Keep a result; it is safe when this returns."""

    def get(self, keys: Iterable[str]) -> Mapping[str, CellResult]:
        """The results that are kept of these cells."""


@dataclass(frozen=True, slots=True)
class OnTheWay:
    """A cell that is being trained has got to a mark."""

    key: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class Workers:
    """So many workers are there now."""

    count: int


class Sweep:
    """One pass over the cells that are not measured yet.

    Thread safety: `stop` may be called from any thread, `run` by one.

    Args:
        cells: what to measure.
        cluster: who trains.
        results: where results are looked up and kept.
    """

    def __init__(self, cells: Sequence[Cell], cluster: Cluster, results: Results) -> None:
        self.cells = list(cells)
        self._cluster = cluster
        self._results = results
        self._inbox: SimpleQueue = SimpleQueue()

    def stop(self) -> None:
        """Give up the cells that are not finished; `run` then ends."""
        self._inbox.put(_STOP)

    def run(self) -> Iterator[CellResult | OnTheWay | Workers]:
        """Train what is missing.

        Yields first the results that were kept already, then each cell's marks and its result,
        and the number of workers whenever it has changed. A cell that fails is yielded with
        the reason and not kept, so another pass tries it again.

        Raises:
            SweepError: the scheduler cannot be reached, or was lost; finished cells are kept.
            StoreError: a result cannot be kept.
        """
        kept = self._results.get(cell.key for cell in self.cells)
        yield from kept.values()
        missing = {cell.key: cell for cell in self.cells if cell.key not in kept}
        if missing:
            yield from self._train(missing)

    def _train(self, missing: dict[str, Cell]) -> Iterator[CellResult | OnTheWay | Workers]:
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
            names = {f"cell-{sweep}-{key}": key for key in missing}
            yield from self._listen(futures, names)
        finally:
            if client.status == "running":  # else both would wait for a scheduler that is gone
                with suppress(Exception):
                    client.unsubscribe_topic(topic)
                    client.cancel(list(futures.values()), force=True)

    def _listen(
        self, futures: dict[str, Future], names: Mapping[str, str]
    ) -> Iterator[CellResult | OnTheWay | Workers]:
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
                key, *mark = item
                if key in futures:
                    yield OnTheWay(names[key], Mark(*mark))
                continue
            if item is not None:
                done = futures.pop(item.key)
                yield self._finished(done, names[item.key], left=len(futures) + 1)
                continue
            # Nothing came for a second: ask, which takes the scheduler's time.
            if not self._cluster.warm:
                raise self._lost(len(futures))
            if (count := self._cluster.worker_count()) != workers:
                workers = count
                yield Workers(count)

    def _finished(self, future: Future, key: str, left: int) -> CellResult:
        if future.status == "cancelled":  # all at once, as the connection breaks
            raise self._lost(left)
        error = future.exception()
        if error is not None:
            return _failed(key, error)
        result: CellResult = future.result()
        self._results.put(result)
        return result

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


def _work(cell: Cell, topic: str) -> CellResult:
    """What a worker does with a cell."""
    from distributed import get_worker

    from core.training.cell import train_cell

    worker = get_worker()
    task = worker.get_current_task()

    def tell(mark: Mark) -> None:
        worker.log_event(topic, [task, *astuple(mark)])

    def wanted() -> bool:
        state = worker.state.tasks.get(task)
        return state is not None and state.state == "executing"

    result = train_cell(cell, tell, wanted)
    return replace(result, worker=str(worker.name))
