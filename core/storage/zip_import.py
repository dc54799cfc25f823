"""A run out of a .zip that somebody exported. Files come from strangers.

Everything is read within bounds and checked before anything is written: a file that is not
right in every part is refused in a sentence and leaves no trace. Knows nothing of pages.
"""

from __future__ import annotations

import csv
import io
import json
import math
import secrets
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from core.config import TrainingConfig
from core.data.corpora import keep, load_corpus, own_corpus
from core.errors import ConfigError, StoreError, TextError
from core.labels import run_name
from core.records import (
    CONTEXT_LENGTHS,
    ContextRecord,
    Event,
    EventKind,
    ProbeRecord,
    Report,
    live_changes,
)
from core.steps import CSV, KINDS, Columns
from core.storage.batch import Batch, Progress, write
from core.storage.checkpoints import Checkpoint, read_checkpoint, save_checkpoint
from core.storage.store import Store
from core.storage.weights import LARGEST_FILE
from core.storage.zip_format import (
    ABOUT,
    FLOORS_HELD_OUT,
    FORMAT_VERSION,
    KEYS,
    LONGEST_TEXT,
    PROBE_FIGURES,
    count,
    number,
    seconds,
)

_LARGEST_ZIP = 500 * 2**20
_LARGEST = {  # bytes after unpacking; whatever else is in the file is never unpacked
    "config.json": 64 * 2**20,
    "events.json": 16 * 2**20,
    "metrics.csv": 400 * 2**20,
    "probes.csv": 200 * 2**20,
    "contexts.csv": 200 * 2**20,
    "checkpoint.safetensors": LARGEST_FILE,
    "text.txt": LONGEST_TEXT,
}
_MOST_MEMBERS = 100
_WRONG = (  # what reading a part that is not as it should be may raise
    ConfigError,
    TextError,
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
    OverflowError,
    RecursionError,
)
_INTEGERS = {"step", "fit_from", "fit_to", "horizon"}


def import_run(store: Store, source: Path | bytes) -> str:
    """Take a run in; returns its id here, which is its own if that was free.

    Raises:
        StoreError: the file is not an exported run, or not a whole one.
    """
    name = source.name if isinstance(source, Path) else "This file"
    try:
        files = _unpacked(source, name)
        return _take_in(store, files)
    except _WRONG as error:
        reason = str(error).rstrip(".") if isinstance(error, ConfigError | TextError) else ""
        raise StoreError(
            f"{name} is not a run that can be imported"
            f"{f' ({reason})' if reason else ': a part of it is missing or damaged'}; export it "
            "again."
        ) from None
    except StoreError as error:
        raise StoreError(f"{name} cannot be imported. {error}") from None


def _unpacked(source: Path | bytes, name: str) -> dict[str, bytes]:
    try:
        file = io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")
    except OSError as error:
        raise StoreError(f"It cannot be read ({error.strerror}): check the name.") from None
    with file:
        if file.seek(0, io.SEEK_END) > _LARGEST_ZIP:
            raise StoreError(f"It is larger than {_LARGEST_ZIP // 2**20} MB, which no run is.")
        try:
            with zipfile.ZipFile(file) as archive:
                names = archive.namelist()
                if len(names) > _MOST_MEMBERS or "config.json" not in names:
                    raise StoreError("It is not an exported run; choose a .zip that Unroll wrote.")
                return {
                    member: _member(archive, member, most)
                    for member, most in _LARGEST.items()
                    if member in names
                }
        except StoreError:
            raise
        except (RuntimeError, NotImplementedError):
            raise StoreError("It is encrypted or packed in an unknown way.") from None
        except Exception:  # zlib and the other unpackers have errors of their own
            raise StoreError("It is not a whole .zip file; export or copy it again.") from None


def _member(archive: zipfile.ZipFile, member: str, most: int) -> bytes:
    with archive.open(member) as file:
        data = file.read(most + 1)  # whatever the header says of its size
    if len(data) > most:
        raise StoreError(
            f"Its {member} unpacks to more than {most // 2**20:,} MB, which no run's does: it was "
            "not unpacked further."
        )
    return data


def _take_in(store: Store, files: Mapping[str, bytes]) -> str:
    about = json.loads(files["config.json"])
    if about["unroll"] != FORMAT_VERSION:
        raise StoreError("It was exported by a newer Unroll: update this one.")
    config = TrainingConfig.parse(about["config"])
    config = _with_text(config, files.get("text.txt"), about["text_sha256"])
    told = json.loads(files["events.json"])
    events = [_event(event) for event in told["events"]]
    planned = tuple(_event(event) for event in told["planned"])
    for event in (*planned, *live_changes(events)):
        config.live.changed(**{event.kind: event.value})
    columns = _metrics(files["metrics.csv"])
    reports = [_report(report) for report in about["reports"]]
    probes = _probes(files.get("probes.csv", b""))
    contexts = _contexts(files.get("contexts.csv", b""))
    checkpoint = None
    if "checkpoint.safetensors" in files:
        checkpoint = read_checkpoint(files["checkpoint.safetensors"])
        _require_same(checkpoint, config)
        checkpoint = replace(checkpoint, config=config)
    row = {field: check(about[KEYS.get(field, field)]) for field, check in ABOUT.items() if check}
    row["name"] = row["name"] or run_name(config)
    if not about.get(FLOORS_HELD_OUT):
        row["floors"] = {}

    run_id = _free_id(store, str(about["id"]))
    now = store.now()
    begun = {"id": run_id, "created": now, "updated": now, "source": "import", "planned": planned}
    batch = Batch(columns, reports, events, probes, contexts, row, ended=True)
    path = store.checkpoint_path(run_id)
    try:
        if checkpoint is not None:
            save_checkpoint(path, checkpoint)
        with store.transaction():
            store.insert(config, **begun, **row)
            write(store, run_id, batch, Progress())
    except BaseException as error:
        path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise StoreError(f"There is no room for it ({error.strerror}).") from None
        raise
    return run_id


def _with_text(config: TrainingConfig, text: bytes | None, sha256: str) -> TrainingConfig:
    """The configuration with a text that this machine has, kept here if it came along."""
    if text is None:
        return config
    corpus = own_corpus(text.decode("ascii"), "Imported text")
    if corpus.sha256 != sha256:
        raise TextError("its text is not the one that it was trained on")
    if config.text == "builtin" and load_corpus("builtin").sha256 == sha256:
        return config
    return config.changed(text=keep(corpus).key)


def _metrics(data: bytes) -> Columns:
    header, _, rows = data.partition(b"\n")
    if header.decode().strip() != ",".join(CSV):
        raise ValueError("other columns")
    # numpy's parser is exact: what was written comes back to the last bit.
    table = np.loadtxt(io.BytesIO(rows), delimiter=",", ndmin=2) if rows.strip() else None
    frame = dict(zip(CSV, np.empty((8, 0)) if table is None else table.T, strict=True))
    if not all(np.isfinite(column).all() for column in frame.values()):
        raise ValueError("not numbers")
    columns = {name: frame[name].astype(kind) for name, kind in KINDS.items()}
    if not np.array_equal(columns["step"], np.arange(1, len(columns["step"]) + 1)):
        raise ValueError("steps are missing or doubled")
    return columns


def _probes(data: bytes) -> list[ProbeRecord]:
    found = []
    for row in csv.DictReader(io.StringIO(data.decode())):
        series: dict[str, Any] = {
            kind: tuple(
                float(value)
                for name, value in row.items()
                if name.startswith(f"{kind}_") and name not in PROBE_FIGURES and value
            )
            for kind in ("flow", "window_gradient")
        }
        single: dict[str, Any] = {
            name: int(row[name]) if name in _INTEGERS else float(row[name])
            for name in PROBE_FIGURES
        }
        found.append(ProbeRecord(**single, **series))
    return found


def _contexts(data: bytes) -> list[ContextRecord]:
    return [
        ContextRecord(
            step=count(int(row["step"])),
            loss_nats=tuple(number(float(row[f"nats_{k}"])) for k in CONTEXT_LENGTHS),
            full_loss_nats=number(float(row["nats_all"])),
        )
        for row in csv.DictReader(io.StringIO(data.decode()))
    ]


def _event(event: Mapping[str, Any]) -> Event:
    kind, value = EventKind(event["kind"]), event["value"]
    if kind.live_change or value is not None:
        value = number(value)
    return Event(count(event["step"]), kind, value, str(event["text"])[:2_000])


def _report(report: Mapping[str, Any]) -> Report:
    train, validation = report["train_loss_nats"], report["validation_loss_nats"]
    return Report(
        step=count(report["step"]),
        characters_seen=count(report["characters_seen"]),
        seconds=seconds(report["seconds"]),
        train_loss_nats=None if train is None else number(train),
        validation_loss_nats=math.nan if validation is None else number(validation),
        sample=str(report["sample"])[:10_000],
    )


def _require_same(checkpoint: Checkpoint, config: TrainingConfig) -> None:
    free = {"steps": config.steps, "text": config.text}  # extended, or kept under another key
    if checkpoint.config.changed(**free) != config:
        raise StoreError("Its checkpoint is of another configuration.")


def _free_id(store: Store, wanted: str) -> str:
    """Its own id, if that is one and nobody has it; nothing a stranger wrote becomes a path."""
    fits = 0 < len(wanted) <= 32 and all(c in "0123456789abcdef" for c in wanted)
    if fits:
        try:
            store.get(wanted)
        except StoreError:
            return wanted
    return secrets.token_hex(4)
