"""Train a network from a preset and options, and print how it went."""

from __future__ import annotations

import argparse
import csv
import json
import math
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any

from tqdm import tqdm

from core.config import PRESETS, TrainingConfig, allowed
from core.errors import ConfigError, Diverged, UnrollError
from core.records import Report, RunStatus, StepRecord

_DEFAULT_PRESET = "demo"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Every field of the configuration is an option over the preset."""
    parser.add_argument(
        "--preset",
        choices=PRESETS,
        default=_DEFAULT_PRESET,
        help=f"what to start from (default {_DEFAULT_PRESET})",
    )
    for name, field in TrainingConfig.model_fields.items():
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            metavar=name.split("_")[-1].upper(),
            # Values stay strings here: the configuration checks them and words the refusal.
            help=f"{field.description} ({allowed(name)})",
        )
    parser.add_argument("--metrics", metavar="CSV", type=Path, help="write a row a step")
    parser.add_argument("--weights", metavar="FILE", type=Path, help="write the last weights")
    parser.add_argument("--init-weights", metavar="FILE", type=Path, help="start from these")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> int:
    """Train; returns the exit status."""
    config = _config(options)
    for path in (options.metrics, options.weights):
        _require_writable(path)

    # Imported late, so that a mistyped option is answered at once.
    from core.data.corpora import load_corpus
    from core.storage.weights import load_weights, save_weights
    from core.training.threads import prepare_thread
    from core.training.trainer import Trainer

    prepare_thread()
    initial = load_weights(options.init_weights, config)[0] if options.init_weights else None
    with _download_bar() as progress:
        corpus = load_corpus(config.text, progress=progress)
    trainer = Trainer(config, corpus, initial_weights=initial)

    with ExitStack() as stack:
        write_row = stack.enter_context(_metrics(options.metrics))
        bar = stack.enter_context(_step_bar(config.steps))
        status, message, report = _train(trainer, write_row, bar)
    if options.weights:
        save_weights(options.weights, trainer.parameters.copies(), config)
    if message:
        print(message, file=sys.stderr)
    outcome = _outcome(trainer, status, report)
    print(json.dumps(outcome, allow_nan=False) if options.json else _summary(outcome, trainer))
    return 0


def _config(options: argparse.Namespace) -> TrainingConfig:
    changes = {
        name: value
        for name in TrainingConfig.model_fields
        if (value := getattr(options, name)) is not None
    }
    return PRESETS[options.preset].config.changed(**changes)


def _train(trainer, write_row, bar) -> tuple[RunStatus, str, Report]:
    """To the end, to a divergence or to Ctrl-C; the last report is always made."""
    report = None
    status, message = RunStatus.FINISHED, ""
    try:
        for record in trainer.train():
            if isinstance(record, Report):
                report = record
                bar.set_postfix_str(f"validation {record.validation_loss_nats:.3f} nats")
            else:
                write_row(record)
                bar.update()
    except Diverged as error:
        status, message = RunStatus.DIVERGED, str(error)
    except KeyboardInterrupt:
        status, message = RunStatus.STOPPED, "Stopped; what was trained so far is kept."
    if report is None or report.step != trainer.steps_done:
        report = trainer.report()
    return status, message, report


def _outcome(trainer, status: RunStatus, report: Report) -> dict[str, Any]:
    def finite(value: float | None) -> float | None:
        return value if value is not None and math.isfinite(value) else None

    validation = finite(report.validation_loss_nats)
    return {
        "status": str(status),
        "steps": trainer.steps_done,
        "characters_seen": trainer.characters_seen,
        "seconds": trainer.seconds,
        "steps_per_second": trainer.steps_done / trainer.seconds if trainer.seconds else None,
        "train_loss_nats": finite(report.train_loss_nats),
        "validation_loss_nats": validation,
        "validation_bits_per_character": validation / math.log(2) if validation else validation,
        "sample": report.sample,
    }


def _summary(outcome: dict[str, Any], trainer) -> str:
    def number(value: float | None, form: str) -> str:
        return "-" if value is None else format(value, form)

    lines = [
        f"{outcome['status']} after {outcome['steps']:,} steps, "
        f"{outcome['characters_seen']:,} characters, {outcome['seconds']:.1f} s "
        f"({number(outcome['steps_per_second'], ',.0f')} steps/s on {trainer.device.name}: "
        f"{trainer.device.reason})",
        f"training loss    {number(outcome['train_loss_nats'], '.4f')} nats per character",
        f"validation loss  {number(outcome['validation_loss_nats'], '.4f')} nats, "
        f"{number(outcome['validation_bits_per_character'], '.4f')} bits per character",
        f"sample           {outcome['sample']}",
    ]
    return "\n".join(lines)


def _require_writable(path: Path | None) -> None:
    """Refuse an output that cannot be written before hours of training, not after."""
    if path is None:
        return
    if path.is_dir():
        raise ConfigError(f"{path} is a folder; name a file in it to write to.")
    if not path.absolute().parent.is_dir():
        raise ConfigError(f"The folder of {path} does not exist; make it, or name another file.")


@contextmanager
def _metrics(path: Path | None) -> Iterator:
    if path is None:
        yield lambda record: None
        return
    try:
        file = path.open("w", newline="", encoding="utf-8")
    except OSError as error:
        raise UnrollError(f"{path} cannot be written: {error.strerror}.") from None
    with file:
        writer = csv.writer(file)
        writer.writerow(field.name for field in fields(StepRecord))

        def write(record: StepRecord) -> None:
            writer.writerow(int(v) if isinstance(v, bool) else v for v in astuple(record))

        yield write


def _step_bar(steps: int) -> tqdm:
    return tqdm(total=steps, unit="step", file=sys.stderr, mininterval=0.5)


@contextmanager
def _download_bar() -> Iterator:
    """A bar that appears only if something has to be fetched."""
    bar: tqdm | None = None

    def progress(done: int, total: int) -> None:
        nonlocal bar
        if bar is None:
            bar = tqdm(total=total, unit="B", unit_scale=True, desc="text8", file=sys.stderr)
        bar.update(done - bar.n)

    try:
        yield progress
    finally:
        if bar is not None:
            bar.close()
