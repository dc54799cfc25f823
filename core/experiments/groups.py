"""The results of a grid by line and distance: what the seeds of one place measured.

Knows nothing of verdicts, of how cells are trained, or where results are kept.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.experiments.cells import Cell, CellResult, Line
from core.experiments.plan import SweepPlan
from core.experiments.reach import HALFWAY, Interval, mean_interval

PARTLY = 0.25
"""Mean recall from which something was learned: twice what chance gives."""

Outcome = Literal["learned", "partly", "not", "diverged", "measured", "waiting"]


@dataclass(frozen=True, slots=True)
class Group:
    """The seeds of one line at one distance."""

    line: Line
    distance: int
    planned: int  # seeds
    by_seed: Mapping[int, float]  # recall at the end, or validation loss in nats
    best: tuple[float, ...]  # latch texts: the best recall at any mark; sorted
    losses: tuple[float, ...]  # nats, sorted; on latch texts beside the scores
    diverged: int
    failed: int
    windows: int  # a cell's batch size
    updates: int  # a cell's planned ones
    characters: int
    max_grad_norm: float
    outcome: Outcome

    @property
    def done(self) -> int:
        """Seeds measured."""
        return len(self.by_seed)

    @property
    def scores(self) -> tuple[float, ...]:
        """By seed, sorted."""
        return tuple(sorted(self.by_seed.values()))

    @property
    def mean(self) -> float | None:
        """Of the scores; infinite if a seed's loss is; None before the first."""
        return float(np.mean(self.scores)) if self.by_seed else None

    @property
    def interval(self) -> Interval | None:
        """Of the mean over seeds, 95 %; None with too few seeds."""
        return mean_interval(np.array([self.by_seed[seed] for seed in sorted(self.by_seed)]))

    @property
    def learned(self) -> int:
        """Latch texts: seeds that recall at least halfway between chance and all."""
        return sum(score >= HALFWAY for score in self.scores)


def groups(
    plan: SweepPlan, cells: Sequence[Cell], results: Mapping[str, CellResult]
) -> list[Group]:
    """The results by line and distance, lines in the plan's order, distances rising.

    Args:
        plan: what was asked for.
        cells: the plan's cells; those for horizons are left out.
        results: by a cell's key, as far as they are in.
    """
    found: dict[tuple[Line, int], list[Cell]] = {
        (line, distance): [] for line in plan.lines for distance in plan.distances
    }
    for cell in plan.of_grid(cells):
        found[cell.line, cell.distance].append(cell)
    return [_group(plan, own, results) for own in found.values()]


def common_seeds(found: Sequence[Group]) -> list[int]:
    """The seeds that are measured in every one of these groups, rising."""
    return sorted(set.intersection(*(set(group.by_seed) for group in found)))


def scores_of(found: Sequence[Group], seeds: Sequence[int]) -> np.ndarray:
    """What these seeds scored, `(groups, seeds)`."""
    return np.array([[group.by_seed[seed] for seed in seeds] for group in found])


def _group(plan: SweepPlan, cells: Sequence[Cell], results: Mapping[str, CellResult]) -> Group:
    measured = [(cell, results[cell.key]) for cell in cells if cell.key in results]
    by_seed = {
        cell.seed: score for cell, result in measured if (score := _score(plan, result)) is not None
    }
    diverged = sum(result.status == "diverged" for _, result in measured)
    return Group(
        line=cells[0].line,
        distance=cells[0].distance,
        planned=len(cells),
        by_seed=by_seed,
        best=tuple(sorted(r.recall for _, r in measured if r.recall is not None)),
        losses=tuple(sorted(r.loss_nats for _, r in measured if r.loss_nats is not None)),
        diverged=diverged,
        failed=sum(result.status == "failed" for _, result in measured),
        windows=cells[0].config.batch_size,
        updates=cells[0].config.steps,
        characters=cells[0].characters,
        max_grad_norm=max((result.max_grad_norm for _, result in measured), default=0.0),
        outcome=_outcome(plan, list(by_seed.values()), diverged),
    )


def _score(plan: SweepPlan, result: CellResult) -> float | None:
    if result.status == "failed":
        return None
    if plan.on_latch:
        return 0.0 if result.status == "diverged" else result.recall_at_end
    # A loss that is not finite is worse than any other, and comparable with none. A cell may
    # have one at its very end although no step diverged.
    finite = result.status != "diverged" and result.loss_nats is not None
    return result.loss_nats if finite else math.inf


def _outcome(plan: SweepPlan, scores: Sequence[float], diverged: int) -> Outcome:
    if not scores:
        return "waiting"
    if 2 * diverged > len(scores):
        return "diverged"
    if not plan.on_latch:
        return "measured"
    typical = float(np.mean(scores))
    return "learned" if typical >= HALFWAY else "partly" if typical >= PARTLY else "not"
