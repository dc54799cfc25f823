"""A sweep as rows and a summary, for a file, a table or another program.

Knows nothing of files or pages. Losses in nats per character; a diverged cell's recall is
given as measured, while the verdict counts it as 0. `low` and `high` are the ends of 95 %
intervals, None where there is none or it ends beyond the grid.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from core.experiments.cells import Cell, CellResult
from core.experiments.groups import Group
from core.experiments.horizons import (
    HORIZON_RULE,
    MOMENTS,
    Difference,
    Horizon,
    Horizons,
    Moment,
)
from core.experiments.judgement import Judgement
from core.experiments.plan import SweepPlan
from core.experiments.reach import Interval, Reach, bound_of


def counted(plan: SweepPlan, cells: Sequence[Cell], kept: int) -> str:
    """How many cells there are, how many of them are for horizons, how many need no training."""
    words = [f"{len(cells)} cells"]
    if beside := len(cells) - len(plan.of_grid(cells)):
        words.append(f"{beside} of them for horizons")
    if kept:
        words.append(f"{kept} measured before")
    return ", ".join(words)


def cell_rows(
    plan: SweepPlan, cells: Sequence[Cell], results: Mapping[str, CellResult]
) -> list[dict[str, Any]]:
    """A row a cell of the grid, by line, distance and seed; one still to come is "waiting"."""
    place = {line: number for number, line in enumerate(plan.lines)}
    ordered = sorted(
        plan.of_grid(cells), key=lambda cell: (place[cell.line], cell.distance, cell.seed)
    )
    return [_cell_row(plan, cell, results.get(cell.key)) for cell in ordered]


REACH_COLUMNS = ("line", "reach", "low", "high")


def reach_rows(judgement: Judgement) -> list[dict[str, Any]]:
    """A row of `REACH_COLUMNS` for each line that has a reach; 0 and infinity are outside."""
    return [
        {
            "line": judgement.plan.line_name(verdict.line),
            "reach": verdict.reach.value,
            "low": verdict.reach.interval.low if verdict.reach.interval else None,
            "high": verdict.reach.interval.high if verdict.reach.interval else None,
        }
        for verdict in judgement.verdicts
        if verdict.reach is not None
    ]


def table(
    plan: SweepPlan, cells: Sequence[Cell], results: Mapping[str, CellResult]
) -> list[dict[str, Any]]:
    """All cells with the same columns: the grid's, and below them those for horizons."""
    rows = cell_rows(plan, cells, results)
    if plan.horizon_plan is not None:
        rows += cell_rows(plan.horizon_plan, cells, results)
    columns = dict.fromkeys(name for row in rows for name in row)
    return [{name: row.get(name) for name in columns} for row in rows]


def _cell_row(plan: SweepPlan, cell: Cell, result: CellResult | None) -> dict[str, Any]:
    config = cell.config
    row: dict[str, Any] = {
        "line": plan.line_name(cell.line),
        "activation": config.activation,
        "clip": config.clip,
        "init": config.init,
        "architecture": config.architecture,
        **({"lag": cell.distance} if plan.on_latch else {}),
        "unrollings": config.unrollings,
        "seed": cell.seed,
        "updates_planned": config.steps,
        "characters_planned": cell.characters,
        "status": result.status if result else "waiting",
    }
    if plan.on_latch:
        names = ("recall", "recall_at_end", "floor_nats")
        row |= {name: getattr(result, name, None) for name in names}
    else:
        row |= {name: getattr(result, name, None) for name in (*MOMENTS, "probed_lags")}
    return row | {
        "loss_nats": result and result.loss_nats,
        "max_grad_norm": result and result.max_grad_norm,
        "updates": result.updates if result else 0,
        "characters": result.characters if result else 0,
        "seconds": result and result.seconds,
        "worker": result.worker if result else "",
        "message": result.message if result else "",
    }


def group_rows(judgement: Judgement) -> list[dict[str, Any]]:
    """A row for the seeds of each line and distance: what the map and the table show."""
    plan = judgement.plan
    return [
        {
            "line": plan.line_name(group.line),
            "activation": group.line.activation,
            "distance": group.distance,
            "outcome": group.outcome,
            **_mean(plan.score_name, group),
            **(_on_latch(group) if plan.on_latch else {}),
            **_spread("loss_nats", group.losses),
            "seeds_done": group.done,
            "seeds": group.planned,
            "batch_size": group.windows,
            "diverged": group.diverged,
            "failed": group.failed,
            "updates": group.updates,
            "characters": group.characters,
            "max_grad_norm": group.max_grad_norm,
        }
        for group in judgement.groups
    ]


def _on_latch(group: Group) -> dict[str, Any]:
    """The spread of recall at its best and at the end."""
    best, at_end = _spread("recall", group.best), _spread("recall_at_end", group.scores)
    return {**best, **at_end, "seeds_learned": group.learned}


def _mean(name: str, group: Group) -> dict[str, float | None]:
    """The mean score over seeds and its interval."""
    low, high = _ends(group.interval)
    return {f"{name}_mean": group.mean, f"{name}_low": low, f"{name}_high": high}


def _spread(name: str, values: Sequence[float]) -> dict[str, float | None]:
    """The median, lowest and highest of sorted values."""
    return {
        f"{name}_median": median(values) if values else None,
        f"{name}_lowest": values[0] if values else None,
        f"{name}_highest": values[-1] if values else None,
    }


def summary(
    judgement: Judgement, cells: Sequence[Cell], results: Mapping[str, CellResult]
) -> dict[str, Any]:
    """All of a sweep: plan, rule, cells, groups, and the verdict in numbers and sentences."""
    plan, ratio = judgement.plan, judgement.ratio
    ratio_low, ratio_high = _ends(ratio.interval if ratio else None)
    return {
        "plan": plan.model_dump(mode="json"),
        "rule": judgement.rule,
        "cells": cell_rows(plan, cells, results),
        "groups": group_rows(judgement),
        "verdicts": [
            {
                "line": plan.line_name(verdict.line),
                "activation": verdict.line.activation,
                "limit": verdict.limit,
                "open_ended": verdict.open_ended,
                "complete": verdict.complete,
                "spread": verdict.spread,
                **_reach(verdict.reach),
            }
            for verdict in judgement.verdicts
        ],
        "verdict": judgement.headline,
        "certainty": judgement.certainty_in_words,
        "ahead": judgement.ahead,
        "article": judgement.article,
        "ratio": ratio.value if ratio else None,
        "ratio_low": ratio_low,
        "ratio_high": ratio_high,
        "ratio_of": [plan.line_name(line) for line in reversed(judgement.compared or ())],
        "settled": ratio is not None and ratio.settled,
        "offered": judgement.added,
        "horizon": judgement.horizons and _horizon(judgement.horizons, results),
    }


def _horizon(found: Horizons, results: Mapping[str, CellResult]) -> dict[str, Any]:
    """The second measure: horizons by line at both moments, their differences, sentences, cells."""
    plan, pair = found.plan, found.compared
    return {
        "text": plan.text,
        "unrollings": plan.distances[0],
        "seeds": plan.seeds,
        "probed_lags": found.lags,
        "lines": [
            {
                "line": plan.line_name(line),
                "activation": line.activation,
                **{
                    name: value
                    for moment in MOMENTS
                    for name, value in _at(moment, found.by_line[moment].get(line)).items()
                },
            }
            for line in plan.lines
        ],
        "difference_of": [plan.line_name(line) for line in reversed(pair or ())],
        **{
            name: value
            for moment in MOMENTS
            for name, value in _difference(moment, found.differences.get(moment)).items()
        },
        "verdict": found.headline,
        "order": found.order,
        "meaning": found.meaning,
        "rule": HORIZON_RULE,
        "cells": cell_rows(plan, found.cells, results),
    }


def _at(moment: Moment, horizon: Horizon | None) -> dict[str, float | str | None]:
    """A mean and its interval; of a bound *at least* the upper end is None."""
    low, high = _finite_ends(horizon.interval if horizon else None)
    return {
        moment: horizon.mean if horizon else None,
        f"{moment}_low": low,
        f"{moment}_high": high,
        f"{moment}_bound": "at least" if horizon and horizon.beyond else None,
    }


def _difference(moment: Moment, found: Difference | None) -> dict[str, float | None]:
    low, high = _finite_ends(found.interval if found else None)
    name = moment.replace("horizon", "difference")
    return {name: found.mean if found else None, f"{name}_low": low, f"{name}_high": high}


def _finite_ends(interval: Interval | None) -> tuple[float | None, float | None]:
    """An interval's ends, None where there is none."""
    if interval is None:
        return None, None
    low, high = interval.low, interval.high
    return None if math.isinf(low) else low, None if math.isinf(high) else high


def _reach(reach: Reach | None) -> dict[str, float | str | None]:
    low, high = _ends(reach.interval if reach else None)
    return {
        "reach": reach.inside if reach else None,
        "reach_low": low,
        "reach_high": high,
        "reach_bound": reach.bound if reach else None,
    }


def _ends(interval: Interval | None) -> tuple[float | None, float | None]:
    """An interval's ends, None where there is none or it lies beyond the grid."""
    if interval is None:
        return None, None
    low, high = interval.low, interval.high
    return None if bound_of(low) else low, None if bound_of(high) else high
