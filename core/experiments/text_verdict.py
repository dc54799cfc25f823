"""From validation losses by unrollings to a verdict: what longer windows buy on a real text.

Pure functions, the rule beside the sentences. Knows nothing of how cells are trained.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.experiments.cells import Line
from core.experiments.groups import Group, common_seeds, scores_of
from core.experiments.plan import AT_T, SweepPlan
from core.experiments.reach import FEWEST_SEEDS, Interval, mean_interval
from core.experiments.verdict import Verdict, brackets, conditions, so_far

NEGLIGIBLE = 0.005
"""Nats: a gain that is surely smaller is none."""
_REFERENCE = 5  # the unrollings that others are compared with, where the grid has them

TEXT_RULE = (
    "Every T takes equally many updates, and each update learns from about as many predictions: "
    f"the shorter the windows, the more are read at once, B T being held at that of T {AT_T}. "
    "Scores are validation losses at the end, in nats, means over seeds with 95 % intervals in "
    "brackets, by bootstrap over seeds; for differences each seed is compared with itself. A "
    "longer T gains if the interval of its gain lies above 0 and does not end below "
    f"{NEGLIGIBLE} nats. With 3 to 5 seeds intervals are too narrow: take more before you build "
    "on one. All T share one learning rate. T 1 passes no gradient back in time: what such a "
    "network uses of earlier characters, its state carries without being trained to."
)


@dataclass(frozen=True, slots=True)
class Gain:
    """By how many nats a longer window's loss is lower, seed by seed; below 0 it is higher."""

    mean: float
    interval: Interval

    @property
    def measurable(self) -> bool:
        return self.interval.low > 0 and self.interval.high >= NEGLIGIBLE


def gain(shorter: np.ndarray, longer: np.ndarray) -> Gain | None:
    """From two losses a seed, `(seeds,)` each; None with too few seeds or a diverged one."""
    if not (np.isfinite(shorter).all() and np.isfinite(longer).all()):
        return None
    interval = mean_interval(shorter - longer)
    return None if interval is None else Gain(float((shorter - longer).mean()), interval)


def reference(plan: SweepPlan) -> int | None:
    """The T that others are compared with: 5, or the shortest above 1; None if there is none."""
    longer = [distance for distance in plan.distances if distance > 1]
    return _REFERENCE if _REFERENCE in longer else min(longer, default=None)


def text_verdicts(plan: SweepPlan, found: Sequence[Group]) -> list[Verdict]:
    """One for each line, by its seeds that are in at every T."""
    return [
        _verdict(plan, line, [group for group in found if group.line == line])
        for line in plan.lines
    ]


def _verdict(plan: SweepPlan, line: Line, own: Sequence[Group]) -> Verdict:
    complete = all(group.done == group.planned for group in own)
    seeds, at = common_seeds(own), reference(plan)
    if not seeds:
        return Verdict(line, None, False, complete, "")
    losses = dict(zip(plan.distances, scores_of(own, seeds), strict=True))
    limit = _limit(losses, at)
    told = [f"T {distance} {_loss(values)}" for distance, values in losses.items()]
    words = f"{plan.line_name(line)}: {', '.join(told)} nats."
    if at is not None:
        against = [
            f"T {distance} {_gain(losses[at], values)}"
            for distance, values in losses.items()
            if distance != at
        ]
        words += f" Against T {at}: {', '.join(against)}." if against else ""
    return Verdict(
        line=line,
        limit=limit,
        open_ended=limit is not None and limit == plan.distances[-1],
        complete=complete,
        spread=words,
    )


def _limit(losses: dict[int, np.ndarray], at: int | None) -> int | None:
    """The T above which nothing of the grid gains; None where that cannot be said."""
    if at is None:
        return None
    limit = at
    for distance, values in losses.items():
        if distance <= limit:
            continue
        found = gain(losses[limit], values)
        if found is None:
            return None
        if found.measurable:
            limit = distance
    return limit if any(distance > at for distance in losses) else None


def text_headline(plan: SweepPlan, told: Sequence[Verdict], found: Sequence[Group]) -> str:
    """What longer windows buy, in a sentence."""
    seeds = len(common_seeds(found))
    if not any(verdict.spread for verdict in told):
        return "No seed is in at every T yet."
    words = [f"{plan.line_name(v.line)}: {_bought(plan, v, seeds)}" for v in told]
    sentence = f"{', '.join(words)}, {conditions(plan, seeds)}."
    return sentence if all(v.complete for v in told) else so_far(plan, seeds) + sentence


def _bought(plan: SweepPlan, verdict: Verdict, seeds: int) -> str:
    at = reference(plan)
    if seeds < FEWEST_SEEDS:
        return "too few seeds to compare T"
    if verdict.limit is None:
        return "no comparison of T"
    if verdict.open_ended:
        return f"the longest T, {verdict.limit}, still gains"
    gains = "" if verdict.limit == at else f"T {verdict.limit} gains over {at}, "
    return f"{gains}T above {verdict.limit} buys nothing measurable"


def _loss(values: np.ndarray) -> str:
    mean = float(values.mean())
    return f"{mean:.3f}{brackets(mean_interval(values), 3)}" if np.isfinite(mean) else "diverged"


def _gain(shorter: np.ndarray, longer: np.ndarray) -> str:
    found = gain(shorter, longer)
    if found is None:
        finite = np.isfinite(shorter).all() and np.isfinite(longer).all()
        return "has too few seeds" if finite else "is not comparable, a seed diverged"
    if found.mean < 0:  # told as what it costs
        costs = Interval(-found.interval.high, -found.interval.low)
        return f"{-found.mean:.4f} worse{brackets(costs, 4)}"
    return f"{found.mean:.4f} better{brackets(found.interval, 4)}"
