"""The cells that a sweep at the command line still has to train: an estimate, a bar, their runs.

Knows nothing of options. Loads torch, so `sweep` imports it only when something is left to train.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import timedelta

from tqdm import tqdm

from core.cli.store import open_store
from core.errors import StoreError, UnrollError
from core.experiments.cells import Cell, CellResult
from core.experiments.cluster import Cluster
from core.experiments.estimate import seconds_of_grid
from core.experiments.recorded_cells import RecordedCells
from core.experiments.sweep import OnTheWay, Sweep, Unrecorded, Workers
from core.experiments.sweep_store import SweepStore


def train_cells(
    cells: Sequence[Cell],
    results: dict[str, CellResult],
    cluster: Cluster,
    store: SweepStore,
    words: str,
    record: bool,
) -> bool:
    """Train the cells that have no result, and add theirs.

    Args:
        cells: all of a sweep.
        results: by a cell's key; those that count already, and then the new ones.
        cluster: who trains; it is let go of at the end.
        store: where results are kept.
        words: how many cells there are, said before how long they will take.
        record: whether the cells become runs of the store of runs, too.

    Returns:
        Whether all were trained, and recorded if that was asked for; stderr has the reason if not.

    Raises:
        SweepError: no cluster answers.
    """
    try:
        with _observer(record) as observer:
            sweep = Sweep(cells, cluster, store, dict(results), observer)
            _announce(words, sweep.missing, cluster)
            try:
                recorded = _watch(sweep, results, len(cells))
            except KeyboardInterrupt:
                print(
                    "Stopped; finished cells are kept: the same command trains the others.",
                    file=sys.stderr,
                )
                return False
            except UnrollError as error:
                print(error, file=sys.stderr)
                return False
            return recorded and (observer is not None) == record
    finally:
        cluster.close()


@contextmanager
def _observer(record: bool) -> Iterator[RecordedCells | None]:
    """Who records the cells; a store that cannot be opened costs a sentence and no sweep."""
    with ExitStack() as stack:
        observer = None
        if record:
            try:
                observer = RecordedCells(stack.enter_context(closing(open_store())))
                stack.callback(_close, observer)
            except StoreError as error:
                print(f"{error} The sweep goes on; its runs are not recorded.", file=sys.stderr)
        yield observer


def _close(observer: RecordedCells) -> None:
    with suppress(StoreError):  # the sweep has told of it
        observer.close()


def _announce(words: str, missing: Sequence[Cell], cluster: Cluster) -> None:
    """What is about to happen and how long it will take, on stderr."""
    cluster.client()
    workers = max(1, cluster.worker_count())
    seconds = timedelta(seconds=round(seconds_of_grid(missing, workers)))
    print(f"{words}, about {seconds} on {workers} workers of {cluster.name}.", file=sys.stderr)


def _watch(sweep: Sweep, results: dict[str, CellResult], planned: int) -> bool:
    """Run to the end with a bar that counts steps and cells; whether nothing went unrecorded."""
    recorded = True
    steps = {cell.key: cell.config.steps for cell in sweep.missing}
    taken = dict.fromkeys(steps, 0)
    with tqdm(total=sum(steps.values()), unit="step", file=sys.stderr, mininterval=0.5) as bar:
        for news in sweep.run():
            if isinstance(news, Workers):
                if not news.count:
                    bar.set_postfix_str("waiting for a worker", refresh=False)
                continue
            if isinstance(news, Unrecorded):
                recorded = False
                bar.write(news.reason, file=sys.stderr)
                continue
            step = news.mark.step if isinstance(news, OnTheWay) else steps[news.key]
            bar.update(max(0, step - taken[news.key]))
            taken[news.key] = max(step, taken[news.key])
            if isinstance(news, CellResult):
                results[news.key] = news
            bar.set_postfix_str(f"{len(results)} of {planned} cells", refresh=False)
    return recorded
