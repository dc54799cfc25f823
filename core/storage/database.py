"""A SQLite file: opened or refused, brought up to date, read, and written in transactions.

Knows nothing of what is in it. In WAL mode, so that pages read while runs are written, from as
many processes as like. A file's `user_version` is the number of migrations that were applied
to it.
"""

from __future__ import annotations

import sqlite3
import time
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import RLock

from core.errors import StoreError
from core.storage.locks import FileLock

_PATIENCE = 60  # seconds for another process's write; each takes milliseconds


@dataclass(frozen=True)
class Schema:
    """What kind of file it is.

    Attributes:
        title: what sentences call it; the path follows.
        migrations: scripts of SQL, oldest first; the first ones make the tables.
        application_id: tells our files from any other SQLite file; 0 does not.
        remedy: what to do where it cannot be used.
        must_read: a query that has to succeed, or else the file counts as damaged.
        sets_aside: whether a damaged or foreign file is moved, and the next start begins a new
            one; else it stays in the way.
    """

    title: str
    migrations: Sequence[str]
    remedy: str
    application_id: int = 0
    must_read: str = "SELECT 1"
    sets_aside: bool = True


class Database:
    """One connection to one file.

    Thread safety: every method may be called from any thread; they wait for each other.

    Args:
        path: the file, made or brought up to date if need be.
        schema: what kind it is.

    Raises:
        StoreError: it is damaged or foreign, of a newer version, or cannot be written.
    """

    def __init__(self, path: Path, schema: Schema) -> None:
        self.path = path
        self._schema = schema
        self._lock = RLock()
        self._connection = _opened(path, schema)
        # For whoever drops a database without a word: the file is let go of all the same.
        weakref.finalize(self, self._connection.close).atexit = False

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Look something up.

        Raises:
            StoreError: the disk fails.
        """
        with self._lock:
            try:
                yield self._connection
            except sqlite3.Error as error:
                raise _explained(error, self.path, self._schema) from None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write all or nothing. Transactions of one thread may nest: the outermost counts.

        Raises:
            StoreError: the disk is full or fails, and nothing was written.
        """
        with self.reading() as connection:
            nested = connection.in_transaction
            if nested:
                yield connection
                return
            # Immediately: a reader that becomes a writer later could be refused at once.
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")


def _opened(path: Path, schema: Schema) -> sqlite3.Connection:
    """A connection that commits by itself; a transaction is begun by hand."""
    gate = FileLock(path.with_name(path.name + ".opening"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        gate.acquire(wait=True)  # two processes that create it at once would trip each other
    except OSError as error:
        raise StoreError(
            f"{schema.title} {path} cannot be opened ({error.strerror}): set UNROLL_HOME to "
            "a folder that can be written."
        ) from None
    try:
        connection = sqlite3.connect(
            path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
        )
        try:
            _prepare(connection, path, schema)
        except BaseException:
            connection.close()
            raise
        return connection
    except sqlite3.DatabaseError as error:
        raise _refusal(error, path, schema) from None
    finally:
        gate.release()


def _prepare(connection: sqlite3.Connection, path: Path, schema: Schema) -> None:
    newest = len(schema.migrations)
    # Reading comes first: a file that is not ours must not be written to, not even a header.
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    owner = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if tables and owner != schema.application_id:
        raise sqlite3.DatabaseError("it is the database of another program")
    if version > newest:
        raise StoreError(
            f"{schema.title} {path} was written by a newer Unroll (its schema is {version}, "
            f"this one reads up to {newest}): update Unroll, or set UNROLL_HOME to "
            "another folder. The file was left as it is."
        )
    if tables and _looks_short(connection, path):
        # SQLite itself has the last word.
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError("it is cut off")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA foreign_keys = ON")
    # A checkpoint must never reach the disk before the records that lead up to it.
    connection.execute("PRAGMA synchronous = FULL")
    for number in range(version, newest):
        connection.executescript(
            f"BEGIN IMMEDIATE; PRAGMA application_id = {schema.application_id};"
            f"{schema.migrations[number]} PRAGMA user_version = {number + 1}; COMMIT;"
        )
    # One look at each table, so that a damaged one is met here and not in mid-lecture.
    for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'"):
        connection.execute(f'SELECT * FROM "{name}" LIMIT 1').fetchone()
    connection.execute(schema.must_read).fetchone()


def _looks_short(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether the file has fewer pages than it says, those in the log beside it counted.

    The file is never opened here: closing it again would take from this process the locks
    that SQLite holds on it, and another process would then throw away a log in use.
    """
    (page,) = connection.execute("PRAGMA page_size").fetchone()
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    log = path.with_name(path.name + "-wal")
    logged = log.stat().st_size // page if log.exists() else 0
    return path.stat().st_size // page + logged < pages


def _refusal(error: sqlite3.DatabaseError, path: Path, schema: Schema) -> StoreError:
    name = getattr(error, "sqlite_errorname", "SQLITE_NOTADB")
    # Others are: locked, full, read-only, no access.
    if name not in ("SQLITE_NOTADB", "SQLITE_CORRUPT") or not schema.sets_aside:
        return _explained(error, path, schema)
    aside = path.with_name(f"{path.stem}-damaged-{time.strftime('%Y%m%d-%H%M%S')}{path.suffix}")
    while aside.exists():
        aside = aside.with_name(f"{aside.stem}x{aside.suffix}")
    with suppress(OSError):
        # The log belongs to its database: left behind, it would be applied to the new one.
        for end in ("-wal", "-shm", ""):
            part = path.with_name(path.name + end)
            if part.exists():
                part.rename(aside.with_name(aside.name + end))
        return StoreError(
            f"{schema.title} {path} cannot be read ({error}). It was set aside as "
            f"{aside.name}; the next start begins a new one."
        )
    return StoreError(
        f"{schema.title} {path} cannot be read ({error}), nor moved out of the way: move "
        "it, or set UNROLL_HOME to another folder."
    )


def _explained(error: sqlite3.Error, path: Path, schema: Schema) -> StoreError:
    """A failure of a statement as a sentence; nothing is moved."""
    if getattr(error, "sqlite_errorname", "") == "SQLITE_FULL":
        return StoreError(
            f"The disk that holds {path.parent} is full: make room there. What was recorded "
            "is kept."
        )
    return StoreError(f"{schema.title} {path} cannot be used ({error}): {schema.remedy}")
