"""A run as one .zip that says all about it, and repeats it.

    config.json             the configuration, and what is known of the run
    events.json             what happened to it; live changes are repeated by an import
    metrics.csv             a row a step
    probes.csv              a row for each gradient flow probe
    contexts.csv            a row for each context curve, where one was measured
    samples.txt             the texts that it wrote, with step and loss
    weights.safetensors     U, W, b, V, c of the last checkpoint
    checkpoint.safetensors  the whole state, to go on from exactly
    figure-*.html           the curves, to open in any browser
    text.txt                the text, normalised, unless it is text8, made up, very long or
                            another's
    repeat.py               the run as plain PyTorch
    README.txt              how to repeat it

Knows nothing of pages, and imports no plotting library: the figures are drawn by
`storage/figures.py`, so that the command line and the page write the same file.
"""

from __future__ import annotations

import csv
import io
import json
import shlex
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import numpy as np

from core.config import TrainingConfig
from core.data.alphabet import decode
from core.data.corpora import load_corpus, names_file, own_key
from core.data.own_text import recalled
from core.errors import StoreError, TextError, WeightsError, shown
from core.jsonable import finite
from core.links import events_text, to_query
from core.paths import replacing
from core.records import CONTEXT_LENGTHS, ContextRecord, Event, ProbeRecord, Report, live_changes
from core.steps import CSV, csv_rows
from core.storage.checkpoints import checkpoint_bytes, load_checkpoint
from core.storage.figures import figures
from core.storage.rows import RunRow, bits
from core.storage.script import script_for
from core.storage.store import Store
from core.storage.weights import weights_bytes
from core.storage.zip_format import (
    ABOUT,
    FLOORS_HELD_OUT,
    FORMAT_VERSION,
    KEYS,
    LONGEST_TEXT,
    PROBE_FIGURES,
)


def export_run(
    store: Store, run_id: str, target: Path | IO[bytes], *, with_text: bool = True
) -> None:
    """Write a run's .zip: to a path, whole or not at all, or into an open file.

    Args:
        store: where it is kept.
        run_id: the run.
        target: where to.
        with_text: whether a text of somebody's own goes with it.

    Raises:
        StoreError: the run is not known, its checkpoint is damaged, or the file cannot be written.
    """
    if not isinstance(target, Path):
        _write(store, run_id, target, with_text)
        return
    try:
        with replacing(target) as file:
            _write(store, run_id, file, with_text)
    except OSError as error:
        raise StoreError(
            f"{shown(target)} cannot be written ({error.strerror}): choose a file name in a folder "
            "that exists and that you may write to."
        ) from None


def metrics_csv(columns: Mapping[str, np.ndarray]) -> str:
    """The recorded steps as the rows that `train --metrics` writes."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(CSV)
    writer.writerows(csv_rows(columns))
    return text.getvalue()


def _write(store: Store, run_id: str, file: IO[bytes], with_text: bool) -> None:
    # In this order: a run that trains meanwhile has records for all that was read before them.
    checkpoint = load_checkpoint(store.checkpoint_path(run_id))
    row = store.get(run_id)
    ledger = store.ledger
    events, reports, columns = ledger.events(run_id), ledger.reports(run_id), ledger.steps(run_id)
    settings, text = _named(row), _text_of(row, with_text)
    about: dict[str, Any] = {
        "unroll": FORMAT_VERSION,
        **{KEYS.get(field, field): getattr(row, field) for field in ABOUT},
        "reports": [asdict(report) for report in reports],
        "config": settings,
        FLOORS_HELD_OUT: True,
    }
    files: dict[str, str | bytes] = {
        "config.json": json.dumps(finite(about), indent=1),
        "events.json": json.dumps(
            {
                "planned": [asdict(event) for event in row.planned],
                "events": [asdict(event) for event in events],
                "at_checkpoint": checkpoint.events if checkpoint else 0,
            },
            indent=1,
        ),
        "metrics.csv": metrics_csv(columns),
        "probes.csv": _probes_csv(ledger.probes(run_id)),
        "samples.txt": _samples(reports),
        "repeat.py": script_for(row, events, bundled=text is not None),
        "README.txt": _readme(row, settings, live_changes(events), text is not None),
        **figures(row, columns, reports),
    }
    if contexts := ledger.contexts(run_id):
        files["contexts.csv"] = _contexts_csv(contexts)
    if checkpoint:
        # A network that has diverged may have nothing finite to save.
        with suppress(WeightsError):
            files["weights.safetensors"] = weights_bytes(checkpoint.state.weights, row.config)
        files["checkpoint.safetensors"] = checkpoint_bytes(checkpoint)
    if text is not None:
        files["text.txt"] = text
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content in files.items():
            archive.writestr(name, content)


def _named(row: RunRow) -> dict[str, Any]:
    """The settings. A file of this machine means nothing on another: its text is named by its hash,
    so that no other one can take its place."""
    if names_file(row.settings["text"]):
        return {**row.settings, "text": own_key(row.text_sha256)}
    return row.settings


def _text_of(row: RunRow, own: bool) -> str | None:
    """The text, where the other machine may not have it; `own`: also one of somebody's own."""
    key = row.settings["text"]
    if key == "text8" or key.startswith("latch:") or not row.text_sha256:  # it never began
        return None
    if not own and key != "builtin":
        return None
    try:
        corpus = load_corpus(recalled(key, row.text_sha256))
    except TextError:
        return None
    same = corpus.sha256 == row.text_sha256 and len(corpus) <= LONGEST_TEXT
    return decode(corpus.ids) if same else None


def _probes_csv(probes: Sequence[ProbeRecord]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    lags = max((len(probe.flow) for probe in probes), default=0)
    places = max((len(probe.window_gradient) for probe in probes), default=0)
    writer.writerow(
        [
            *PROBE_FIGURES,
            *(f"flow_{lag}" for lag in range(lags)),
            *(f"window_gradient_{place}" for place in range(1, places + 1)),
        ]
    )
    for probe in probes:
        figures_ = [getattr(probe, name) for name in PROBE_FIGURES]
        blank = [""] * (lags - len(probe.flow))
        writer.writerow([*figures_, *probe.flow, *blank, *probe.window_gradient])
    return text.getvalue()


def _contexts_csv(contexts: Sequence[ContextRecord]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["step", *(f"nats_{k}" for k in CONTEXT_LENGTHS), "nats_all"])
    writer.writerows([curve.step, *curve.loss_nats, curve.full_loss_nats] for curve in contexts)
    return text.getvalue()


def _samples(reports: Sequence[Report]) -> str:
    lines = []
    for report in reports:
        loss = bits(report.validation_loss_nats)
        told = "no number" if loss is None else f"{loss:.3f} bits per character"
        lines.append(f"step {report.step:,}, validation {told}\n{report.sample}\n")
    return "\n".join(lines)


def _readme(
    row: RunRow, settings: Mapping[str, Any], changes: Sequence[Event], bundled: bool
) -> str:
    named = {**settings, "text": "text.txt"} if bundled else settings
    command = " ".join(
        f"--{name.replace('_', '-')} {shlex.quote(f'{value}')}" for name, value in named.items()
    )
    if changes:
        command += f" --events {shlex.quote(events_text(changes))}"
    query = to_query(row.preset, TrainingConfig.parse(settings), changes)
    link = "&".join(f"{key}={value.replace(' ', '+')}" for key, value in query.items())
    told = "".join(f"    {e.kind} = {e.value:g} after step {e.step:,}\n" for e in changes)
    return f"""{row.name}
{"=" * len(row.name)}

A training run of Unroll, {row.status} after {row.step:,} of {row.planned_steps:,} steps.
Text: {row.text_title}, {row.text_length:,} characters.{_text_note(settings["text"], bundled)}
Live changes:{f"{chr(10)}{told}" if told else " none."}
To look at it or to go on with it on another machine that has Unroll:

    python -m core runs import FILE.zip
    python -m core runs resume {row.id}

To repeat it from the start:

    python -m core train {command}

The same as a link, to add to the address of a dashboard:

    ?{link}

Without Unroll, with torch and numpy only:

    python repeat.py

Its losses agree to about 1e-6, except where large steps make rounding grow. Losses in metrics.csv
are in nats per character, those in samples.txt in bits.
"""


def _text_note(key: str, bundled: bool) -> str:
    """What to do about a text of one's own that is not in the .zip."""
    if bundled or key in ("builtin", "text8") or key.startswith("latch:"):
        return ""
    return f"""
It is not in here: keep the same text there first, by an upload on the Train page or with
`python -m core train --text FILE`. It is the same if it is then found as {key}."""
