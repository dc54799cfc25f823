"""The parts of an exported run, read within bounds and checked against the records' types.

A part that is not right raises: `Refused` where it holds too much, else ValueError, KeyError,
TypeError or ConfigError. Nothing here writes. Knows nothing of the store.

The limits are what Unroll itself can write, and what a reader can hold: an import takes some 200 MB
at most, whatever it is given.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

import numpy as np

from core import bounded
from core.bounded import Archive
from core.config import bounds
from core.errors import StoreError
from core.records import CONTEXT_LENGTHS, ContextRecord, Event, EventKind, ProbeRecord, Report
from core.steps import CSV, KINDS, Columns
from core.storage.zip_format import (
    LONGEST_TEXT,
    MOST_CHARACTERS,
    MOST_SECONDS,
    PROBE_FIGURES,
    count,
    number,
    seconds,
    words,
)

LARGEST = {  # bytes after unpacking; whatever else is in the file is never unpacked
    "config.json": 32 * 2**20,  # 80,000 reports
    "events.json": 4 * 2**20,  # 40,000 live changes
    "metrics.csv": 400 * 2**20,  # 3.5 million steps; a block after the other, never held
    "probes.csv": 64 * 2**20,  # 10,000 probes
    "contexts.csv": 16 * 2**20,  # 80,000 curves
    "checkpoint.safetensors": 40 * 2**20,  # the largest network, Adam and the largest batch: 35 MB
    "text.txt": LONGEST_TEXT,
}
MOST_VALUES = 1_000_000
"""In a part in JSON: some 100 MB of objects. A report is seven."""
_MOST_MEMBERS = 100
_MOST_FIGURES = 2_500_000  # in a table: 80 MB. A probe is three hundred at most
_LONGEST_LINE = 2**16  # bytes; a probe's is 8,000
_MOST_STEPS = int(bounds("steps")[1])
_MOST_LAGS, _MOST_PLACES = 101, int(bounds("unrollings")[1])
_INTEGERS = {"step", "fit_from", "fit_to", "horizon"}


class Parts:
    """The parts of an exported run by name, whichever folder of the archive holds them.

    Raises:
        StoreError: no folder does.
    """

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._names = set(archive.names)
        places = [name for name in self._names if name.rpartition("/")[2] == "config.json"]
        if len(self._names) > _MOST_MEMBERS or len(places) != 1:
            raise StoreError("It is not an exported run; choose a .zip that Unroll wrote.")
        self._folder = places[0].removesuffix("config.json")

    def __contains__(self, name: str) -> bool:
        return self._folder + name in self._names

    def chunks(self, name: str) -> Iterator[bytes]:
        """A part as it is unpacked; KeyError where it is missing.

        Raises:
            TooMuch: it is larger than any of ours, in a sentence that names it.
        """
        if name not in self:
            raise KeyError(name)
        try:
            yield from self._archive.chunks(self._folder + name, LARGEST[name])
        except bounded.TooMuch as error:
            raise bounded.TooMuch(f"{name}: {error}, which no run's does") from None

    def read(self, name: str) -> bytes:
        """All of a part.

        Raises:
            TooMuch: as `chunks`.
        """
        return b"".join(self.chunks(name))

    def json(self, name: str) -> dict[str, Any]:
        """A part that is one JSON object.

        Raises:
            TooMuch: as `chunks`, or it has too many values.
        """
        found = bounded.parse_json(self.read(name), MOST_VALUES)
        if not isinstance(found, dict):
            raise ValueError("no JSON object")
        return found


def step_tables(parts: Parts) -> Iterator[Columns]:
    """The recorded steps, some thousands at a time, from the first to the last."""
    blocks = bounded.line_blocks(parts.chunks("metrics.csv"), _LONGEST_LINE)
    header, _, rows = next(blocks, b"").partition(b"\n")
    if header.decode().strip() != ",".join(CSV):
        raise ValueError("other columns")
    last = 0
    for block in chain((rows,), blocks):
        if block.strip():
            table = _table(block, last)
            last += len(table["step"])
            yield table


def probes_of(parts: Parts) -> list[ProbeRecord]:
    """The gradient flow probes."""
    return list(map(_probe, _rows(parts, "probes.csv")))


def contexts_of(parts: Parts) -> list[ContextRecord]:
    """The context curves; none where the run has none."""
    return [
        ContextRecord(
            step=count(int(row["step"])),
            loss_nats=tuple(number(float(row[f"nats_{k}"])) for k in CONTEXT_LENGTHS),
            full_loss_nats=number(float(row["nats_all"])),
        )
        for row in _rows(parts, "contexts.csv")
    ]


def event_of(event: Mapping[str, Any]) -> Event:
    """An event, as `events.json` tells it."""
    kind, value = EventKind(event["kind"]), event["value"]
    if kind.live_change or value is not None:
        value = number(value)
    return Event(count(event["step"]), kind, value, words(2_000)(event["text"]))


def report_of(report: Mapping[str, Any]) -> Report:
    """A report, as `config.json` tells it."""
    train, validation = report["train_loss_nats"], report["validation_loss_nats"]
    return Report(
        step=count(report["step"]),
        characters_seen=count(report["characters_seen"]),
        seconds=seconds(report["seconds"]),
        train_loss_nats=None if train is None else number(train),
        validation_loss_nats=math.nan if validation is None else number(validation),
        sample=words(10_000)(report["sample"]),
    )


def _table(block: bytes, last: int) -> Columns:
    """A block of rows of `CSV` that follow the step `last`."""
    # numpy's parser is exact: what was written comes back to the last bit.
    rows = np.loadtxt(io.BytesIO(block), delimiter=",", ndmin=2, comments=None)
    frame = dict(zip(CSV, rows.T, strict=True))
    steps, seen, clock = frame["step"], frame["characters_seen"], frame["seconds"]
    if not np.isfinite(rows).all() or rows.min() < 0:
        raise ValueError("not a measure of a step")
    if seen.max() > MOST_CHARACTERS or clock.max() > MOST_SECONDS or last + len(rows) > _MOST_STEPS:
        raise ValueError("more than any run has")
    if not np.array_equal(steps, np.arange(last + 1, last + 1 + len(rows))):
        raise ValueError("steps are missing or doubled")
    return {name: frame[name].astype(kind) for name, kind in KINDS.items()}


def _rows(parts: Parts, name: str) -> Iterator[dict[str, str]]:
    """The rows of a table of numbers, by its header."""
    if name not in parts:
        return
    blocks = bounded.line_blocks(parts.chunks(name), _LONGEST_LINE)
    lines = (line for block in blocks for line in block.decode().splitlines())
    header = next(lines, "").split(",")
    figures = 0
    for line in lines:
        cells = line.split(",")
        figures += len(cells)
        if figures > _MOST_FIGURES:
            raise bounded.TooMuch(f"it holds more than {_MOST_FIGURES:,} figures")
        yield dict(zip(header, cells, strict=False))  # a shorter window leaves columns out


def _probe(row: Mapping[str, str]) -> ProbeRecord:
    flow = _series(row, "flow_", range(_MOST_LAGS))
    if not flow:
        raise ValueError("a probe without a flow")
    figures: dict[str, Any] = {
        name: count(int(row[name])) if name in _INTEGERS else float(row[name])
        for name in PROBE_FIGURES
    }
    window = _series(row, "window_gradient_", range(1, _MOST_PLACES + 1))
    return ProbeRecord(**figures, flow=flow, window_gradient=window)


def _series(row: Mapping[str, str], prefix: str, numbers: Iterable[int]) -> tuple[float, ...]:
    """The cells of numbered columns, up to the first that is empty or missing."""
    found = []
    for place in numbers:
        cell = row.get(f"{prefix}{place}", "")
        if not cell:
            break
        found.append(float(cell))
    return tuple(found)
