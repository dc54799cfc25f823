"""Which process a run belongs to, and which runs have lost theirs.

Knows nothing of what a run is made of, or of tables. Each process that trains holds the lock
on a file of its own, `processes/<owner>.lock`; a run that is active in the store while nobody
holds its owner's lock was cut off with its process.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from threading import Lock

from core.errors import StoreError
from core.storage.locks import FileLock, is_held

CUT_OFF = "Its process ended. Resume goes on from its last checkpoint, or else from the start."


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
        """The name, its lock held from now on; another one if its file was deleted.

        Raises:
            StoreError: the folder cannot be written.
        """
        with self._mutex:
            if self._lock is not None and not self._lock.path.exists():
                self._lock.release()
                self._lock = None
            if self._lock is None:
                try:
                    self._folder.mkdir(parents=True, exist_ok=True)
                    lock = FileLock(self._folder / f"{secrets.token_hex(8)}.lock")
                    lock.acquire(wait=True)  # whoever asks for it holds it for a moment
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

    def dead(self, owners: Iterable[str | None]) -> list[str | None]:
        """Which of these owners of active runs are no more."""
        return [
            owner
            for owner in owners
            if owner != self.name and (owner is None or not is_held(self._path(owner)))
        ]

    def bury(self, owner: str | None) -> None:
        """Forget a dead owner, whose runs are taken care of."""
        if owner is not None:
            with suppress(OSError):
                self._path(owner).unlink(missing_ok=True)

    def _path(self, owner: str) -> Path:
        return self._folder / f"{owner}.lock"
