"""From recall on latch texts to a verdict: reaches, their ratio, and what would settle it.

Pure functions, the rule beside the sentences. Knows nothing of how cells are trained; the
numbers are made in `reach.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.experiments.cells import Line
from core.experiments.groups import Group, common_seeds, scores_of
from core.experiments.plan import LONGEST_LAG, MAX_CELLS, MAX_SEEDS, ROOM, SweepPlan
from core.experiments.reach import (
    ENOUGH_SEEDS,
    FEWEST_SEEDS,
    HALFWAY,
    RESAMPLES,
    Interval,
    Ratio,
    Reach,
    next_lags,
    ratio,
    reaches,
    seeds_to_settle,
)
from core.experiments.verdict import ARTICLE, FEW_SEEDS, Verdict, conditions, so_far

_ARTICLES_RATIO = 2.0

LATCH_RULE = (
    "Reach is the lag at which the mean recall over seeds falls through halfway between chance "
    f"(12.5 %, for who knows where an echo stands) and all, {100 * HALFWAY:.2f} %, on straight "
    "lines between the grid's lags; where it falls more than once, the last fall counts. Recall is "
    "measured on 1,000 unseen echoes, at the end of the budget; a lag is trained with unrollings = "
    f"lag + {ROOM}. A seed has its own text and its own first weights, and one that diverged "
    f"counts as recalling nothing. Intervals, in brackets, hold 95 % of {RESAMPLES:,} bootstrap "
    "draws of the seeds, the same draws for every line. Which line reaches further is settled when "
    f"the interval of their ratio, of {ENOUGH_SEEDS} seeds or more, does not contain 1. In "
    "simulations the interval of 16 seeds held the true reach 93 times in 100, that of 8 seeds 90 "
    "times."
)


def latch_verdicts(plan: SweepPlan, found: Sequence[Group]) -> list[Verdict]:
    """One for each line, all by the seeds that are in everywhere."""
    seeds, lags = common_seeds(found), np.array(plan.distances, float)
    told = []
    for line in plan.lines:
        own = _own(found, line)
        complete = all(group.done == group.planned for group in own)
        if not seeds:
            told.append(Verdict(line, None, False, complete, ""))
            continue
        recalls = scores_of(own, seeds)
        means = recalls.mean(axis=1)
        above = [lag for lag, mean in zip(plan.distances, means, strict=True) if mean >= HALFWAY]
        told.append(
            Verdict(
                line=line,
                limit=above[-1] if above else None,
                open_ended=bool(above) and above[-1] == plan.distances[-1],
                complete=complete,
                spread=_spread(plan, line, recalls),
                reach=reaches(lags, recalls)[0],
            )
        )
    return told


def _spread(plan: SweepPlan, line: Line, recalls: np.ndarray) -> str:
    seeds = recalls.shape[1]
    parts = [
        f"lag {lag} {100 * own.mean():.0f} % ({(own >= HALFWAY).sum()} of {seeds} seeds)"
        for lag, own in zip(plan.distances, recalls, strict=True)
    ]
    recalled = "mean recall at the end, and seeds above halfway"
    return f"{plan.line_name(line)}, {recalled}: {', '.join(parts)}."


def compared(plan: SweepPlan) -> tuple[Line, Line] | None:
    """The two lines whose ratio is told, the denominator first; None unless there are two."""
    if len(plan.lines) != 2:
        return None
    one, other = plan.lines
    if (one.activation, other.activation) == ("relu", "tanh"):
        return other, one
    return one, other


def ratio_of(plan: SweepPlan, found: Sequence[Group]) -> Ratio | None:
    """How many times as far the second of two lines reaches; None where nothing can be said."""
    pair, seeds = compared(plan), common_seeds(found)
    if pair is None or not seeds:
        return None
    first, second = (scores_of(_own(found, line), seeds) for line in pair)
    return ratio(np.array(plan.distances, float), first, second)


def headline(plan: SweepPlan, told: Sequence[Verdict], found: Ratio | None, seeds: int) -> str:
    """Reaches and ratio in a sentence.

    Args:
        plan: of latch texts.
        told: from `latch_verdicts`.
        found: from `ratio_of`.
        seeds: how many are in at every lag of every line.
    """
    words: list[str] = []
    for verdict in told:
        if verdict.reach is None:
            return "No seed is in at every lag yet."
        verb, unit = ("", "") if words else (" reaches", " characters back")
        words.append(f"{plan.line_name(verdict.line)}{verb} {_reach(verdict.reach, unit)}")
    sentence = f"{', '.join(words)}, {conditions(plan, seeds)}."
    if found is not None and (pair := compared(plan)):
        first, second = map(plan.line_name, pair)
        sentence += (
            f" {second} reaches {_times(found)} as far as {first}."
            if found.known
            else " How far one reaches against the other lies outside of this grid."
        )
    complete = all(verdict.complete for verdict in told)
    return sentence if complete else so_far(plan, seeds) + sentence


def certainty(plan: SweepPlan, found: Ratio | None, complete: bool) -> str:
    """Whether the seeds settle which of two lines reaches further, and what would; or nothing."""
    if plan.seeds < FEWEST_SEEDS:
        return FEW_SEEDS
    pair = compared(plan)
    if pair is None or found is None or found.interval is None or not complete:
        return ""
    first, second = map(plan.line_name, pair)
    shares = (
        f"{first} reaches further in {_percent(found.shares[0])}, {second} in "
        f"{_percent(found.shares[1])} of {RESAMPLES:,} draws of the seeds."
    )
    if found.excludes_one:
        further = second if found.interval.low > 1 else first
        if not found.settled:
            return (
                f"Not settled: the ratio's interval does not contain 1, in favour of {further}, "
                f"but of {plan.seeds} seeds it is too short: take {ENOUGH_SEEDS} or more. {shares}"
            )
        return f"Settled by these seeds, at 95 %: {further} reaches further here. {shares}"
    return f"Not settled: the ratio's interval contains 1. {_remedy(plan, found)}{shares}"


def _remedy(plan: SweepPlan, found: Ratio) -> str:
    needed = seeds_to_settle(found, plan.seeds)
    if needed is None:
        return ""
    if needed > MAX_SEEDS:
        return f"Even {MAX_SEEDS} seeds, the most that a grid takes, would hardly settle it. "
    more = needed - plan.seeds
    shown = "one more seed" if more == 1 else f"{more} more seeds"
    return f"If the ratio stays, about {shown} would settle it (an estimate). "


def further_plan(plan: SweepPlan, told: Sequence[Verdict], found: Ratio | None) -> SweepPlan | None:
    """The grid that would say more, whose cells hold this one's; None where none is offered.

    Lags beyond the grid where a reach lies there, else as many more seeds as might settle which
    line reaches further.
    """
    if not all(verdict.complete and verdict.reach for verdict in told):
        return None
    bounds = {verdict.reach.bound for verdict in told if verdict.reach}
    unsettled = found is not None and found.interval is not None and not found.settled
    needed = seeds_to_settle(found, plan.seeds) if found is not None else None
    if unsettled and needed is None and not any(bounds):
        bounds = _ends(told)
    lags = {
        lag
        for bound in bounds
        if bound is not None
        for lag in next_lags(plan.distances, bound, LONGEST_LAG)
    } - set(plan.distances)
    changes: dict[str, object] = {}
    if lags:
        changes = {"lags": tuple(sorted({*plan.distances, *lags}))}
    elif needed is not None and plan.seeds < MAX_SEEDS:
        changes = {"seeds": min(MAX_SEEDS, needed)}
    if not changes:
        return None
    further = plan.model_copy(update=changes)
    return further if further.cell_count <= MAX_CELLS else None


def what_is_added(plan: SweepPlan, further: SweepPlan) -> str:
    """What `further_plan` has more: "12 seeds", "lags 20, 24"."""
    if further.seeds > plan.seeds:
        more = further.seeds - plan.seeds
        return "one seed" if more == 1 else f"{more} seeds"
    lags = [str(lag) for lag in further.distances if lag not in plan.distances]
    return f"lag{'s' if len(lags) > 1 else ''} {', '.join(lags)}"


def beside_the_article(plan: SweepPlan, found: Ratio | None) -> str:
    """How the ratio stands to the article's 40 over 20, in sentences."""
    pair = compared(plan)
    if found is None or not found.known or pair is None:
        return ARTICLE
    if [line.activation for line in pair] != ["tanh", "relu"]:
        return ARTICLE
    told = f"{ARTICLE} Measured here: {_times(found)} as far"
    if found.interval is None:
        return f"{told}, without an interval."
    if found.interval.contains(_ARTICLES_RATIO):
        both = " and so is 1" if found.interval.contains(1.0) else ""
        return f"{told}; 2 is inside of that interval{both}, which neither confirms nor refutes it."
    return f"{told}; 2 is outside of that interval."


def _own(found: Sequence[Group], line: Line) -> list[Group]:
    return [group for group in found if group.line == line]


def _ends(told: Sequence[Verdict]) -> set:
    """On which sides of the grid the reaches' intervals end."""
    intervals = [v.reach.interval for v in told if v.reach and v.reach.interval]
    below = {"less than" for interval in intervals if interval.low == 0}
    return below | {"at least" for interval in intervals if np.isinf(interval.high)}


def _reach(reach: Reach, unit: str) -> str:
    """ "10.4 characters back [10.1, 10.7]", "at least 16 [14.2, beyond 16]"."""
    first, last = reach.lags
    edge = {"less than": first, "at least": last}
    value = f"{reach.bound} {edge[reach.bound]}" if reach.bound else f"{reach.value:.1f}"
    return f"{value}{unit}{_brackets(reach.interval, 1, f'below {first}', f'beyond {last}')}"


def _times(found: Ratio) -> str:
    """ "1.24 times [1.13, 1.32]", "at least 1.3 times [...]"."""
    if found.value is not None:
        times = f"{found.value:.2f} times"
    elif found.least > 0:
        times = f"at least {found.least:.2f} times"
    else:
        times = f"less than {found.most:.2f} times"
    return times + _brackets(found.interval, 2, "no lower end", "no upper end")


def _percent(share: float) -> str:
    return f"{round(100 * share, 2):g} %"  # 1,999 of 2,000 draws are not all


def _brackets(interval: Interval | None, digits: int, below: str, beyond: str) -> str:
    if interval is None:
        return ""
    low = below if interval.low == 0 else _end(interval.low, digits, beyond)
    high = below if interval.high == 0 else _end(interval.high, digits, beyond)
    return f" [{low}]" if low == high and low in (below, beyond) else f" [{low}, {high}]"


def _end(value: float, digits: int, beyond: str) -> str:
    return beyond if np.isinf(value) else f"{value:.{digits}f}"
