"""Training at the command line: a trainer driven to its end, with a bar and a record of it.

Knows nothing of options. `train` and `runs resume` share it.
"""

from __future__ import annotations

import csv
import json
import math
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from core.errors import ConfigError, Diverged, UnrollError
from core.jsonable import finite
from core.records import Report, RunStatus, StepRecord
from core.steps import CSV, csv_row

if TYPE_CHECKING:  # torch is imported late, so that a mistyped option is answered at once
    from core.cli.recording import Recording
    from core.training.trainer import Trainer


def train_to_end(
    trainer: Trainer, recording: Recording, metrics: Path | None
) -> tuple[RunStatus, Report]:
    """To the end, to a divergence or to Ctrl-C; the last report is always made.

    Args:
        trainer: where it stands.
        recording: told of everything.
        metrics: a CSV file to write a row a step to.
    """
    with ExitStack() as stack:
        write_row = stack.enter_context(_metrics(metrics))
        bar = stack.enter_context(
            tqdm(
                total=trainer.config.steps,
                initial=trainer.steps_done,
                unit="step",
                file=sys.stderr,
                mininterval=0.5,
            )
        )
        stop_asked = stack.enter_context(_interrupts())
        recording.begin(trainer)
        status, message, report = _train(trainer, recording, write_row, bar, stop_asked)
    recording.end(trainer, status, message)
    if message:
        print(message, file=sys.stderr)
    return status, report


def _train(trainer, recording, write_row, bar, stop_asked) -> tuple[RunStatus, str, Report]:
    report = None
    status, message = RunStatus.FINISHED, ""
    stopped = RunStatus.STOPPED, "Stopped; what was trained so far is kept."
    try:
        for record in trainer.train():
            recording.record(record)
            if isinstance(record, Report):
                report = record
                bar.set_postfix_str(f"validation {record.validation_loss_nats:.3f} nats")
            elif isinstance(record, StepRecord):
                write_row(record)
                bar.update()
                recording.after_step(trainer, stop_asked)
                if stop_asked():
                    status, message = stopped
                    break
    except Diverged as error:
        status, message = RunStatus.DIVERGED, str(error)
    except KeyboardInterrupt:  # in the middle of a step: the last checkpoint stands
        status, message = stopped
        recording.distrust()
    except Exception as error:
        recording.distrust()
        recording.end(trainer, RunStatus.FAILED, f"{type(error).__name__}: {error}")
        raise
    recording.keep_state(trainer)
    if report is None or report.step != trainer.steps_done:
        report = trainer.report()
        recording.record(report)
    return status, message, report


def print_outcome(
    trainer: Trainer, status: RunStatus, report: Report, run_id: str | None, as_json: bool
) -> None:
    """The end of a training, as one JSON object or as lines to read."""
    outcome = _outcome(trainer, status, report)
    if run_id is not None:
        outcome["id"] = run_id
    print(json.dumps(outcome, allow_nan=False) if as_json else _summary(outcome, trainer))


def require_writable(path: Path | None) -> None:
    """Refuse an output that cannot be written before hours of training, not after.

    Raises:
        ConfigError: it cannot be written.
    """
    if path is None:
        return
    if path.is_dir():
        raise ConfigError(f"{path} is a folder; name a file in it to write to.")
    if not path.absolute().parent.is_dir():
        raise ConfigError(f"The folder of {path} does not exist; make it, or name another file.")
    if not os.access(path if path.exists() else path.absolute().parent, os.W_OK):
        raise ConfigError(f"{path} cannot be written: check its permissions, or name another file.")


@contextmanager
def download_bar() -> Iterator[Callable[[int, int], None]]:
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


@contextmanager
def _interrupts() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C was pressed. The first is obeyed between two steps, which leaves a state
    to resume exactly from; the second at once."""
    asked = False

    def ask(number: int, frame: object) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    try:
        before = signal.signal(signal.SIGINT, ask)
    except ValueError:  # not the main thread, which alone may
        yield lambda: False
        return
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _metrics(path: Path | None) -> Iterator[Callable[[StepRecord], None]]:
    if path is None:
        yield lambda record: None
        return
    try:
        file = path.open("w", newline="", encoding="utf-8")
    except OSError as error:
        raise UnrollError(f"{path} cannot be written: {error.strerror}.") from None
    with file:
        writer = csv.writer(file)
        writer.writerow(CSV)

        def write(record: StepRecord) -> None:
            writer.writerow(csv_row(record))

        yield write


def _outcome(trainer: Trainer, status: RunStatus, report: Report) -> dict[str, Any]:
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


def _summary(outcome: dict[str, Any], trainer: Trainer) -> str:
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
    if "id" in outcome:
        lines.append(f"recorded as      {outcome['id']}")
    return "\n".join(lines)
