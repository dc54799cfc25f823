"""What runs recorded, as rows: steps, reports, events, probes and context curves.

Knows nothing of run lists, checkpoints or threads.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple, fields
from typing import Any

import numpy as np

from core import steps
from core.errors import StoreError, shown
from core.records import ContextRecord, Event, EventKind, ProbeRecord, Report
from core.steps import Columns
from core.storage.database import Database
from core.storage.stretches import STRETCH, pack, stretch_of, unpack
from core.storage.typed import typed

_FLOW, _CONTEXT = "flow", "context"  # kinds of what the table of probes holds
_STRETCHES_AT_ONCE = 200
_EVENTS = frozenset(EventKind)


class Ledger:
    """The records of all runs in a database; every method asks for a run's id.

    What is put goes into the caller's transaction, or into one of its own.

    Raises:
        StoreError: by every method, where the file cannot be read or written.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def put_steps(self, run: str, columns: Mapping[str, np.ndarray]) -> None:
        """Write the stretches that these steps fill.

        Args:
            run: its id.
            columns: a table of steps, the first of which begins a stretch.
        """
        with self._database.transaction() as connection:
            for start in range(0, len(columns["step"]), STRETCH):
                part = steps.cut(columns, slice(start, start + STRETCH))
                connection.execute(
                    "INSERT OR REPLACE INTO metrics VALUES (?, ?, ?, ?)",
                    (run, stretch_of(int(part["step"][0])), len(part["step"]), pack(part)),
                )

    def steps(self, run: str, first_stretch: int = 0) -> Columns:
        """The table of the recorded steps from a stretch on.

        Raises:
            StoreError: a stretch is damaged.
        """
        return steps.joined(self.tables(run, first_stretch))

    def tables(self, run: str, first_stretch: int = 0) -> Iterator[Columns]:
        """As `steps`, some hundred thousand at a time: a long run has more than one wants at once.

        Raises:
            StoreError: a stretch is damaged.
        """
        while True:
            with self._database.reading() as connection:
                rows = connection.execute(
                    "SELECT data, block, rows FROM metrics WHERE run = ? AND block >= ? "
                    "ORDER BY block LIMIT ?",
                    (run, first_stretch, _STRETCHES_AT_ONCE),
                ).fetchall()
            if not rows:
                return
            yield steps.joined([unpack(*row) for row in rows])
            first_stretch = rows[-1][1] + 1

    def put_reports(self, run: str, reports: Iterable[Report]) -> None:
        """Write reports; one at the same step is replaced."""
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO reports VALUES (?, ?, ?, ?, ?, ?, ?)",
                [(run, *astuple(report)) for report in reports],
            )

    def reports(self, run: str) -> tuple[Report, ...]:
        """All reports, in order. A loss that was no number comes back as one."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT step, characters_seen, seconds, train_loss_nats, validation_loss_nats, "
                "sample FROM reports WHERE run = ? ORDER BY step",
                (run,),
            ).fetchall()
        # SQLite keeps NaN as NULL; only a training loss may rightly be missing, before step 1.
        with _whole(run, "reports"):
            return tuple(
                typed(Report(step, seen, spent, train, np.nan if loss is None else loss, sample))
                for step, seen, spent, train, loss, sample in rows
            )

    def validation(self, run: str) -> tuple[float | None, float | None]:
        """The best and the last validation loss in nats; None where there is no number."""
        with self._database.reading() as connection:
            losses = connection.execute(
                "SELECT validation_loss_nats FROM reports WHERE run = ? ORDER BY step", (run,)
            ).fetchall()
        found = [loss for (loss,) in losses]
        best = min((loss for loss in found if loss is not None), default=None)
        return best, found[-1] if found else None

    def put_events(self, run: str, first: int, events: Iterable[Event]) -> None:
        """Write events, the first of them being the run's number `first`, from 0."""
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO events VALUES (?, ?, ?, ?, ?, ?)",
                [(run, first + place, *astuple(event)) for place, event in enumerate(events)],
            )

    def events(self, run: str) -> tuple[Event, ...]:
        """All events, in the order in which they happened."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT step, kind, value, text FROM events WHERE run = ? ORDER BY number", (run,)
            ).fetchall()
        with _whole(run, "events"):
            # Of another kind can only be what a stranger made up, and an older version took in.
            return tuple(typed(Event(*row)) for row in rows if row[1] in _EVENTS)

    def changed_live(self) -> frozenset[str]:
        """The runs whose live settings were changed while they trained."""
        kinds = [kind for kind in EventKind if kind.live_change]
        places = ", ".join("?" * len(kinds))
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT DISTINCT run FROM events WHERE kind IN ({places})", kinds
            ).fetchall()
        return frozenset(run for (run,) in rows)

    def put_probes(self, run: str, probes: Iterable[ProbeRecord]) -> None:
        """Write probes of the gradient flow; one at the same step is replaced."""
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO probes VALUES (?, ?, ?, ?)",
                [(run, _FLOW, probe.step, _as_json(_fields_of(probe))) for probe in probes],
            )

    def probes(self, run: str) -> tuple[ProbeRecord, ...]:
        """All probes of the gradient flow, in order."""
        with _whole(run, "probes"):
            return tuple(typed(ProbeRecord(**fields)) for fields in self._payloads(run, _FLOW))

    def put_contexts(self, run: str, contexts: Iterable[ContextRecord]) -> None:
        """Write context curves; one at the same step is replaced."""
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO probes VALUES (?, ?, ?, ?)",
                [(run, _CONTEXT, curve.step, _as_json(_fields_of(curve))) for curve in contexts],
            )

    def contexts(self, run: str) -> tuple[ContextRecord, ...]:
        """All context curves, in order."""
        with _whole(run, "context curves"):
            return tuple(typed(ContextRecord(**fields)) for fields in self._payloads(run, _CONTEXT))

    def _payloads(self, run: str, kind: str) -> list[dict[str, Any]]:
        """Fields of the records of a kind, in order."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT payload FROM probes WHERE run = ? AND kind = ? ORDER BY step", (run, kind)
            ).fetchall()
        return [
            {
                name: tuple(value) if isinstance(value, list) else value
                for name, value in json.loads(payload).items()
            }
            for (payload,) in rows
        ]

    def cut(self, run: str, step: int, events_kept: int) -> None:
        """Drop all that was recorded after a step: it is about to be trained again."""
        last = stretch_of(step) if step else 0
        # From the start nothing is read: what is damaged may be trained again.
        tail = self.steps(run, last) if step else steps.joined(())
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM metrics WHERE run = ? AND block >= ?", (run, last))
            self.put_steps(run, steps.cut(tail, tail["step"] <= step))
            for table in ("reports", "probes"):
                connection.execute(f"DELETE FROM {table} WHERE run = ? AND step > ?", (run, step))
            connection.execute(
                "DELETE FROM events WHERE run = ? AND number >= ?", (run, events_kept)
            )


@contextmanager
def _whole(run: str, records: str) -> Iterator[None]:
    """What is read in the block is damaged where it raises what wrong values raise."""
    try:
        yield
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise StoreError(
            f"The {records} of run {shown(run)} are damaged and cannot be read; its checkpoint is "
            "not affected."
        ) from None


def _as_json(value: Any) -> str:
    """JSON of plain values and of numpy's."""
    return json.dumps(value, default=lambda thing: thing.tolist())


def _fields_of(record: ProbeRecord | ContextRecord) -> dict[str, Any]:
    # `asdict` copies every number of a flow by itself, a quarter of the time of an import.
    return {field.name: getattr(record, field.name) for field in fields(record)}
