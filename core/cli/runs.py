"""List, show, export, import, resume and delete the runs that are kept."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from core.cli.ending import DONE, IN_PART, managed, status_of
from core.cli.loop import download_bar, print_outcome, require_writable, train_to_end
from core.cli.store import open_store
from core.cli.train import add_checkpoint_every, checkpoint_every
from core.config import allowed
from core.errors import ConfigError, StoreError, shown
from core.jsonable import finite
from core.paths import replacing

if TYPE_CHECKING:  # numpy and torch are imported late
    from core.storage.rows import RunRow
    from core.storage.store import Store


def add_options(parser: argparse.ArgumentParser) -> None:
    """One sub-command each."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    def verb(name: str, action: Callable, summary: str) -> argparse.ArgumentParser:
        command = verbs.add_parser(name, help=summary, description=summary)
        command.set_defaults(action=action)
        return command

    command = verb("list", _list, "List the runs, newest first.")
    command.add_argument("--json", action="store_true", help="print one JSON list")

    command = verb("show", _show, "Show one run.")
    _add_run(command)
    command.add_argument("--json", action="store_true", help="print one JSON object")

    command = verb("export", _export, "Write a run to a .zip that another machine can import.")
    command.add_argument("run", metavar="ID", nargs="?", help="the run; see `runs list`")
    command.add_argument("file", metavar="FILE", nargs="?", type=Path, help="ID.zip if left out")
    command.add_argument("--output", "-o", metavar="FILE", type=Path, help="the same as FILE")
    command.add_argument("--script", metavar="FILE", type=Path, help="write it as PyTorch code")
    command.add_argument(
        "--tensorboard", metavar="DIR", type=Path, help="write event files: all runs without ID"
    )

    command = verb("import", _import, "Read a run from a .zip that was exported.")
    command.add_argument("file", metavar="FILE", type=Path)
    command.add_argument("--json", action="store_true", help="print one JSON object")

    command = verb("resume", _resume, "Train a run on to its planned end.")
    _add_run(command)
    command.add_argument("--steps", metavar="STEPS", type=int, help="to here instead")
    command.add_argument(
        "--device",
        metavar="DEVICE",
        help=f"where it trains from now on ({allowed('device')})",
    )
    command.add_argument(
        "--metrics", metavar="CSV", type=Path, help="write a row for each step that is trained now"
    )
    command.add_argument("--json", action="store_true", help="print one JSON object")
    add_checkpoint_every(command)

    command = verb("delete", _delete, "Delete runs; for a minute --undo brings them back.")
    command.add_argument("runs", metavar="ID", nargs="+")
    command.add_argument("--undo", action="store_true", help="bring them back")


def run(options: argparse.Namespace) -> int:
    """Do it; returns the exit status."""
    store = open_store()
    try:
        return options.action(store, options)
    finally:
        store.close()


def _add_run(command: argparse.ArgumentParser) -> None:
    command.add_argument("run", metavar="ID", help="an id, its beginning, or a name")


def _list(store: Store, options: argparse.Namespace) -> int:
    rows = store.runs()
    for sentence in store.damaged:
        print(sentence, file=sys.stderr)
    status = IN_PART if store.damaged else DONE
    if options.json:
        print(json.dumps([row.as_json() for row in rows], allow_nan=False))
        return status
    if not rows:
        print("There are no runs yet: `python -m core train` makes one.")
        return status
    lines = [("id", "status", "steps", "bits", "started", "name"), *map(_line, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print("  ".join(cells).rstrip())
    return status


def _line(row: RunRow) -> tuple[str, ...]:
    bits = row.as_json()["validation_bits_per_character"]
    return (
        row.id,
        str(row.status),
        f"{row.step:,}/{row.planned_steps:,}",
        "-" if bits is None else f"{bits:.3f}",
        time.strftime("%Y-%m-%d %H:%M", time.localtime(row.created)),
        row.name,
    )


def _show(store: Store, options: argparse.Namespace) -> int:
    row = store.find(options.run)
    reports, events = store.ledger.reports(row.id), store.ledger.events(row.id)
    told = {
        **row.as_json(),
        "message": row.message,
        "source": row.source,
        "best_validation_nats": row.best_validation,
        "gap_to_bigram_nats": row.gap,
        "characters_seen": row.characters_seen,
        "seconds": row.seconds,
        "preset": row.preset,
        "differences": row.differences,
        "text_title": row.text_title,
        "floors": row.floors,
        "diagnosis": row.diagnosis,
        "tags": list(row.tags),
        "note": row.note,
        "config": row.settings,
        "events": [asdict(event) for event in events],
        "reports": [asdict(report) for report in reports],
    }
    if options.json:
        print(json.dumps(finite(told), allow_nan=False))
        return 0
    for name, value in told.items():
        if name in ("events", "reports"):
            continue
        text = json.dumps(value) if isinstance(value, dict | list) else value
        print(f"{name:30} {'-' if text in (None, '') else text}")
    for event in events:
        value = "" if event.value is None else f" {event.value:g}"
        print(f"after step {event.step:,}: {event.kind}{value} {event.text}".rstrip())
    if reports:
        print(f"sample at step {reports[-1].step:,}: {reports[-1].sample}")
    return 0


def _export(store: Store, options: argparse.Namespace) -> int:
    target = options.output or options.file
    if options.tensorboard is not None:
        if target or options.script:
            raise ConfigError(
                "--tensorboard writes folders alone: leave FILE and --script to a second command."
            )
        return _export_tensorboard(store, options.run, options.tensorboard)
    if options.run is None:
        raise ConfigError("Name a run to export; `python -m core runs list` shows them all.")
    row = store.find(options.run)
    wanted = []
    if options.script is not None:
        wanted.append(lambda: _export_script(store, row, options.script))
    if target is not None or not wanted:
        wanted.append(lambda: _export_zip(store, row, target or Path(f"{row.id}.zip")))
    return status_of([managed(export) for export in wanted])


def _export_tensorboard(store: Store, words: str | None, folder: Path) -> int:
    """Export the run of this name, or all."""
    from core.storage.tensorboard import export_tensorboard, require_tensorboard

    require_tensorboard()
    rows = [store.find(words)] if words else store.runs()
    for sentence in store.damaged:
        print(sentence, file=sys.stderr)
    replaced: list[bool] = []

    def export(row: RunRow) -> None:
        replaced.append(export_tensorboard(store, row, folder))

    done = [managed(partial(export, row)) for row in rows]
    earlier = f"; {sum(replaced):,} took the place of an earlier export" if any(replaced) else ""
    print(f"{len(replaced):,} runs written to {folder}{earlier}.")
    return status_of([*done, *(False for _ in store.damaged)])


def _export_script(store: Store, row: RunRow, path: Path) -> None:
    from core.storage.script import script_for

    require_writable(path)
    script = script_for(row, store.ledger.events(row.id))
    try:
        with replacing(path) as file:
            file.write(script.encode())
    except OSError as error:
        raise StoreError(
            f"{shown(path)} cannot be written ({error.strerror}): make room there, or name "
            "another file."
        ) from None
    print(path)


def _export_zip(store: Store, row: RunRow, path: Path) -> None:
    from core.storage.zip_export import export_run

    require_writable(path)
    export_run(store, row.id, path)
    print(path)


def _import(store: Store, options: argparse.Namespace) -> int:
    from core.storage.zip_import import import_run

    row = store.get(import_run(store, options.file))
    print(json.dumps(row.as_json()) if options.json else f"{row.id}  {row.name}")
    return 0


def _resume(store: Store, options: argparse.Namespace) -> int:
    seconds = checkpoint_every(options)
    require_writable(options.metrics)
    row = store.find(options.run)

    from core.engines.devices import cuda_is_available, require_cuda
    from core.storage.stored_run import past_of
    from core.training.run import Run
    from core.training.slots import Slots

    config, past = past_of(store, row.id, options.steps, options.device)
    if options.device == "cuda":
        require_cuda()
    elif config.device == "cuda" and not cuda_is_available():
        print(
            f"Run {row.id} was begun for CUDA, and this machine shows no CUDA device: it goes on "
            "on the CPU.",
            file=sys.stderr,
        )
    run = Run(row.id, config, Slots(1), past=past, report_at_end=True)
    with download_bar() as progress:
        run.prepare(progress)
    shot, status = train_to_end(run, store, checkpoint_every=seconds, metrics=options.metrics)
    print_outcome(shot, recorded=True, as_json=options.json)
    return status


def _delete(store: Store, options: argparse.Namespace) -> int:
    def delete(words: str) -> None:
        row = store.find(words)
        store.delete(row.id)
        print(f"{row.id} is deleted; for a minute, --undo brings it back.", file=sys.stderr)

    def undelete(words: str) -> None:
        store.undelete(words)
        print(f"{shown(words)} is back.")

    action = undelete if options.undo else delete
    return status_of([managed(partial(action, words)) for words in options.runs])
