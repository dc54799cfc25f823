"""How much a verdict on latch texts owes to which seeds happened to be drawn.

A bootstrap: the grid's own seeds are drawn again, with replacement, and each time the rule of
`verdict.py` is applied to what they recalled. Knows nothing of how cells are trained.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.experiments.cells import Line
from core.experiments.plan import SweepPlan
from core.experiments.verdict import LEARNED, Group

RESAMPLES = 2_000
SETTLED = 0.95
"""In so many of the resamples the same line must reach further, or neither of the two."""
_FEWEST_SEEDS = 3


@dataclass(frozen=True, slots=True)
class Certainty:
    """What the rule says when seeds are drawn again, as shares of the resamples.

    Attributes:
        limits: of each line, how often it gets which limit; None is a limit below the grid.
        ahead: of two lines, how often each reaches further than the other; empty otherwise.
    """

    limits: Mapping[Line, Mapping[int | None, float]]
    ahead: Mapping[Line, float]

    @property
    def settled(self) -> bool:
        """Whether it hardly matters which seeds were drawn for which line reaches further.

        That both reach equally far can be settled, too.
        """
        if not self.ahead:
            return False
        equal = 1 - sum(self.ahead.values())
        return max(*self.ahead.values(), equal) >= SETTLED


def certainty(plan: SweepPlan, found: Sequence[Group]) -> Certainty | None:
    """Draw the seeds again; the same draw serves all lines, whose seeds share their data.

    Args:
        plan: of latch texts.
        found: its groups, as from `verdict.groups`.

    Returns:
        None where nothing can be said: on other texts, with fewer than three seeds, or while
        seeds are missing.
    """
    if (
        not plan.on_latch
        or plan.seeds < _FEWEST_SEEDS
        or any(group.done < group.planned for group in found)
    ):
        return None
    draws = np.random.default_rng(0).integers(0, plan.seeds, (RESAMPLES, plan.seeds))
    reached = {}
    for line in plan.lines:
        own = [group for group in found if group.line == line]
        recalls = np.array([[g.by_seed[seed] for seed in sorted(g.by_seed)] for g in own])
        passes = np.median(recalls[:, draws], axis=2) >= LEARNED  # (distances, resamples)
        # The largest distance that passes; 0 stands for none.
        distances = np.array([group.distance for group in own])[:, None]
        reached[line] = np.where(passes, distances, 0).max(axis=0)  # (resamples,)
    ahead = {}
    if len(reached) == 2:
        (one, first), (other, second) = reached.items()
        ahead = {one: float((first > second).mean()), other: float((second > first).mean())}
    return Certainty({line: _shares(limits) for line, limits in reached.items()}, ahead)


def in_words(plan: SweepPlan, sure: Certainty | None) -> str:
    """The same in sentences; nothing where nothing can be said yet."""
    if not plan.on_latch:
        return ""
    if plan.seeds < _FEWEST_SEEDS:
        return "So few seeds say nothing about other ones: take five or more."
    if sure is None:
        return ""
    lines = "; ".join(
        f"{plan.line_name(line)} {_listed(plan, shares)}" for line, shares in sure.limits.items()
    )
    told = f"Drawing these {plan.seeds} seeds again, with repetition, gives: {lines}."
    if not sure.ahead:
        return told
    (one, first), (other, second) = ((plan.line_name(n), s) for n, s in sure.ahead.items())
    ahead = f"{one} reaches further in {100 * first:.0f} %, {other} in {100 * second:.0f} %"
    return f"{told} {ahead} of the draws: " + (
        "so it hardly depends on the seeds."
        if sure.settled
        else f"so {plan.seeds} seeds do not settle which reaches further. Take more, or others."
    )


def _shares(limits: np.ndarray) -> dict[int | None, float]:
    values, counts = np.unique(limits, return_counts=True)
    shares = {int(v) or None: float(n) / len(limits) for v, n in zip(values, counts, strict=True)}
    return dict(sorted(shares.items(), key=lambda item: -item[1]))


def _listed(plan: SweepPlan, shares: Mapping[int | None, float]) -> str:
    """The limits that make up most of the draws: "16 in 58 %, 8 in 41 %"."""
    words = []
    for limit, share in list(shares.items())[:3]:
        name = f"less than {plan.distances[0]}" if limit is None else f"{limit}"
        words.append(f"{name} in {100 * share:.0f} %")
    return ", ".join(words)
