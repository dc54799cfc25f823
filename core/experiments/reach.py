"""How far back is learned, from what seeds recalled at each lag: numbers and their intervals.

Knows nothing of cells, plans or sentences: arrays in, numbers out.

*Reach* is the lag at which the mean recall over seeds falls through halfway between chance and
1, on straight lines between the grid's lags. Where it falls more than once, the last fall counts:
reach is how far back is still learned, whatever happens before.

    recall 1 |o-----o
             |       \\            Outside of the grid there are two ends more: 0.0 stands for
     HALFWAY |--------x------     "less than the first lag" (nowhere above halfway), infinity
             |        :\\          for "at least the last lag" (still above it there).
      chance |        : o----o
             +--------^--------  lag
                    reach

Intervals are bootstraps over seeds: percentiles of what comes out when seeds are drawn again, the
same draws for whatever is compared. One seed fewer is drawn than there are, which makes the
spread of a mean that of the usual standard error, also with few seeds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

CHANCE = 1 / 8
"""What guessing one of the eight keys recalls."""
HALFWAY = (1 + CHANCE) / 2
RESAMPLES = 2_000
FEWEST_SEEDS = 3
"""With fewer there are no intervals."""
ENOUGH_SEEDS = 8
"""With fewer an interval is too short to settle anything: of 3 to 7 seeds it held the mean of
made-up normal values 75 to 90 times in 100, and not 95."""

Bound = Literal["at least", "less than"]


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % interval; of a reach or ratio its ends may be 0.0 and infinity, see above."""

    low: float
    high: float

    def contains(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Reach:
    """The reach of one line, in characters.

    Attributes:
        value: 0.0 and infinity stand for outside of the grid.
        interval: None with too few seeds.
        lags: the grid's first and last.
    """

    value: float
    interval: Interval | None
    lags: tuple[int, int]

    @property
    def bound(self) -> Bound | None:
        """On which side of the grid it lies, None inside."""
        return bound_of(self.value)

    @property
    def inside(self) -> float | None:
        """The value, None outside of the grid."""
        return None if self.bound else self.value


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times as far one line reaches as another.

    Attributes:
        least, most: equal where both reaches lie inside the grid; else the range that is left.
        interval: None with too few seeds. Wherever a draw's reach lies outside of the grid, it
            counts with the whole range that is left to it.
        shares: of the draws, those in which the first, and the second, reaches further.
        seeds: of each line.
    """

    least: float
    most: float
    interval: Interval | None
    shares: tuple[float, float]
    seeds: int

    @property
    def value(self) -> float | None:
        """None where a reach lies outside of the grid."""
        return self.least if self.least == self.most else None

    @property
    def known(self) -> bool:
        """Whether anything is: two reaches beyond the same end leave any ratio."""
        return self.least > 0 or math.isfinite(self.most)

    @property
    def excludes_one(self) -> bool:
        """Whether the interval lies on one side."""
        return self.interval is not None and not self.interval.contains(1.0)

    @property
    def settled(self) -> bool:
        """Whether the seeds say which of the two reaches further."""
        return self.excludes_one and self.seeds >= ENOUGH_SEEDS


def bound_of(value: float) -> Bound | None:
    """What an end beyond the grid is called; None for a value inside."""
    return "less than" if value == 0 else "at least" if math.isinf(value) else None


@lru_cache(maxsize=64)
def draws(seeds: int) -> np.ndarray:
    """How much each seed weighs in each resample, `(RESAMPLES, seeds)`; always the same."""
    drawn = max(1, seeds - 1)
    picked = np.random.default_rng(0).integers(0, seeds, (RESAMPLES, drawn))
    weights = (picked[:, :, None] == np.arange(seeds)).sum(axis=1) / drawn
    weights.setflags(write=False)
    return weights


def percentiles(values: np.ndarray) -> Interval:
    """The middle 95 % of values, which may be infinite."""
    low, high = np.quantile(values, (0.025, 0.975), method="inverted_cdf")
    return Interval(float(low), float(high))


def mean_interval(values: np.ndarray) -> Interval | None:
    """Of the mean over seeds; None with too few, or where one is not finite."""
    if len(values) < FEWEST_SEEDS or not np.isfinite(values).all():
        return None
    return percentiles(draws(len(values)) @ values)


def crossing(lags: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Where mean recall falls through halfway for the last time.

    Args:
        lags: rising, `(L,)`.
        means: `(L, R)`, a column for each case.

    Returns:
        `(R,)`, 0.0 where no lag is above, infinity where the last one is.
    """
    above = means >= HALFWAY  # (L, R)
    found = np.where(above[-1], np.inf, 0.0)
    falls = above[:-1] & ~above[1:]  # (L - 1, R), between a lag and the next
    inside = np.flatnonzero(~above[-1] & falls.any(axis=0))
    if len(inside):
        at = len(falls) - 1 - falls[::-1, inside].argmax(axis=0)
        before, after = means[at, inside], means[at + 1, inside]
        share = (before - HALFWAY) / (before - after)
        found[inside] = lags[at] + share * (lags[at + 1] - lags[at])
    return found


def reaches(lags: np.ndarray, recalls: np.ndarray) -> tuple[Reach, np.ndarray]:
    """One line's reach, and what it is in each resample.

    Args:
        lags: rising, `(L,)`.
        recalls: at the end, `(L, seeds)`; a seed that diverged recalls 0.

    Returns:
        The reach, and `(RESAMPLES,)`, coded as `crossing` does.
    """
    seeds = recalls.shape[1]
    value = float(crossing(lags, recalls.mean(axis=1, keepdims=True))[0])
    drawn = crossing(lags, recalls @ draws(seeds).T)
    interval = percentiles(drawn) if seeds >= FEWEST_SEEDS else None
    return Reach(value, interval, (int(lags[0]), int(lags[-1]))), drawn


def ratio(lags: np.ndarray, first: np.ndarray, second: np.ndarray) -> Ratio:
    """Second over first, from what the same seeds recalled, each `(L, seeds)`."""
    (one, drawn_one), (other, drawn_other) = reaches(lags, first), reaches(lags, second)
    least, most = _quotient(lags, np.array([other.value]), np.array([one.value]))
    interval = None
    if first.shape[1] >= FEWEST_SEEDS:
        low, high = _quotient(lags, drawn_other, drawn_one)
        interval = Interval(percentiles(low).low, percentiles(high).high)
    ahead = float((drawn_one > drawn_other).mean()), float((drawn_other > drawn_one).mean())
    return Ratio(float(least[0]), float(most[0]), interval, ahead, first.shape[1])


def _quotient(
    lags: np.ndarray, above: np.ndarray, below: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The least and the most that above / below can be."""
    (low, high), (under, over) = _range(lags, above), _range(lags, below)
    with np.errstate(divide="ignore"):
        return low / over, high / under


def _range(lags: np.ndarray, reach: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Between what a reach lies; the two are equal inside the grid."""
    return np.where(np.isinf(reach), lags[-1], reach), np.where(reach == 0, lags[0], reach)


def seeds_to_settle(found: Ratio, seeds: int) -> int | None:
    """About how many seeds in all it takes until the interval excludes 1: an estimate.

    The interval's side towards 1 shrinks, on a logarithmic scale, as 1 / sqrt(seeds). It takes
    `ENOUGH_SEEDS` at least.

    Returns:
        None where nothing can be said: it is settled, or outside of the grid, or the ratio is 1.
    """
    if found.settled or found.interval is None or found.value is None or found.value == 1:
        return None
    nearer = found.interval.low if found.value > 1 else found.interval.high
    if found.excludes_one:
        return ENOUGH_SEEDS
    if bound_of(nearer):
        return None
    distance = math.log(found.value)
    return max(
        seeds + 1, ENOUGH_SEEDS, math.ceil(seeds * (math.log(found.value / nearer) / distance) ** 2)
    )


def next_lags(lags: tuple[int, ...], bound: Bound, longest: int) -> tuple[int, ...]:
    """Two lags beyond the grid's end, in its own steps; below it one, halfway down.

    Args:
        lags: rising.
        bound: on which side of the grid a reach lies.
        longest: the largest lag there is.
    """
    if bound == "less than":
        return (max(1, lags[0] // 2),) if lags[0] > 1 else ()
    step = lags[-1] - lags[-2] if len(lags) > 1 else max(1, lags[-1] // 2)
    return tuple(lag for lag in (lags[-1] + step, lags[-1] + 2 * step) if lag <= longest)
