"""How long a sweep will take, from a few steps of each kind of cell, taken here and now.

Knows nothing of clusters: other machines, and cores that share memory, may be slower or
faster, so it is an estimate and is called one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from heapq import heapify, heapreplace
from time import perf_counter

from core.config import TrainingConfig
from core.engines.step_time import alike, seconds_of_step
from core.experiments.cells import MARKS, Cell
from core.experiments.recall import echo_recall
from core.networks.initialisers import initial_parameters
from core.networks.stepwise import CharacterModel

WARM_UP = 4.0
"""Seconds until the processes of a cold local cluster train."""


def seconds_of_grid(cells: Sequence[Cell], workers: int, warm: bool = True) -> float:
    """Seconds until all of these cells are trained, each worker taking the next in turn.

    Args:
        cells: those that are not measured yet, in the order in which they are trained.
        workers: how many train at once.
        warm: whether the workers run already.
    """
    if not cells:
        return 0.0
    busy = [0.0] * max(1, workers)
    heapify(busy)
    for seconds in map(_seconds_of_cell, cells):
        heapreplace(busy, busy[0] + seconds)
    return max(busy) + (0.0 if warm else WARM_UP)


def _seconds_of_cell(cell: Cell) -> float:
    config = cell.config
    seconds = config.steps * seconds_of_step(config)
    if cell.lag is not None:
        seconds += min(MARKS, config.steps) * _seconds_of_recall(alike(config), cell.lag)
    return seconds


@lru_cache(maxsize=256)
def _seconds_of_recall(kind: TrainingConfig, lag: int) -> float:
    model = CharacterModel(initial_parameters(kind, seed=0), kind)
    echo_recall(model, lag)  # the first one makes the text
    began = perf_counter()
    echo_recall(model, lag)
    return perf_counter() - began
