"""The tables of the store of runs, and how a file of them is opened or refused.

Knows nothing of what the rows mean to training. SQLite in WAL mode, so that pages read while
runs are written, from as many processes as like. A file's `user_version` is the number of
migrations that were applied to it.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import suppress
from pathlib import Path

from core.errors import StoreError
from core.storage.locks import FileLock

APPLICATION_ID = 0x556E726C  # "Unrl": tells our files from any other SQLite file
BUSY_SECONDS = 60
"""How long to wait for another process's write; each takes milliseconds."""

_MIGRATIONS = (
    """
    CREATE TABLE configurations (
        id INTEGER PRIMARY KEY,
        json TEXT NOT NULL UNIQUE
    );
    CREATE TABLE runs (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        created REAL NOT NULL,
        updated REAL NOT NULL,
        status TEXT NOT NULL,
        message TEXT NOT NULL DEFAULT '',
        owner TEXT,
        source TEXT NOT NULL,
        configuration INTEGER NOT NULL REFERENCES configurations (id),
        sweep TEXT,
        planned TEXT NOT NULL DEFAULT '[]',
        given_weights INTEGER NOT NULL DEFAULT 0,
        text_title TEXT NOT NULL DEFAULT '',
        text_sha256 TEXT NOT NULL DEFAULT '',
        text_length INTEGER NOT NULL DEFAULT 0,
        floors TEXT NOT NULL DEFAULT '{}',
        device TEXT NOT NULL DEFAULT '',
        device_reason TEXT NOT NULL DEFAULT '',
        step INTEGER NOT NULL DEFAULT 0,
        characters_seen INTEGER NOT NULL DEFAULT 0,
        seconds REAL NOT NULL DEFAULT 0,
        best_validation REAL,
        last_validation REAL,
        diagnosis TEXT NOT NULL DEFAULT '',
        starred INTEGER NOT NULL DEFAULT 0,
        tags TEXT NOT NULL DEFAULT '',
        note TEXT NOT NULL DEFAULT '',
        deleted REAL
    );
    CREATE INDEX runs_by_time ON runs (created);
    CREATE TABLE metrics (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        block INTEGER NOT NULL,
        rows INTEGER NOT NULL,
        data BLOB NOT NULL,
        PRIMARY KEY (run, block)
    );
    CREATE TABLE reports (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        step INTEGER NOT NULL,
        characters_seen INTEGER NOT NULL,
        seconds REAL NOT NULL,
        train_loss_nats REAL,
        validation_loss_nats REAL,
        sample TEXT NOT NULL,
        PRIMARY KEY (run, step)
    );
    CREATE TABLE events (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        step INTEGER NOT NULL,
        kind TEXT NOT NULL,
        value REAL,
        text TEXT NOT NULL,
        PRIMARY KEY (run, number)
    );
    CREATE TABLE probes (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        kind TEXT NOT NULL,
        step INTEGER NOT NULL,
        payload TEXT NOT NULL,
        PRIMARY KEY (run, kind, step)
    );
    CREATE TABLE findings (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        kind TEXT NOT NULL,
        step INTEGER NOT NULL,
        payload TEXT NOT NULL,
        PRIMARY KEY (run, kind)
    );
    """,
)
SCHEMA_VERSION = len(_MIGRATIONS)


def open_database(path: Path) -> sqlite3.Connection:
    """Open the store's file, made or brought up to date if need be.

    The connection commits by itself; a transaction is begun by hand. A damaged or foreign file
    is moved aside, never written to, and the next call begins a new one.

    Raises:
        StoreError: the file is damaged or foreign, of a newer version, or cannot be written.
    """
    gate = FileLock(path.with_name(path.name + ".opening"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        gate.acquire(wait=True)  # two processes that create it at once would trip each other
    except OSError as error:
        raise StoreError(
            f"The store of runs {path} cannot be opened ({error.strerror}): set UNROLL_HOME to "
            "a folder that can be written."
        ) from None
    try:
        connection = sqlite3.connect(
            path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
        return connection
    except sqlite3.DatabaseError as error:
        raise _refusal(error, path) from None
    finally:
        gate.release()


def explain(error: sqlite3.Error, path: Path) -> StoreError:
    """A failure of a statement as a sentence; nothing is moved."""
    if getattr(error, "sqlite_errorname", "") == "SQLITE_FULL":
        return StoreError(
            f"The disk that holds {path.parent} is full: make room there. What was recorded "
            "is kept."
        )
    return StoreError(
        f"The store of runs {path} cannot be used ({error}): check the disk and the folder's "
        "permissions. What was recorded is kept."
    )


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    # Reading comes first: a file that is not ours must not be written to, not even a header.
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    owner = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if tables and owner != APPLICATION_ID:
        raise sqlite3.DatabaseError("it is the database of another program")
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"The store of runs {path} was written by a newer Unroll (its schema is {version}, "
            f"this one reads up to {SCHEMA_VERSION}): update Unroll, or set UNROLL_HOME to "
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
    for number in range(version, SCHEMA_VERSION):
        connection.executescript(
            f"BEGIN IMMEDIATE; PRAGMA application_id = {APPLICATION_ID};"
            f"{_MIGRATIONS[number]} PRAGMA user_version = {number + 1}; COMMIT;"
        )
    # One look at each table, so that a damaged one is met here and not in mid-lecture.
    for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'"):
        connection.execute(f'SELECT * FROM "{name}" LIMIT 1').fetchone()
    connection.execute("SELECT count(*), sum(step), max(updated) FROM runs").fetchone()


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


def _refusal(error: sqlite3.DatabaseError, path: Path) -> StoreError:
    name = getattr(error, "sqlite_errorname", "SQLITE_NOTADB")
    if name not in ("SQLITE_NOTADB", "SQLITE_CORRUPT"):  # locked, full, read-only, no access
        return explain(error, path)
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
            f"The store of runs {path} cannot be read ({error}). It was set aside as "
            f"{aside.name}; the next start begins a new one."
        )
    return StoreError(
        f"The store of runs {path} cannot be read ({error}), nor moved out of the way: move "
        "it, or set UNROLL_HOME to another folder."
    )
