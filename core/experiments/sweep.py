"""A sweep: cells trained on a cluster, results handed on as they come.

Synchronous; knows nothing of pages. Every result is in the sweeps' store before it is handed
on, so whoever gives the next sweep what is kept there goes on where this one was stopped, or
lost its scheduler.

    cells not yet measured  ──submit──>  scheduler  ──>  workers: worker.work
                                                            │ marks, while it trains
    run() yields  <──  one inbox  <──  marks, finished cells, stop
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from core.engines.cost import estimated_bytes
from core.engines.memory import require_memory
from core.errors import SweepError, UnrollError, shown
from core.experiments.cell_run import CellRun
from core.experiments.cells import Cell, CellResult, Mark
from core.experiments.cluster import Cluster
from core.experiments.recorded_cells import RecordedCells
from core.experiments.sweep_store import SweepStore
from core.experiments.worker import work

if TYPE_CHECKING:  # loaded with the first cluster: it takes a second
    from distributed import Future

_LOOK = 1.0  # seconds between two looks at the scheduler while nothing comes
_STOP = object()


@dataclass(frozen=True, slots=True)
class OnTheWay:
    """A cell that is being trained has got to a mark."""

    key: str
    mark: Mark
    seconds: float = 0.0  # that it has taken


@dataclass(frozen=True, slots=True)
class Workers:
    """So many workers are there now."""

    count: int


@dataclass(frozen=True, slots=True)
class Unrecorded:
    """Runs of cells are missing in the list of runs. Told once."""

    reason: str


News = CellResult | OnTheWay | Workers | Unrecorded
"""What a sweep tells while it runs."""


class Sweep:
    """One pass over the cells that are not measured yet.

    Thread safety: `stop` may be called from any thread, `run` by one.

    Args:
        cells: all that is to be measured.
        cluster: who trains.
        store: where results are kept.
        kept: results that count already, by key: their cells are not trained.
        observer: records the cells' runs; None records none.

    Raises:
        ConfigError: this machine's memory does not hold a cell in each worker.

    Attributes:
        missing: the cells that `run` trains.
    """

    def __init__(
        self,
        cells: Sequence[Cell],
        cluster: Cluster,
        store: SweepStore,
        kept: Collection[str] = (),
        observer: RecordedCells | None = None,
    ) -> None:
        self.missing = [cell for cell in cells if cell.key not in kept]
        if self.missing and not cluster.address:
            largest = max((cell.config for cell in self.missing), key=estimated_bytes)
            require_memory(largest, copies=min(cluster.workers, len(self.missing)))
        self._planned = len(cells)
        self._cluster = cluster
        self._store = store
        self._observer = observer
        self._complained = False
        self._inbox: SimpleQueue[Any] = SimpleQueue()

    def stop(self) -> None:
        """Give up the cells that are not finished; `run` then ends."""
        self._inbox.put(_STOP)

    def run(self) -> Iterator[News]:
        """Train what is missing.

        Yields each cell's marks and its result, the number of workers whenever it has changed,
        and a complaint if its runs cannot be recorded. A cell that fails is yielded with the
        reason and not kept, so another pass tries it again.

        Raises:
            SweepError: the scheduler cannot be reached, or was lost; finished cells are kept.
            StoreError: a result cannot be kept.
        """
        if not self.missing:
            return
        client = self._cluster.client()
        sweep = secrets.token_hex(4)
        topic = f"unroll-{sweep}"
        client.subscribe_topic(topic, lambda event: self._inbox.put(event[1]))
        # Names of its own: Dask would remember a cell that was given up or failed.
        cells = {f"cell-{sweep}-{cell.key}": cell for cell in self.missing}
        futures: dict[str, Future] = {}
        try:
            for place, (name, cell) in enumerate(cells.items()):
                future = client.submit(work, cell, topic, key=name, priority=-place, pure=False)
                future.add_done_callback(self._inbox.put)
                futures[name] = future
            yield from self._listen(futures, cells)
        finally:
            for cell in self.missing:
                list(self._given_up(cell))  # too late to complain
            if client.status == "running":  # else both would wait for a scheduler that is gone
                with suppress(Exception):
                    client.unsubscribe_topic(topic)
                    client.cancel(list(futures.values()), force=True)

    def _listen(self, futures: dict[str, Future], cells: Mapping[str, Cell]) -> Iterator[News]:
        """Until no future is left; both are named alike."""
        workers = self._cluster.worker_count()
        yield Workers(workers)
        while futures:
            try:
                item = self._inbox.get(timeout=_LOOK)
            except Empty:
                # Nothing came for a second: ask, which takes the scheduler's time.
                if not self._cluster.warm:
                    raise self._lost(len(futures)) from None
                if (count := self._cluster.worker_count()) != workers:
                    workers = count
                    yield Workers(count)
                continue
            if item is _STOP:
                return
            if isinstance(item, tuple | list):
                name, seconds, *values = item
                if name in futures:
                    yield from self._marked(cells[name], Mark(*values), seconds)
            else:
                future = futures.pop(item.key)
                yield from self._finished(future, cells[item.key], left=len(futures) + 1)

    def _marked(
        self, cell: Cell, mark: Mark, seconds: float = 0.0
    ) -> Iterator[OnTheWay | Unrecorded]:
        yield from self._tell(lambda observer: observer.mark(cell, mark))
        yield OnTheWay(cell.key, mark, seconds)

    def _finished(self, future: Future, cell: Cell, left: int) -> Iterator[CellResult | Unrecorded]:
        if future.status == "cancelled":  # all at once, as the connection breaks
            raise self._lost(left)
        error = future.exception()
        if error is not None:
            result = _failed(cell.key, error)
            yield from self._tell(lambda observer: observer.abandon(cell, result.message))
        else:
            run: CellRun = future.result()
            result = run.result
            self._store.put(result)
            yield from self._tell(lambda observer: observer.finish(cell, run))
        yield result

    def _given_up(self, cell: Cell) -> Iterator[Unrecorded]:
        return self._tell(lambda observer: observer.abandon(cell))

    def _tell(self, what: Callable[[RecordedCells], None]) -> Iterator[Unrecorded]:
        """Tell the observer; the measurement does not depend on whether it can record.

        Yields the first complaint, and no other.
        """
        if self._observer is None:
            return
        try:
            what(self._observer)
        except Exception as error:  # whatever it is
            if not self._complained:
                self._complained = True
                plain = isinstance(error, UnrollError)
                reason = str(error) if plain else f"{type(error).__name__}: {shown(error)}."
                yield Unrecorded(f"{reason} The sweep goes on; not all of its runs are recorded.")

    def _lost(self, left: int) -> SweepError:
        return SweepError(
            f"The connection to the workers of {self._cluster.name} was lost with "
            f"{self._planned - left} of {self._planned} cells done, which are saved. Start the "
            "sweep again when they are back: it goes on where it was."
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
        message = f"{type(error).__name__}: {shown(error)}"
    return CellResult(key, "failed", updates=0, characters=0, seconds=0.0, message=message)
