"""How long a sweep will take, from a few steps of each kind of cell, taken here and now.

Knows nothing of clusters: other machines, and cores that share memory, may be slower or
faster, so it is an estimate and is called one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from heapq import heapify, heapreplace
from statistics import median
from time import perf_counter

import numpy as np
import torch

from core.config import ALPHABET_SIZE, TrainingConfig
from core.data.corpora import Corpus
from core.networks.initialisers import initial_parameters
from core.networks.stepwise import CharacterModel
from core.training.cell import echo_recall
from core.training.grid import MARKS, Cell
from core.training.threads import prepare_thread
from core.training.trainer import Trainer

WARM_UP = 4.0
"""Seconds until the processes of a cold local cluster train."""

_STEPS = 5
_ENOUGH = 0.2  # seconds; large networks are judged by fewer steps


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


def pace(configs: Iterable[TrainingConfig]) -> float:
    """Training steps a second on one core of this machine, of the slowest of these."""
    return 1 / max(_seconds_of_step(_kind(config)) for config in configs)


def _seconds_of_cell(cell: Cell) -> float:
    kind = _kind(cell.config)
    seconds = cell.config.steps * _seconds_of_step(kind)
    if cell.config.text.startswith("latch:"):
        seconds += min(MARKS, cell.config.steps) * _seconds_of_probe(kind, cell.distance)
    return seconds


def _kind(config: TrainingConfig) -> TrainingConfig:
    """The configuration with all that a step's time does not depend on made the same."""
    return config.changed(
        text="builtin",
        seed=0,
        steps=1,
        report_every=1_000_000,
        learning_rate=1e-6,
        clip=1.0,
        init="zero-mean",
        device="cpu",
    )


@lru_cache(maxsize=256)
def _seconds_of_step(kind: TrainingConfig) -> float:
    prepare_thread()
    length = 2 * kind.batch_size * (kind.unrollings + 1) + 100
    ids = np.random.default_rng(0).integers(0, ALPHABET_SIZE, length).astype(np.uint8)
    trainer = Trainer(kind, Corpus("", "", ids))
    trainer.step()  # the first one allocates
    taken = [_one(trainer)]
    while len(taken) < _STEPS and sum(taken) < _ENOUGH:
        taken.append(_one(trainer))
    return median(taken)


@lru_cache(maxsize=256)
def _seconds_of_probe(kind: TrainingConfig, lag: int) -> float:
    generator = torch.Generator().manual_seed(0)
    weights = {name: w.numpy() for name, w in initial_parameters(kind, generator).items()}
    model = CharacterModel(weights, kind)
    echo_recall(model, lag)  # the first one makes the text
    began = perf_counter()
    echo_recall(model, lag)
    return perf_counter() - began


def _one(trainer: Trainer) -> float:
    before = trainer.seconds
    trainer.step()
    return trainer.seconds - before
