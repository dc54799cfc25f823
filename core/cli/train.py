"""Train a network from a preset and options, and print how it went."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from core.cli.ending import IN_PART, managed
from core.cli.loop import download_bar, print_outcome, require_writable, train_to_end
from core.cli.store import open_store
from core.cli.texts import add_encoding, text_at_hand
from core.config import PRESETS, TrainingConfig, allowed
from core.errors import ConfigError, StoreError, WeightsError, shown
from core.links import events_from
from core.records import new_run_id

if TYPE_CHECKING:  # torch is imported late, so that a mistyped option is answered at once
    from core.storage.store import Store
    from core.training.run import Run

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
    add_encoding(parser)
    parser.add_argument("--metrics", metavar="CSV", type=Path, help="write a row a step")
    parser.add_argument("--weights", metavar="FILE", type=Path, help="write the last weights")
    parser.add_argument("--init-weights", metavar="FILE", type=Path, help="start from these")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--events",
        metavar="TEXT",
        default="",
        help="live changes to make on the way: '2000-learning_rate-0.001 3000-clip-0'",
    )
    parser.add_argument(
        "--no-store",
        action="store_true",
        help="leave no trace in the list of runs: of the steps, --metrics alone keeps a row each",
    )
    add_checkpoint_every(parser)


def add_checkpoint_every(parser: argparse.ArgumentParser) -> None:
    """How often to save what a resumed run goes on from; `runs resume` takes it too."""
    parser.add_argument(
        "--checkpoint-every",
        metavar="SECONDS",
        type=float,
        default=30.0,
        help="seconds between checkpoints, which an interrupted run is resumed from (30)",
    )


def checkpoint_every(options: argparse.Namespace) -> float:
    """The seconds asked for.

    Raises:
        ConfigError: they are not allowed.
    """
    seconds = options.checkpoint_every
    if not 0.1 <= seconds <= 86_400:
        raise ConfigError(
            f"--checkpoint-every {seconds:g} is not allowed: choose seconds from 0.1 to 86,400."
        )
    return seconds


def run(options: argparse.Namespace) -> int:
    """Train; returns the exit status."""
    config = _config(options)
    seconds = checkpoint_every(options)
    planned = events_from(options.events, config)
    for path in (options.metrics, options.weights):
        require_writable(path)
    config = config.changed(text=text_at_hand(config.text, options.encoding))

    # Imported late, so that a mistyped option is answered at once.
    from core.storage.weights import load_weights
    from core.training.run import Run
    from core.training.slots import Slots

    initial = load_weights(options.init_weights, config)[0] if options.init_weights else None
    run = Run(
        new_run_id(),
        config,
        Slots(1),
        initial_weights=initial,
        planned=planned,
        report_at_end=True,
    )
    with download_bar() as progress:
        run.prepare(progress)
    store = None if options.no_store else _store_to_write()
    try:
        shot, status = train_to_end(run, store, checkpoint_every=seconds, metrics=options.metrics)
    finally:
        if store:
            store.close()
    if options.weights and not managed(lambda: _save(run, config, options.weights)):
        status = IN_PART
    print_outcome(shot, recorded=store is not None, as_json=options.json)
    return status


def _save(run: Run, config: TrainingConfig, path: Path) -> None:
    from core.storage.weights import save_weights

    last = run.weights()
    if last is None:
        raise WeightsError(f"{shown(path)} is not written: there is no network yet.")
    save_weights(path, last[1], config)


def _store_to_write() -> Store:
    try:
        store = open_store()
        if not store.read_only:
            return store
        problem = store.read_only
        store.close()
    except StoreError as error:
        problem = str(error)
    raise StoreError(f"{problem} --no-store trains without it.")


def _config(options: argparse.Namespace) -> TrainingConfig:
    changes = {
        name: value
        for name in TrainingConfig.model_fields
        if (value := getattr(options, name)) is not None
    }
    return PRESETS[options.preset].config.changed(**changes)
