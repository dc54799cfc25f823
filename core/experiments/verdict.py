"""What is said of one line of a grid, and words that all instruments share.

Knows nothing of how a verdict is reached: see `latch_verdict.py`, `text_verdict.py` and
`horizons.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from core.experiments.cells import Line
from core.experiments.plan import SweepPlan
from core.experiments.reach import Interval, Reach
from core.labels import value_name

FEW_SEEDS = "So few seeds have no interval, and say nothing about other ones: take five or more."
ARTICLE = (
    "The article claims that tanh trains up to about 20 unrollings and ReLU up to 40, twice as "
    "many, and gives no rule by which to measure them."
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How far one line got, by the seeds that are in at every distance."""

    line: Line
    limit: int | None  # the lag, or T; None if no distance of the grid passes
    open_ended: bool  # the limit is the grid's last distance: it may lie beyond
    complete: bool  # every seed of this line is in
    spread: str  # a sentence
    reach: Reach | None = None  # latch texts, from the first seed on


def conditions(plan: SweepPlan, seeds: int) -> str:
    """Under which a verdict was reached: "in 1,000 updates of Adam at 0.002, 16 seeds"."""
    shown = "one seed" if seeds == 1 else f"{seeds} seeds"
    optimiser = value_name(plan.base.optimiser)
    rate = f"{plan.base.learning_rate:g}"
    return f"in {plan.amount:,} {plan.budget} of {optimiser} at {rate}, {shown}"


def so_far(plan: SweepPlan, seeds: int) -> str:
    """What an unfinished verdict begins with."""
    return f"So far, with {seeds} of {plan.seeds} seeds in: "


def brackets(interval: Interval | None, digits: int) -> str:
    """An interval behind its number: " [9.3, 10.0]", " [28.0, no upper end]"; empty for none."""
    if interval is None:
        return ""
    low = "no lower end" if math.isinf(interval.low) else _end(interval.low, digits)
    high = "no upper end" if math.isinf(interval.high) else _end(interval.high, digits)
    return f" [{low}, {high}]"


def _end(value: float, digits: int) -> str:
    return f"{round(value, digits) + 0.0:.{digits}f}"  # no -0.0
