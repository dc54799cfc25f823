"""What a worker of a cluster does with one cell: train it, and tell how far it is.

Knows nothing of who asked. Workers find `work` by the name of this module, so the same code must
lie on each of them.
"""

from __future__ import annotations

from dataclasses import astuple, replace
from time import perf_counter
from typing import TYPE_CHECKING

from core.experiments.cells import Cell, Mark

if TYPE_CHECKING:  # torch takes seconds to load, in which a worker would not answer
    from core.experiments.cell_run import CellRun


def work(cell: Cell, topic: str) -> CellRun:
    """Train a cell; each mark is told on the topic: the task's key, seconds, the mark's values."""
    from distributed import get_worker

    from core.experiments.train_cell import train_cell

    worker = get_worker()
    task = worker.get_current_task()
    began = perf_counter()

    def tell(mark: Mark) -> None:
        worker.log_event(topic, [task, perf_counter() - began, *astuple(mark)])

    def wanted() -> bool:
        state = worker.state.tasks.get(task)
        return state is not None and state.state == "executing"

    run = train_cell(cell, tell, wanted)
    return replace(run, result=replace(run.result, worker=str(worker.name)))
