"""A run at the command line: followed to its end with a bar, and told of when it is over.

Knows nothing of options. `train` and `runs resume` share it.
"""

from __future__ import annotations

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

from core.cli.ending import DONE, IN_PART
from core.engines.cost import time_ahead
from core.errors import ConfigError, UnrollError, shown
from core.insight.standing import standing
from core.jsonable import finite
from core.paths import require_regular
from core.records import CONTEXT_LENGTHS, ContextRecord, RunStatus

if TYPE_CHECKING:  # torch is imported late, so that a mistyped option is answered at once
    from core.storage.store import Store
    from core.storage.writer import Writer
    from core.training.observer import RunObserver
    from core.training.run import Run
    from core.training.snapshot import RunSnapshot

_LOOK_EVERY = 0.1  # seconds; the bar is drawn less often


def train_to_end(
    run: Run, store: Store | None, *, checkpoint_every: float, metrics: Path | None
) -> tuple[RunSnapshot, int]:
    """To the end, to a divergence or to Ctrl-C; returns how it ended, and the exit status.

    Args:
        run: about to start.
        store: where to record it; None records nothing.
        checkpoint_every: seconds between checkpoints.
        metrics: a CSV file to write a row a step to.

    Raises:
        StoreError: it cannot be noted in the store.
        UnrollError: the metrics cannot be begun, or the run failed by an expected error.
        SystemExit: it failed by another one, whose traceback is shown.
    """
    from core.cli.metrics import metrics_file
    from core.storage.writer import Writer

    observers: list[RunObserver] = []
    writer, rows, kept = None, None, True
    with ExitStack() as stack:
        if metrics is not None:
            rows = stack.enter_context(metrics_file(metrics))
            observers.append(rows)
        if store is not None:
            writer = Writer(store, source="cli", checkpoint_every=checkpoint_every)
            stack.callback(writer.close)
            observers.append(writer.observe(run))
        run.observed_by(*observers)
        stack.callback(run.abandon)  # whatever happens here: before what it tells is closed
        shot = _follow(run, writer)
        if writer and not writer.flush():
            kept = False
            print(f"{writer.trouble} The end of this run is not recorded.", file=sys.stderr)
    if rows and rows.trouble:
        kept = False
        print(rows.trouble, file=sys.stderr)
    if shot.status == RunStatus.FAILED:
        raise SystemExit(shot.traceback) if shot.traceback else UnrollError(shot.message)
    if shot.status == RunStatus.STOPPED:
        print("Stopped; what was trained so far is kept.", file=sys.stderr)
    elif shot.status == RunStatus.DIVERGED:
        print(shot.message, file=sys.stderr)
    return shot, DONE if kept and shot.status == RunStatus.FINISHED else IN_PART


def _follow(run: Run, writer: Writer | None) -> RunSnapshot:
    """Start a run, and return it as it ended."""
    config, past = run.snapshot.config, run.past and run.past.state
    done = past.step if past else 0
    if ahead := time_ahead(config, config.steps - done):
        print(f"This takes {ahead} on this machine; Ctrl-C ends it.", file=sys.stderr)
    bar = tqdm(
        total=config.steps,
        initial=done,
        unit="step",
        file=sys.stderr,
        mininterval=0.5,
    )
    with bar, _interrupts() as stop_asked:
        run.start()
        heard = 0  # events, when a full disk was last waited for
        try:
            while (shot := run.wait(_LOOK_EVERY)).status.active:
                _show(bar, shot)
                if stop_asked():
                    run.stop()
                elif writer and shot.status == RunStatus.PAUSED and len(shot.events) > heard:
                    heard = len(shot.events)
                    _await_room(run, writer, shot.message, stop_asked)
        except KeyboardInterrupt:  # in the middle of a step: the last checkpoint stands
            run.abandon()
        _show(bar, run.snapshot)
    if writer and writer.notice:
        print(writer.notice, file=sys.stderr)
    return run.snapshot


def _show(bar: tqdm, shot: RunSnapshot) -> None:
    if shot.reports:
        loss = shot.reports[-1].validation_loss_nats
        bar.set_postfix_str(f"validation {loss:.3f} nats", refresh=False)
    if shot.step > bar.n:
        bar.update(shot.step - bar.n)


def _await_room(run: Run, writer: Writer, trouble: str, stop_asked: Callable[[], bool]) -> None:
    """Let a run that the writer holds go on as soon as everything is written."""
    print(f"{trouble} Training waits; Ctrl-C ends it.", file=sys.stderr)
    while not writer.flush(timeout=1.0):
        if stop_asked():
            return
    run.resume()
    print("Recording again.", file=sys.stderr)


def print_outcome(shot: RunSnapshot, *, recorded: bool, as_json: bool) -> None:
    """The end of a training, as one JSON object or as lines to read."""
    outcome = _outcome(shot)
    if recorded:
        outcome["id"] = shot.run_id
    print(json.dumps(outcome, allow_nan=False) if as_json else _summary(outcome, shot))


def require_writable(path: Path | None) -> None:
    """Refuse an output that cannot be written before hours of training, not after.

    Raises:
        ConfigError: it cannot be written.
    """
    if path is None:
        return
    name = shown(path)
    try:
        require_regular(path)
    except FileNotFoundError:
        if not path.absolute().parent.is_dir():
            raise ConfigError(
                f"The folder of {name} does not exist; make it, or name another file."
            ) from None
    except IsADirectoryError:
        raise ConfigError(f"{name} is a folder; name a file in it to write to.") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL character in the path
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"{name} cannot be written ({reason}); name another file.") from None
    if not os.access(path if path.exists() else path.absolute().parent, os.W_OK):
        raise ConfigError(f"{name} cannot be written: check its permissions, or name another file.")


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


def _context(shot: RunSnapshot) -> ContextRecord | None:
    """The context curve of the network as it ended, if that was measured."""
    newest = shot.contexts[-1] if shot.contexts else None
    return newest if newest and newest.step == shot.step else None


def _outcome(shot: RunSnapshot) -> dict[str, Any]:
    report = shot.reports[-1] if shot.reports else None  # one that is abandoned may have none
    validation = finite(report.validation_loss_nats) if report else None
    context = _context(shot)
    return {
        "status": str(shot.status),
        "steps": shot.step,
        "characters_seen": shot.characters_seen,
        "seconds": shot.seconds,
        "steps_per_second": shot.step / shot.seconds if shot.seconds else None,
        "engine": shot.engine,
        "train_loss_nats": finite(report.train_loss_nats) if report else None,
        "validation_loss_nats": validation,
        "validation_bits_per_character": validation / math.log(2) if validation else validation,
        "sample": report.sample if report else "",
        "floors_nats": dict(shot.floors),
        "context_loss_nats": _by_length(context) if context else None,
        "context_used": context.used if context else None,
    }


def _by_length(context: ContextRecord) -> dict[str, float]:
    """The losses of a context curve by how many characters are the text's own."""
    by_length = dict(zip(map(str, CONTEXT_LENGTHS), context.loss_nats, strict=True))
    return {**by_length, "all": context.full_loss_nats}


def _summary(outcome: dict[str, Any], shot: RunSnapshot) -> str:
    def number(value: float | None, form: str) -> str:
        return "-" if value is None else format(value, form)

    lines = [
        f"{outcome['status']} after {outcome['steps']:,} steps, "
        f"{outcome['characters_seen']:,} characters, {outcome['seconds']:.1f} s "
        f"({number(outcome['steps_per_second'], ',.0f')} steps/s on {shot.device}: "
        f"{shot.device_reason})",
        f"engine           {shot.engine}: {shot.engine_reason}",
        f"training loss    {number(outcome['train_loss_nats'], '.4f')} nats per character",
        f"validation loss  {number(outcome['validation_loss_nats'], '.4f')} nats, "
        f"{number(outcome['validation_bits_per_character'], '.4f')} bits per character",
    ]
    if outcome["validation_loss_nats"] is not None and shot.step:
        said = standing(outcome["validation_loss_nats"], shot.floors, _context(shot))
        lines.append(f"that is          {said[0].lower()}{said[1:]}")
    lines.append(f"sample           {outcome['sample']}")
    if "id" in outcome:
        lines.append(f"recorded as      {outcome['id']}")
    return "\n".join(lines)
