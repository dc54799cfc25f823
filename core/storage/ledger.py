"""What a run recorded, as rows: steps, reports, events, probes and findings.

Functions over an open connection; whoever calls them holds the transaction. Knows nothing of
run lists, checkpoints or threads.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import asdict, astuple
from typing import Any

import numpy as np

from core.records import Event, EventKind, Report
from core.storage import blocks

_Columns = dict[str, np.ndarray]
_KINDS = frozenset(EventKind)


def put_steps(connection: sqlite3.Connection, run: str, columns: Mapping[str, np.ndarray]) -> None:
    """Write the blocks that these steps fill.

    Args:
        connection: inside a transaction.
        run: its id.
        columns: as `blocks.columns_of`, with `step`; the first step begins a block.
    """
    steps = columns["step"]
    for start in range(0, len(steps), blocks.BLOCK_STEPS):
        part = {
            name: column[start : start + blocks.BLOCK_STEPS] for name, column in columns.items()
        }
        block = blocks.block_of(int(part["step"][0]))
        connection.execute(
            "INSERT OR REPLACE INTO metrics VALUES (?, ?, ?, ?)",
            (run, block, len(part["step"]), blocks.pack(part)),
        )


def steps(connection: sqlite3.Connection, run: str, first_block: int = 0) -> _Columns:
    """The recorded steps from a block on, as columns.

    Raises:
        StoreError: a block is damaged.
    """
    rows = connection.execute(
        "SELECT block, rows, data FROM metrics WHERE run = ? AND block >= ? ORDER BY block",
        (run, first_block),
    )
    return blocks.joined([blocks.unpack(data, block, count) for block, count, data in rows])


def put_reports(connection: sqlite3.Connection, run: str, reports: Iterable[Report]) -> None:
    """Write reports; one at the same step is replaced."""
    connection.executemany(
        "INSERT OR REPLACE INTO reports VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(run, *astuple(report)) for report in reports],
    )


def reports(connection: sqlite3.Connection, run: str) -> tuple[Report, ...]:
    """All reports, in order. A loss that was no number comes back as one."""
    rows = connection.execute(
        "SELECT step, characters_seen, seconds, train_loss_nats, validation_loss_nats, sample "
        "FROM reports WHERE run = ? ORDER BY step",
        (run,),
    )
    # SQLite keeps NaN as NULL; only a training loss may rightly be missing, before step 1.
    return tuple(
        Report(step, seen, seconds, train, np.nan if validation is None else validation, sample)
        for step, seen, seconds, train, validation, sample in rows
    )


def put_events(
    connection: sqlite3.Connection, run: str, first: int, events: Iterable[Event]
) -> None:
    """Write events, the first of them being the run's number `first`, from 0."""
    connection.executemany(
        "INSERT OR REPLACE INTO events VALUES (?, ?, ?, ?, ?, ?)",
        [(run, first + place, *astuple(event)) for place, event in enumerate(events)],
    )


def events(connection: sqlite3.Connection, run: str) -> tuple[Event, ...]:
    """All events, in the order in which they happened."""
    rows = connection.execute(
        "SELECT step, kind, value, text FROM events WHERE run = ? ORDER BY number", (run,)
    )
    # Of another kind can only be what a stranger made up, and an older version took in.
    return tuple(Event(*row) for row in rows if row[1] in _KINDS)


def put_probe(connection: sqlite3.Connection, run: str, record: Any) -> None:
    """Write any other record, a dataclass with a `step`, under its class's name."""
    connection.execute(
        "INSERT OR REPLACE INTO probes VALUES (?, ?, ?, ?)",
        (run, type(record).__name__, record.step, as_json(asdict(record))),
    )


def probes(connection: sqlite3.Connection, run: str) -> list[tuple[str, int, dict[str, Any]]]:
    """Class name, step and fields of all other records, in order."""
    rows = connection.execute(
        "SELECT kind, step, payload FROM probes WHERE run = ? ORDER BY step, kind", (run,)
    )
    return [(kind, step, json.loads(payload)) for kind, step, payload in rows]


def put_finding(
    connection: sqlite3.Connection, run: str, kind: str, step: int, payload: Mapping[str, Any]
) -> None:
    """Write what was found; a finding of the same kind is replaced."""
    connection.execute(
        "INSERT OR REPLACE INTO findings VALUES (?, ?, ?, ?)", (run, kind, step, as_json(payload))
    )


def findings(connection: sqlite3.Connection, run: str) -> list[tuple[str, int, dict[str, Any]]]:
    """Kind, step and payload of what was found, in order."""
    rows = connection.execute(
        "SELECT kind, step, payload FROM findings WHERE run = ? ORDER BY step, kind", (run,)
    )
    return [(kind, step, json.loads(payload)) for kind, step, payload in rows]


def cut(connection: sqlite3.Connection, run: str, step: int, events_kept: int) -> None:
    """Drop all that was recorded after a step: it is about to be trained again."""
    last = blocks.block_of(step) if step else -1
    tail = steps(connection, run, last) if step else None
    connection.execute("DELETE FROM metrics WHERE run = ? AND block >= ?", (run, max(last, 0)))
    if tail is not None:
        kept = tail["step"] <= step
        if kept.any():
            put_steps(connection, run, {name: column[kept] for name, column in tail.items()})
    for table in ("reports", "probes", "findings"):
        connection.execute(f"DELETE FROM {table} WHERE run = ? AND step > ?", (run, step))
    connection.execute("DELETE FROM events WHERE run = ? AND number >= ?", (run, events_kept))


def as_json(value: Any) -> str:
    """JSON of plain values and of numpy's."""
    return json.dumps(value, default=lambda thing: thing.tolist())
