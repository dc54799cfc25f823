"""Measure how far back activations learn: a grid of runs on a cluster, and a verdict."""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
from pathlib import Path
from time import monotonic
from typing import Any

from core.cli.ending import DONE, IN_PART, managed
from core.cli.loop import require_writable
from core.cli.texts import add_encoding, text_at_hand
from core.config import allowed
from core.errors import ConfigError, UnrollError, shown
from core.experiments.cells import BASE, LATCH
from core.experiments.cluster import VARIABLE, Cluster, scheduler_address
from core.experiments.horizons import HORIZON_RULE
from core.experiments.judgement import Judgement, judge
from core.experiments.plan import HORIZON_SEEDS, HORIZON_T, SweepPlan, text_sha256
from core.experiments.summary import counted, group_rows, summary, table
from core.experiments.sweep_store import SweepStore
from core.jsonable import finite
from core.paths import replacing

_UPDATES = {True: 1_000, False: 2_000}  # on latch texts, on others
_SEEDS = {True: 16, False: 5}
# Settings that all cells share, as options; the others are axes of the grid.
_SHARED = (
    *("optimiser", "learning_rate", "decay_rate", "decay_steps"),
    *("nodes", "batch_size", "combine", "feedback"),
)
_PER_T = {"batch_size": "; on other texts than latch, that of T 20"}
_AXES = {
    "lags": "distances on latch texts, trained with unrollings = lag + 8 (8,12,16)",
    "unrollings": "distances on other texts, with B T held (1,5,20,40)",
    "activations": "tanh, relu or both (tanh,relu)",
    "clips": f"clipping thresholds, 0 is off ({BASE.clip:g})",
    "inits": f"first weights ({BASE.init})",
    "architectures": f"arch1, arch2 or both ({BASE.architecture})",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The axes of the grid, its budget, what all cells share, and where to train."""
    parser.add_argument("--text", help="latch (default), or builtin, text8, a text file")
    add_encoding(parser)
    for name, about in _AXES.items():
        parser.add_argument(f"--{name}", metavar="LIST", help=f"comma-separated {about}")
    parser.add_argument(
        "--seeds", metavar="N", help="runs of each ({}; {} on other texts)".format(*_SEEDS.values())
    )
    parser.add_argument(
        "--first-seed", metavar="N", help="number of the first seed: others repeat the measure (0)"
    )
    budget = parser.add_mutually_exclusive_group()
    budget.add_argument(
        "--updates",
        metavar="N",
        help="updates of every cell ({:,}; {:,} on other texts)".format(*_UPDATES.values()),
    )
    budget.add_argument("--characters", metavar="N", help="characters of every cell instead")
    for name in _SHARED:
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            metavar=name.split("_")[-1].upper(),
            help=f"{allowed(name)} ({getattr(BASE, name)}{_PER_T.get(name, '')})",
        )
    parser.add_argument(
        "--no-horizons",
        action="store_true",
        help="on latch texts, leave out the second measure: how far back gradients reach on the "
        f"built-in text, before training and after it (T {HORIZON_T}, {HORIZON_SEEDS} seeds)",
    )
    parser.add_argument(
        "--scheduler", metavar="ADDRESS", help=f"a Dask scheduler, tcp://host:8786 (${VARIABLE})"
    )
    parser.add_argument("--workers", metavar="N", help="processes on this machine (one a core)")
    parser.add_argument("--again", action="store_true", help="measure again what is kept")
    parser.add_argument(
        "--no-store", action="store_true", help="leave no trace in the list of runs"
    )
    parser.add_argument("--csv", metavar="FILE", type=Path, help="write a row a cell")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> int:
    """Sweep; returns the exit status."""
    plan = _plan(options)
    cluster = _cluster(options)
    require_writable(options.csv)

    store, sha256 = SweepStore(), text_sha256(plan)
    cells = plan.all_cells(sha256)
    kept = {} if options.again else store.get(cell.key for cell in cells)
    store.put_plan(plan, sha256)
    results, done, began = dict(kept), True, monotonic()
    words = counted(plan, cells, len(kept))
    if len(kept) < len(cells):
        # Imported late: a mistyped option, or a sweep measured before, need not wait for torch.
        from core.cli.train_cells import train_cells

        record = not options.no_store
        done = train_cells(cells, results, cluster, store, words, record)
    else:
        print(f"{words}: nothing is left to train.", file=sys.stderr)

    failed = {result.message for result in results.values() if result.status == "failed"}
    for message in failed:
        print(message, file=sys.stderr)
    if options.csv:
        done &= managed(lambda: _write_csv(options.csv, table(plan, cells, results)))
    complete = len(results) == len(cells) and not failed
    judgement = judge(plan, cells, results)
    if options.json:
        outcome = summary(judgement, cells, results)
        outcome |= {"complete": complete, "cells_reused": len(kept)}
        outcome["seconds"] = monotonic() - began
        print(json.dumps(finite(outcome), allow_nan=False))
    else:
        print(_shown(judgement))
    return DONE if complete and done else IN_PART


def _cluster(options: argparse.Namespace) -> Cluster:
    workers = _whole("workers", options.workers) if options.workers else None
    address = options.scheduler or scheduler_address()
    if workers and address:
        raise ConfigError(
            f"workers={workers} is for this machine alone, and the scheduler at {shown(address)} "
            f"has its own: leave --workers away, or --scheduler and ${VARIABLE}."
        )
    return Cluster(address, workers)


def _plan(options: argparse.Namespace) -> SweepPlan:
    shared = {n: v for n in _SHARED if (v := getattr(options, n)) is not None}
    text = options.text or LATCH
    budget, amount = "updates", options.updates or _UPDATES[text == LATCH]
    if options.characters is not None:
        budget, amount = "characters", options.characters
    if text != LATCH:
        text = text_at_hand(text, options.encoding)
    elif options.encoding:
        raise ConfigError(f"encoding={shown(options.encoding)} is for a --text that is a file.")
    values: dict[str, Any] = {
        "base": BASE.changed(**shared),
        "budget": budget,
        "amount": _whole(budget, amount),
        "text": text,
        "seeds": _SEEDS[text == LATCH],
        "horizons": not options.no_horizons,
    }
    values |= {n: v for n in ("seeds", "first_seed") if (v := getattr(options, n)) is not None}
    for name in _AXES:
        if (listed := getattr(options, name)) is not None:
            values[name] = [part.strip() for part in listed.split(",") if part.strip()]
    if values["text"] == LATCH and options.unrollings:
        raise ConfigError(
            "unrollings follow from the lags on latch texts: name --lags, or another --text."
        )
    if values["text"] != LATCH and options.lags:
        raise ConfigError(
            f"lags={shown(options.lags)} means nothing on {shown(text)}: name --unrollings."
        )
    return SweepPlan.parse(values)


def _whole(name: str, value: str | int) -> int:
    try:
        number = int(str(value).replace("_", ""))
    except ValueError:
        number = 0
    if number < 1:
        raise ConfigError(f"{name}={shown(value)} is not allowed: choose a whole number from 1.")
    return number


def _shown(judgement: Judgement) -> str:
    """A line for each group of seeds, means with their intervals, then verdicts and rules."""
    plan = judgement.plan
    score = plan.score_name
    lines = []
    for group in group_rows(judgement):
        middle, low, high = (group[f"{score}_{n}"] for n in ("mean", "low", "high"))
        shown = [
            "-" if value is None else f"{value:.0%}" if plan.on_latch else f"{value:.4f}"
            for value in (middle, low, high)
        ]
        lines.append(
            f"{group['line']:<20} {plan.distance_name} {group['distance']:>3}  "
            f"{score.split('_')[0]} {shown[0]:>6} [{shown[1]}, {shown[2]}]  "
            f"{group['outcome']:<9} {group['seeds_done']}/{group['seeds']} seeds, "
            f"{group['updates']:,} updates, {group['characters']:,} characters, "
            f"gradient up to {group['max_grad_norm']:,.0f}"
        )
    words = [judgement.headline, judgement.certainty_in_words, *judgement.spreads]
    if judgement.added:
        words.append(f"To know more, add {judgement.added}: no cell is trained twice.")
    words.append(judgement.article)
    if (beside := judgement.horizons) is not None:
        words += [beside.headline, beside.order, beside.meaning, HORIZON_RULE]
    return "\n".join([*lines, "", *filter(None, [*words, judgement.rule])])


def _write_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    try:
        with replacing(path) as file:
            file.write(text.getvalue().encode())
    except OSError as error:
        raise UnrollError(
            f"{shown(path)} cannot be written ({error.strerror}): name another file."
        ) from None
