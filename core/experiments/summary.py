"""A sweep as rows and a summary, for a file, a table or another program.

Knows nothing of files or pages. Losses in nats per character; a diverged cell's recall is
given as measured, while the verdict counts it as 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from core.experiments.cells import Cell, CellResult
from core.experiments.judgement import Judgement
from core.experiments.plan import SweepPlan


def counted(planned: int, kept: int) -> str:
    """How many cells there are, and how many of them need no training."""
    return f"{planned} cells" + (f", {kept} of them measured before" if kept else "")


def cell_rows(
    plan: SweepPlan, cells: Sequence[Cell], results: Mapping[str, CellResult]
) -> list[dict[str, Any]]:
    """A row a cell, by line, distance and seed; cells still to come have status "waiting"."""
    place = {line: number for number, line in enumerate(plan.lines)}
    ordered = sorted(cells, key=lambda cell: (place[cell.line], cell.distance, cell.seed))
    return [_cell_row(plan, cell, results.get(cell.key)) for cell in ordered]


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
            **(_spread("recall", group.scores) if plan.on_latch else {}),
            **({"recall_at_end_median": group.at_end} if plan.on_latch else {}),
            **({"seeds_learned": group.learned} if plan.on_latch else {}),
            **_spread("loss_nats", group.losses),
            "seeds_done": group.done,
            "seeds": group.planned,
            "diverged": group.diverged,
            "failed": group.failed,
            "updates": group.updates,
            "characters": group.characters,
            "max_grad_norm": group.max_grad_norm,
        }
        for group in judgement.groups
    ]


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
    plan, sure = judgement.plan, judgement.certainty
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
            }
            for verdict in judgement.verdicts
        ],
        "verdict": judgement.headline,
        "certainty": judgement.certainty_in_words,
        "ahead": {plan.line_name(n): share for n, share in sure.ahead.items()} if sure else {},
        "article": judgement.article,
    }
