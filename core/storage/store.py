"""The store of runs: one SQLite file that every process of this user shares.

Knows nothing of training or pages: it keeps what it is given and finds it again.

    runs.sqlite                 runs, configurations, steps, reports, events, probes, findings
    checkpoints/<id>.safetensors    the last state of each run
    processes/<id>.lock         held for as long as a process that trains is alive

Whoever looks into the list notes the runs whose process has ended as interrupted.

Thread safety: every method may be called from any thread. Process safety: writes are short
transactions that wait for each other.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock

import numpy as np

from core.config import TrainingConfig
from core.errors import StoreError
from core.labels import run_name
from core.paths import data_home
from core.records import Event, Report, RunStatus
from core.storage import ledger
from core.storage.ownership import Ownership
from core.storage.rows import RunRow, events_from_json, events_json
from core.storage.schema import explain, open_database

UNDO_SECONDS = 60.0
"""For how long a deleted run can be had back."""

_COLUMNS = (
    "runs.id, name, created, updated, status, message, owner, source, json, sweep, planned, "
    "given_weights, text_title, text_sha256, text_length, floors, device, device_reason, step, "
    "characters_seen, seconds, best_validation, last_validation, diagnosis, starred, tags, note, "
    "deleted"
)
_NAMES = [name.strip() for name in _COLUMNS.split(",")]
_SELECT = f"SELECT {_COLUMNS} FROM runs JOIN configurations ON configuration = configurations.id"


class Store:
    """The runs of this user.

    Args:
        home: the folder; the user's own if left out.
        clock: seconds since 1970.
        ownership: that of another store of this process, to write under the same name.

    Raises:
        StoreError: the file is damaged, foreign, of a newer version or cannot be written.
    """

    def __init__(
        self,
        home: Path | None = None,
        clock: Callable[[], float] = time.time,
        ownership: Ownership | None = None,
    ) -> None:
        self.home = home or data_home()
        self.path = self.home / "runs.sqlite"
        self._clock = clock
        self._lock = RLock()
        self._connection = open_database(self.path)
        self._ownership = ownership or Ownership(self.home / "processes")
        self._shares = ownership is not None
        self._read: dict[str, tuple[tuple, RunRow]] = {}  # what a row was made of, and the row
        try:
            self._settle()
            self._purge()
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Let go of the file; runs of this process that are still active become interrupted."""
        with self._lock:
            self._connection.close()
            if not self._shares:
                self._ownership.release()

    def twin(self) -> Store:
        """Another connection of this process: neither waits for the other's slow disk."""
        return Store(self.home, self._clock, self._ownership)

    # -- runs ----------------------------------------------------------------------------

    def create(
        self,
        run_id: str,
        config: TrainingConfig,
        *,
        source: str,
        name: str = "",
        planned: Sequence[Event] = (),
        given_weights: bool = False,
        sweep: str | None = None,
    ) -> None:
        """Note a run of this process that is about to start.

        Raises:
            StoreError: there is one of this id, or the file cannot be written.
        """
        now = self._clock()
        values = {
            "id": run_id,
            "name": name or run_name(config),
            "created": now,
            "updated": now,
            "status": str(RunStatus.QUEUED),
            "owner": self._ownership.ensure(),
            "source": source,
            "planned": events_json(tuple(planned)),
            "given_weights": int(given_weights),
            "sweep": sweep,
        }
        with self.transaction() as connection:
            self._insert(connection, values, config)

    def claim(self, run_id: str, config: TrainingConfig, step: int, events: int) -> None:
        """Take over a run that is not active, to train it on from a step.

        What was recorded after that step is dropped: it is trained again. `config` may plan
        more steps than the run's own.

        Raises:
            StoreError: another process trains it, it is not known, or cannot be written.
        """
        owner = self._ownership.ensure()
        self._settle()
        with self.transaction() as connection:
            row = self.get(run_id)
            if row.status.active:
                raise StoreError(
                    f"Run {run_id} is {row.status} in another process: pause or stop it there."
                )
            ledger.cut(connection, run_id, step, events)
            connection.execute(
                "UPDATE runs SET status = ?, message = '', owner = ?, configuration = ?, "
                "step = ?, updated = ?, deleted = NULL WHERE id = ?",
                (
                    str(RunStatus.QUEUED),
                    owner,
                    _configuration(connection, config),
                    step,
                    self._clock(),
                    run_id,
                ),
            )
            self.refresh_validation(connection, run_id)

    def now(self) -> float:
        """Seconds since 1970."""
        return self._clock()

    def runs(self) -> list[RunRow]:
        """All runs that are not deleted, newest first."""
        self._settle()
        rows = self._select("WHERE deleted IS NULL ORDER BY created DESC, runs.rowid DESC")
        with self._lock:
            self._read = {row.id: self._read[row.id] for row in rows if row.id in self._read}
        return rows

    def get(self, run_id: str) -> RunRow:
        """One run, a deleted one too while it can be had back.

        Raises:
            StoreError: it is not known.
        """
        self._settle()
        found = self._select("WHERE runs.id = ?", run_id)
        if not found:
            raise StoreError(
                f"There is no run {run_id[:40]!r} here: `python -m core runs list` shows all."
            )
        return found[0]

    def find(self, words: str) -> RunRow:
        """A run by its id, the beginning of its id, or its name.

        Raises:
            StoreError: no run is called so, or several are.
        """
        rows = self.runs()
        for fits in (
            [row for row in rows if row.id == words],
            [row for row in rows if len(words) >= 3 and row.id.startswith(words)],
            [row for row in rows if row.name == words],
        ):
            if len(fits) == 1:
                return fits[0]
            if fits:
                raise StoreError(
                    f"{len(fits)} runs are called {words[:40]!r}: give the id of one of them, "
                    f"{', '.join(row.id for row in fits[:4])}."
                )
        return self.get(words)

    def edit(
        self,
        run_id: str,
        *,
        name: str | None = None,
        starred: bool | None = None,
        tags: Sequence[str] | None = None,
        note: str | None = None,
        diagnosis: str | None = None,
    ) -> None:
        """Change what a user says about a run, or the diagnosis.

        Raises:
            StoreError: the run is not known, or cannot be written.
        """
        changes = {
            "name": name and " ".join(name.split())[:200],
            "starred": None if starred is None else int(starred),
            "tags": None if tags is None else json.dumps(list(tags)[:20]),
            "note": None if note is None else note[:10_000],
            "diagnosis": diagnosis,
        }
        changes = {field: value for field, value in changes.items() if value is not None}
        if not changes or changes.get("name") == "":
            return
        assignments = ", ".join(f"{field} = ?" for field in changes)
        with self.transaction() as connection:
            self.get(run_id)
            connection.execute(
                f"UPDATE runs SET {assignments} WHERE id = ?", (*changes.values(), run_id)
            )

    def delete(self, run_id: str) -> None:
        """Take a run out of the list; for a minute `undelete` brings it back.

        Raises:
            StoreError: it is active, or not known.
        """
        self._purge()
        with self.transaction() as connection:
            row = self.get(run_id)
            if row.status.active:
                raise StoreError(f"Run {run_id} is {row.status}: stop it before deleting it.")
            connection.execute("UPDATE runs SET deleted = ? WHERE id = ?", (self._clock(), run_id))

    def undelete(self, run_id: str) -> None:
        """Bring back a run that was deleted less than a minute ago.

        Raises:
            StoreError: it is gone.
        """
        with self.transaction() as connection:
            self.get(run_id)
            connection.execute("UPDATE runs SET deleted = NULL WHERE id = ?", (run_id,))

    # -- what a run recorded -------------------------------------------------------------

    def steps(self, run_id: str, first_block: int = 0) -> dict[str, np.ndarray]:
        """The recorded steps, as columns; see `ledger.steps`."""
        with self._reading() as connection:
            return ledger.steps(connection, run_id, first_block)

    def reports(self, run_id: str) -> tuple[Report, ...]:
        """All reports, in order."""
        with self._reading() as connection:
            return ledger.reports(connection, run_id)

    def events(self, run_id: str) -> tuple[Event, ...]:
        """All events, in order."""
        with self._reading() as connection:
            return ledger.events(connection, run_id)

    def probes(self, run_id: str) -> list:
        """Class name, step and fields of the other records; see `ledger.probes`."""
        with self._reading() as connection:
            return ledger.probes(connection, run_id)

    def findings(self, run_id: str) -> list:
        """Kind, step and payload of what was found."""
        with self._reading() as connection:
            return ledger.findings(connection, run_id)

    def checkpoint_path(self, run_id: str) -> Path:
        """Where a run's last state is kept."""
        return self.home / "checkpoints" / f"{run_id}.safetensors"

    # -- for the writer and for imports --------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write all or nothing. Transactions of one thread may nest: the outermost counts.

        Raises:
            StoreError: the disk is full or fails, and nothing was written.
        """
        with self._lock:
            if self._connection.in_transaction:
                yield self._connection
                return
            try:
                # Immediately: a reader that becomes a writer later could be refused at once.
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    yield self._connection
                    self._connection.execute("COMMIT")
                finally:
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
            except sqlite3.Error as error:
                raise explain(error, self.path) from None

    def insert_ended(self, values: dict, config: TrainingConfig) -> None:
        """A row for a run that comes from elsewhere; `values` by column."""
        with self.transaction() as connection:
            self._insert(connection, values, config)

    def refresh_validation(self, connection: sqlite3.Connection, run_id: str) -> None:
        """Work out the list's best and last validation loss from the reports."""
        connection.execute(
            "UPDATE runs SET best_validation = (SELECT min(validation_loss_nats) FROM reports "
            "WHERE run = id), last_validation = (SELECT validation_loss_nats FROM reports "
            "WHERE run = id ORDER BY step DESC LIMIT 1) WHERE id = ?",
            (run_id,),
        )

    # -- inside --------------------------------------------------------------------------

    def _insert(self, connection, values: dict, config: TrainingConfig) -> None:
        values = {**values, "configuration": _configuration(connection, config)}
        columns, marks = ", ".join(values), ", ".join("?" * len(values))
        connection.execute(f"INSERT INTO runs ({columns}) VALUES ({marks})", (*values.values(),))

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._connection
            except sqlite3.Error as error:
                raise explain(error, self.path) from None

    def _select(self, condition: str, *values: object) -> list[RunRow]:
        with self._reading() as connection:
            rows = connection.execute(f"{_SELECT} {condition}", values).fetchall()
            return [self._as_row(values) for values in rows]

    def _as_row(self, values: tuple) -> RunRow:
        """The row as it was read before, with what it has worked out since, if nothing changed."""
        made_of = (*values, self._ownership.name)
        known = self._read.get(values[0])
        if known is None or known[0] != made_of:
            known = self._read[values[0]] = made_of, _row(values, self._ownership.name)
        return known[1]

    def _settle(self) -> None:
        """Note the runs whose process has ended as interrupted."""
        with self._reading() as connection:
            for owner in self._ownership.dead(connection):
                with self.transaction():
                    self._ownership.bury(connection, owner)

    def _purge(self) -> None:
        """Forget for good what was deleted more than a minute ago."""
        before = (self._clock() - UNDO_SECONDS,)
        choice = "SELECT id FROM runs WHERE deleted < ?"
        with self._reading() as connection:
            if not connection.execute(choice, before).fetchall():
                return
        with self.transaction() as connection:
            # Chosen again: another process may have brought one back, which keeps its weights.
            gone = connection.execute(choice, before).fetchall()
            connection.execute("DELETE FROM runs WHERE deleted < ?", before)
        for (run_id,) in gone:
            self.checkpoint_path(run_id).unlink(missing_ok=True)


def _configuration(connection: sqlite3.Connection, config: TrainingConfig) -> int:
    text = json.dumps(config.model_dump(), sort_keys=True)
    connection.execute("INSERT OR IGNORE INTO configurations (json) VALUES (?)", (text,))
    row = connection.execute("SELECT id FROM configurations WHERE json = ?", (text,)).fetchone()
    return row[0]


def _row(values: tuple, own: str | None) -> RunRow:
    named = dict(zip(_NAMES, values, strict=True))
    owner = named.pop("owner")
    named["id"] = named.pop("runs.id")
    named["status"] = RunStatus(named["status"])
    stored = json.loads(named.pop("json"))
    known = [name for name in TrainingConfig.model_fields if name in stored]
    named["settings"] = {name: stored[name] for name in (*known, *(stored.keys() - set(known)))}
    named["planned"] = events_from_json(named["planned"])
    named["floors"] = json.loads(named["floors"])
    named["tags"] = tuple(json.loads(named["tags"] or "[]"))
    named["given_weights"] = bool(named["given_weights"])
    named["starred"] = bool(named["starred"])
    return RunRow(here=owner is not None and owner == own, **named)
