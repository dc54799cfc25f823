"""The store of runs: one SQLite file that every process of this user shares.

Knows nothing of training or pages: it keeps what it is given and finds it again.

    runs.sqlite                     runs, configurations, and what they recorded: see `Ledger`
    checkpoints/<id>.safetensors    the last state of each run
    processes/<id>.lock             held for as long as a process that trains is alive

Whoever looks into the list notes the runs whose process has ended as interrupted.

Thread safety: every method may be called from any thread. Process safety: writes are short
transactions that wait for each other.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from core.config import TrainingConfig
from core.errors import StoreError, shown
from core.labels import run_name
from core.paths import data_home, forget_halves
from core.records import Event, RunStatus
from core.storage.database import Database
from core.storage.ledger import Ledger
from core.storage.ownership import CUT_OFF, Ownership
from core.storage.rows import COLUMNS, RunRow, as_columns, as_row
from core.storage.schema import RUNS

UNDO_SECONDS = 60.0
"""For how long a deleted run can be had back."""

_PLACES = {"settings": "configurations.json"}  # of a column that is not in the table of runs
_SELECT = (
    f"SELECT {', '.join(_PLACES.get(name, f'runs.{name}') for name in COLUMNS)} "
    "FROM runs JOIN configurations ON configuration = configurations.id"
)
_ACTIVE = tuple(str(status) for status in RunStatus if status.active)
_IS_ACTIVE = f"status IN ({', '.join('?' * len(_ACTIVE))})"
_LARGE = {"metrics": "data", "probes": "payload", "reports": "sample"}  # most of what they hold
_RECORDS = ("metrics", "reports", "events", "probes")  # tables that `runs` owns rows of


@dataclass(frozen=True)
class Whole:
    """A run and its records, as the rows of the tables that hold them."""

    row: RunRow
    records: Mapping[str, Sequence[tuple]]


class Store(Database):
    """The runs of this user.

    Attributes:
        home: the folder.
        ledger: what the runs recorded.
        damaged: sentences about the rows that could not be read at the last look at all runs.

    Args:
        home: the folder; the user's own if left out.
        clock: seconds since 1970.
        ownership: that of another store of this process, to write under the same name.

    Raises:
        StoreError: the file is damaged, foreign, of a newer version or cannot be written.
    """

    FILE: ClassVar[str] = "runs.sqlite"

    def __init__(
        self,
        home: Path | None = None,
        clock: Callable[[], float] = time.time,
        ownership: Ownership | None = None,
    ) -> None:
        self.home = home or data_home()
        super().__init__(self.home / self.FILE, RUNS)
        self.ledger = Ledger(self)
        self._clock = clock
        self._ownership = ownership or Ownership(self.home / "processes")
        self._shares = ownership is not None
        self.damaged: tuple[str, ...] = ()
        self._read: dict[str, tuple[tuple, RunRow]] = {}  # what a row was made of, and the row
        try:
            self._settle()
            with suppress(StoreError):  # a full disk: what is deleted takes its place for longer
                self._purge()
            if not self.read_only:
                forget_halves(self.checkpoint_path("").parent)
        except BaseException:
            super().close()
            raise

    def close(self) -> None:
        """Let go of the file; runs of this process that are still active become interrupted."""
        super().close()
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
        browser: str | None = None,
    ) -> None:
        """Note a run of this process that is about to start.

        Raises:
            StoreError: there is one of this id, or the file cannot be written.
        """
        now = self._clock()
        self.insert(
            config,
            id=run_id,
            name=name or run_name(config),
            created=now,
            updated=now,
            status=RunStatus.QUEUED,
            owner=self._ownership.ensure(),
            source=source,
            planned=planned,
            given_weights=given_weights,
            sweep=sweep,
            browser=browser,
        )

    def insert(self, config: TrainingConfig, **values: Any) -> None:
        """A row as it is given, by the names of `RunRow`; what is left out is empty.

        Raises:
            StoreError: there is one of this id, or the file cannot be written.
        """
        with self.transaction() as connection:
            columns = as_columns(values) | {"configuration": self._configuration(config)}
            connection.execute(
                f"INSERT INTO runs ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
                tuple(columns.values()),
            )

    def update(self, run_id: str, config: TrainingConfig | None = None, **values: Any) -> bool:
        """Change a run's row: every change of one goes through here.

        Args:
            run_id: the run.
            config: its new configuration, if it has one.
            values: what changes, by the names of `RunRow`.

        Returns:
            Whether there is such a run; else somebody has deleted it for good.

        Raises:
            StoreError: the file cannot be written.
        """
        with self.transaction() as connection:
            columns = as_columns(values)
            if config is not None:
                columns["configuration"] = self._configuration(config)
            changes = ", ".join(f"{name} = ?" for name in columns)
            found = connection.execute(
                f"UPDATE runs SET {changes} WHERE id = ?", (*columns.values(), run_id)
            )
        return found.rowcount > 0

    def claim(self, run_id: str, config: TrainingConfig, step: int, events: int) -> None:
        """Take over a run that is not active, to train it on from a step.

        What was recorded after that step is dropped: it is trained again. `config` may plan
        more steps than the run's own.

        Raises:
            StoreError: another process trains it, it is not known, or cannot be written.
        """
        owner = self._ownership.ensure()
        self._settle()
        with self.transaction():
            row = self.get(run_id)
            if row.status.active:
                raise StoreError(
                    f"Run {run_id} is {row.status} in another process: pause or stop it there."
                )
            self.ledger.cut(run_id, step, events)
            self.update(
                run_id,
                config,
                status=RunStatus.QUEUED,
                message="",
                owner=owner,
                step=step,
                updated=self._clock(),
                deleted=None,
            )
            self.refresh_validation(run_id)

    def all_of(self, run_id: str) -> Whole | None:
        """What is kept of a run but for its checkpoint; None if it was deleted for good.

        Raises:
            StoreError: it cannot be read.
        """
        with self.reading() as connection:
            if not (found := self._select("WHERE runs.id = ?", run_id)):
                return None
            records = {
                table: connection.execute(f"SELECT * FROM {table} WHERE run = ?", (run_id,))
                for table in _RECORDS
            }
            return Whole(
                self._as_row(found[0]), {t: rows.fetchall() for t, rows in records.items()}
            )

    def put_all(self, run: Whole) -> None:
        """Write an active run of this process anew, in the place of what is there of it.

        Raises:
            StoreError: it cannot be written.
        """
        row = {name: getattr(run.row, name) for name in COLUMNS if name != "settings"}
        with self.transaction() as connection:
            connection.execute("DELETE FROM runs WHERE id = ?", (run.row.id,))
            self.insert(run.row.config, **{**row, "owner": self._ownership.ensure()})
            for table, rows in run.records.items():
                for values in rows:
                    places = ", ".join("?" * len(values))
                    connection.execute(f"INSERT INTO {table} VALUES ({places})", values)

    def now(self) -> float:
        """Seconds since 1970."""
        return self._clock()

    def runs(self) -> list[RunRow]:
        """All runs that are not deleted, newest first.

        Those that were, and cannot be had back, are forgotten for good.
        """
        self._settle()
        with suppress(StoreError):  # a full disk: the list can be read all the same
            self._purge()
        rows, damaged = [], []
        for columns in self._select("WHERE deleted IS NULL ORDER BY created DESC, runs.rowid DESC"):
            try:
                rows.append(self._as_row(columns))
            except StoreError as error:
                damaged.append(str(error))
        self.damaged = tuple(damaged)
        with self._lock:
            self._read = {row.id: self._read[row.id] for row in rows if row.id in self._read}
        return rows

    def measurements(self) -> list[RunRow]:
        """The runs that say what their settings lead to, newest first.

        They trained here, from first weights that `init` made to their planned end, and nothing
        was changed on the way.
        """
        changed = self.ledger.changed_live()
        return [
            row
            for row in self.runs()
            if row.status == RunStatus.FINISHED
            and row.source != "import"
            and not (row.planned or row.given_weights or row.id in changed)
        ]

    def get(self, run_id: str) -> RunRow:
        """One run, a deleted one too while it can be had back.

        Raises:
            StoreError: it is not known.
        """
        self._settle()
        found = self._select("WHERE runs.id = ?", run_id)
        if not found:
            raise StoreError(
                f"There is no run {shown(run_id)!r} here: `python -m core runs list` shows all."
            )
        return self._as_row(found[0])

    def keeps(self, run_id: str) -> bool:
        """Whether it is a run here, and not a deleted one."""
        with self.reading() as connection:
            found = connection.execute(
                "SELECT 1 FROM runs WHERE id = ? AND deleted IS NULL", (run_id,)
            ).fetchone()
        return found is not None

    def known_of(self, run_ids: Collection[str]) -> frozenset[str]:
        """Those of these ids that are runs here, deleted ones too while they can be had back."""
        places = ", ".join("?" * len(run_ids))
        with self.reading() as connection:
            found = connection.execute(
                f"SELECT id FROM runs WHERE id IN ({places})", tuple(run_ids)
            ).fetchall()
        return frozenset(run_id for (run_id,) in found)

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
                    f"{len(fits)} runs are called {shown(words)!r}: give the id of one of them, "
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
    ) -> None:
        """Change what a user says about a run.

        Raises:
            StoreError: the run is not known, or cannot be written.
        """
        changes: dict[str, Any] = {
            "name": None if name is None else " ".join(name.split())[:200] or None,
            "starred": starred,
            "tags": None if tags is None else tuple(tags)[:20],
            "note": None if note is None else note[:10_000],
        }
        changes = {field: value for field, value in changes.items() if value is not None}
        if not changes:
            return
        with self.transaction():
            self.get(run_id)
            self.update(run_id, **changes)

    def delete(self, run_id: str) -> None:
        """Take a run out of the list; for a minute `undelete` brings it back.

        Raises:
            StoreError: it is active, or not known.
        """
        self._purge()
        with self.transaction():
            row = self.get(run_id)
            if row.status.active:
                raise StoreError(f"Run {run_id} is {row.status}: stop it before deleting it.")
            self.update(run_id, deleted=self._clock())

    def undelete(self, run_id: str) -> None:
        """Bring back a run that was deleted less than a minute ago.

        Raises:
            StoreError: it is gone.
        """
        with self.transaction():
            self.get(run_id)
            self.update(run_id, deleted=None)

    def forget(self, run_id: str) -> None:
        """Delete a run for good, at once; nothing where there is none.

        Raises:
            StoreError: it cannot be written.
        """
        with self.transaction() as connection:
            connection.execute("DELETE FROM runs WHERE id = ?", (run_id,))
        self.checkpoint_path(run_id).unlink(missing_ok=True)

    def bytes_of(self, browser: str) -> int:
        """What the records and last states of one owner's runs take, deleted ones left out.

        Raises:
            StoreError: the disk fails.
        """
        whose = "FROM runs {} WHERE browser = ? AND deleted IS NULL"
        taken = 0
        with self.reading() as connection:
            for table, column in _LARGE.items():
                (size,) = connection.execute(
                    f"SELECT sum(length({column})) {whose.format(f'JOIN {table} ON run = id')}",
                    (browser,),
                ).fetchone()
                taken += size or 0
            ids = connection.execute(f"SELECT id {whose.format('')}", (browser,)).fetchall()
        for (run_id,) in ids:
            with suppress(OSError):  # it has none
                taken += self.checkpoint_path(run_id).stat().st_size
        return taken

    def checkpoint_path(self, run_id: str) -> Path:
        """Where a run's last state is kept."""
        return self.home / "checkpoints" / f"{run_id}.safetensors"

    def refresh_validation(self, run_id: str) -> None:
        """Work out the list's best and last validation loss from the reports."""
        with self.transaction():
            best, last = self.ledger.validation(run_id)
            self.update(run_id, best_validation=best, last_validation=last)

    # -- inside --------------------------------------------------------------------------

    def _select(self, condition: str, *values: object) -> list[tuple]:
        with self.reading() as connection:
            return connection.execute(f"{_SELECT} {condition}", values).fetchall()

    def _as_row(self, columns: tuple) -> RunRow:
        """The row as it was read before, with what it has worked out since, if nothing changed."""
        made_of = (*columns, self._ownership.name)
        with self._lock:
            known = self._read.get(columns[0])
            if known is None or known[0] != made_of:
                known = self._read[columns[0]] = made_of, as_row(columns, self._ownership.name)
            return known[1]

    def _configuration(self, config: TrainingConfig) -> int:
        """The number of a configuration, which many runs may share."""
        text = as_columns({"settings": config.model_dump()})["settings"]
        with self.transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO configurations (json) VALUES (?)", (text,))
            (number,) = connection.execute(
                "SELECT id FROM configurations WHERE json = ?", (text,)
            ).fetchone()
        return number

    def _settle(self) -> None:
        """Note the runs whose process has ended as interrupted, if anything can be noted."""
        if self.read_only:
            return
        with self.reading() as connection:
            owners = connection.execute(
                f"SELECT DISTINCT owner FROM runs WHERE {_IS_ACTIVE}", _ACTIVE
            ).fetchall()
        for owner in self._ownership.dead(owner for (owner,) in owners):
            with suppress(StoreError):  # a full disk: the list can be read all the same
                self._interrupt(owner)
                self._ownership.bury(owner)

    def _interrupt(self, owner: str | None) -> None:
        with self.transaction() as connection:
            theirs = connection.execute(
                f"SELECT id FROM runs WHERE owner IS ? AND {_IS_ACTIVE}", (owner, *_ACTIVE)
            ).fetchall()
            for (run_id,) in theirs:
                self.update(run_id, status=RunStatus.INTERRUPTED, message=CUT_OFF, owner=None)

    def _purge(self) -> None:
        """Forget for good what was deleted more than a minute ago."""
        if self.read_only:
            return
        before = (self._clock() - UNDO_SECONDS,)
        choice = "SELECT id FROM runs WHERE deleted < ?"
        with self.reading() as connection:
            if not connection.execute(choice, before).fetchall():
                return
        with self.transaction() as connection:
            # Chosen again: another process may have brought one back, which keeps its weights.
            gone = connection.execute(choice, before).fetchall()
            connection.execute("DELETE FROM runs WHERE deleted < ?", before)
        for (run_id,) in gone:
            self.checkpoint_path(run_id).unlink(missing_ok=True)
