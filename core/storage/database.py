"""A SQLite file: opened or refused, brought up to date, read, and written in transactions.

Knows nothing of what is in it. In WAL mode, so that pages read while runs are written, from as
many processes as like. A file's `user_version` is the number of migrations that were applied
to it.

A file that is damaged or foreign is set aside, whatever SQLite says of it. One that cannot be
written, on a full or read-only disk, can still be read.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import time
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import RLock

from core.errors import StoreError, shown
from core.storage.locks import FileLock

_PATIENCE = 60  # seconds for another process's write; each takes milliseconds
# How the names of errors begin that say nothing of what is in the file ...
_UNWRITABLE = ("SQLITE_READONLY", "SQLITE_FULL", "SQLITE_CANTOPEN", "SQLITE_IOERR")
_PASSING = (  # ... and of those that pass
    *_UNWRITABLE,
    *("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL", "SQLITE_NOMEM"),
    *("SQLITE_PERM", "SQLITE_AUTH", "SQLITE_INTERRUPT"),
)


class SetAside(StoreError):
    """The file could not be read and was moved; opened again, a new one begins."""


@dataclass(frozen=True)
class Schema:
    """What kind of file it is.

    Attributes:
        title: what sentences call it; the path follows.
        migrations: scripts of SQL, oldest first; the first ones make the tables.
        application_id: tells our files from any other SQLite file; 0 does not.
        remedy: what to do where it cannot be used.
        must_read: queries that have to succeed, or else the file counts as damaged.
        sets_aside: whether a damaged or foreign file is moved, and the next start begins a new
            one; else it stays in the way.
    """

    title: str
    migrations: Sequence[str]
    remedy: str
    application_id: int = 0
    must_read: Sequence[str] = ()
    sets_aside: bool = True


class Database:
    """One connection to one file.

    Thread safety: every method may be called from any thread; they wait for each other.

    Args:
        path: the file, made or brought up to date if need be.
        schema: what kind it is.

    Attributes:
        read_only: a sentence where it can be read alone; else empty.

    Raises:
        SetAside: it was damaged or foreign.
        StoreError: it is of a newer version, or cannot be read.
    """

    def __init__(self, path: Path, schema: Schema) -> None:
        self.path = path
        self._schema = schema
        self._lock = RLock()
        self._open()

    def _open(self) -> None:
        self._connection, self.read_only, self._copy = _opened(self.path, self._schema)
        self._file = _identity(self.path)
        if self._copy is not None:
            weakref.finalize(self, shutil.rmtree, self._copy, ignore_errors=True)
        # For whoever drops a database without a word: the file is let go of all the same.
        weakref.finalize(self, self._connection.close).atexit = False

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()
            if self._copy is not None:
                shutil.rmtree(self._copy, ignore_errors=True)

    @property
    def left_behind(self) -> bool:
        """Whether its path now leads to another file, or to none: this one was deleted.

        What is left behind can still be read, but nobody else will ever see what is written there.
        """
        return self._copy is None and _identity(self.path) != self._file

    def reopen(self) -> None:
        """Let go of a file that was left behind, and open the one that its path leads to.

        Raises:
            StoreError: as for the first one; the one left behind stays open.
        """
        with self._lock:
            before = self._connection
            self._open()
            before.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Look something up.

        Raises:
            StoreError: the disk fails.
        """
        with self._lock:
            try:
                yield self._connection
            except (sqlite3.Error, UnicodeError) as error:  # even its messages may be damaged
                raise _explained(error, self.path, self._schema) from None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write all or nothing. Transactions of one thread may nest: the outermost counts.

        Raises:
            StoreError: the disk is full, read-only or fails, and nothing was written.
        """
        if self.read_only:
            raise StoreError(self.read_only)
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


def _identity(path: Path) -> tuple[int, int] | None:
    """What tells a file from another one of the same name; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


_Opened = tuple[sqlite3.Connection, str, Path | None]


def _opened(path: Path, schema: Schema) -> _Opened:
    """A connection that commits by itself; a transaction is begun by hand.

    With it come why it cannot write, and the folder of the copy that it reads then.
    """
    gate = FileLock(path.with_name(path.name + ".opening"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        gate.acquire(wait=True)  # two processes that create it at once would trip each other
    except OSError as error:
        return _opened_to_read(path, schema, str(error.strerror))
    try:
        if not path.exists():  # what a deleted file has left would be applied to the new one
            with suppress(OSError):
                for end in ("-wal", "-shm"):
                    path.with_name(path.name + end).unlink(missing_ok=True)
        return _connected(path, schema), "", None
    except (sqlite3.DatabaseError, UnicodeError) as error:
        if getattr(error, "sqlite_errorname", "").startswith(_UNWRITABLE):
            return _opened_to_read(path, schema, str(error))
        raise _refusal(error, path, schema) from None
    finally:
        gate.release()


def _connected(path: Path, schema: Schema) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
    )
    connection.text_factory = _text
    try:
        _prepare(connection, path, schema)
    except BaseException:
        connection.close()
        raise
    return connection


def _text(data: bytes) -> str:
    # A wrong byte in a name or a note costs a character, and not the whole list.
    return data.decode("utf-8", "replace")


def _opened_to_read(path: Path, schema: Schema, reason: str) -> _Opened:
    """A connection to a copy of a file on a disk that takes no more: it needs room beside it."""
    refusal = (
        f"{schema.title} {path} cannot be written ({reason}): make room there, or set UNROLL_HOME "
        "to a folder that can be written."
    )
    folder = None
    try:
        folder = Path(tempfile.mkdtemp(prefix="unroll-"))
        copy = folder / path.name
        for end in ("", "-wal"):
            original = path.with_name(path.name + end)
            if not end or original.exists():
                shutil.copyfile(original, copy.with_name(copy.name + end))
        connection = _connected(copy, schema)
    except (OSError, sqlite3.Error, UnicodeError):
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        raise StoreError(refusal) from None
    return connection, f"{refusal} What is recorded can be looked at and exported.", folder


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
    for query in schema.must_read:
        connection.execute(query).fetchone()


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


def _refusal(error: Exception, path: Path, schema: Schema) -> StoreError:
    if getattr(error, "sqlite_errorname", "").startswith(_PASSING) or not schema.sets_aside:
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
        return SetAside(
            f"{schema.title} {path} cannot be read ({shown(error)}). It was set aside as "
            f"{aside.name}, and a new one begins."
        )
    return StoreError(
        f"{schema.title} {path} cannot be read ({shown(error)}), nor moved out of the way: move "
        "it, or set UNROLL_HOME to another folder."
    )


def _explained(error: Exception, path: Path, schema: Schema) -> StoreError:
    """A failure of a statement as a sentence; nothing is moved."""
    if getattr(error, "sqlite_errorname", "") == "SQLITE_FULL":
        return StoreError(
            f"The disk that holds {path.parent} is full: make room there. What was recorded "
            "is kept."
        )
    return StoreError(f"{schema.title} {path} cannot be used ({shown(error)}): {schema.remedy}")
