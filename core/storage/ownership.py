"""Which process a run belongs to, and which runs have lost theirs.

Knows nothing of what a run is made of. Each process that trains holds the lock on a file of
its own, `processes/<owner>.lock`; a run that is active in the store while nobody holds its
owner's lock was cut off with its process.
"""

from __future__ import annotations

import secrets
import sqlite3
from contextlib import suppress
from pathlib import Path
from threading import Lock

from core.errors import StoreError
from core.records import RunStatus
from core.storage.locks import FileLock, is_held

CUT_OFF = "Its process ended. Resume goes on from its last checkpoint, or else from the start."

_ACTIVE = tuple(str(status) for status in RunStatus if status.active)
_IS_ACTIVE = f"status IN ({', '.join('?' * len(_ACTIVE))})"


class Ownership:
    """This process' name as an owner of runs; made when it is first asked for.

    Thread safety: every method may be called from any thread.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mutex = Lock()
        self._lock: FileLock | None = None

    @property
    def name(self) -> str | None:
        """The name, if there is one yet."""
        return self._lock.path.stem if self._lock else None

    def ensure(self) -> str:
        """The name, its lock held from now on.

        Raises:
            StoreError: the folder cannot be written.
        """
        with self._mutex:
            if self._lock is None:
                try:
                    self._folder.mkdir(parents=True, exist_ok=True)
                    lock = FileLock(self._folder / f"{secrets.token_hex(8)}.lock")
                    lock.acquire(wait=True)  # whoever probes it holds it for a moment
                except OSError as error:
                    raise StoreError(
                        f"{self._folder} cannot be written ({error.strerror}): make room there, "
                        "or set UNROLL_HOME to another folder."
                    ) from None
                self._lock = lock
            return self._lock.path.stem

    def release(self) -> None:
        """Give the name up: runs that are still active under it are interrupted."""
        with self._mutex:
            if self._lock is not None:
                self._lock.release(remove=True)
                self._lock = None

    def dead(self, connection: sqlite3.Connection) -> list[str | None]:
        """The owners of active runs that are no more."""
        owners = connection.execute(f"SELECT DISTINCT owner FROM runs WHERE {_IS_ACTIVE}", _ACTIVE)
        return [
            owner
            for (owner,) in owners.fetchall()
            if owner != self.name and (owner is None or not is_held(self._path(owner)))
        ]

    def bury(self, connection: sqlite3.Connection, owner: str | None) -> None:
        """Note a dead owner's active runs as interrupted; inside a transaction."""
        connection.execute(
            "UPDATE runs SET status = ?, owner = NULL, message = ? "
            f"WHERE owner IS ? AND {_IS_ACTIVE}",
            (str(RunStatus.INTERRUPTED), CUT_OFF, owner, *_ACTIVE),
        )
        if owner is not None:
            with suppress(OSError):
                self._path(owner).unlink(missing_ok=True)

    def _path(self, owner: str) -> Path:
        return self._folder / f"{owner}.lock"
