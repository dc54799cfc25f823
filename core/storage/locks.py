"""Locks on files, which the operating system gives back when a process ends, however it ends.

Knows nothing of what is locked. This is how the runs of a dead process are told from those of
a living one: each process that trains holds the lock on a file of its own for as long as it
lives. A process number could have been given to another program since, and a heartbeat would
need patience and a clock; the lock of a process killed with -9 is free in the same moment.

A lock belongs to one machine: a folder shared over a network between two that train at once
is not supported.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

if sys.platform == "win32":
    import msvcrt

    def _lock(file: BinaryIO, wait: bool) -> bool:
        # LK_LOCK tries for ten seconds, then raises.
        while True:
            try:
                msvcrt.locking(file.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
                return True
            except OSError:
                if not wait:
                    return False
else:
    import fcntl

    def _lock(file: BinaryIO, wait: bool) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            return True
        except BlockingIOError:
            return False


class FileLock:
    """A lock that one holder in one process has, until `release` or the process's end.

    Child processes that are started by `subprocess` or `spawn` do not inherit it.

    Raises:
        OSError: the file cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO | None = None

    def acquire(self, *, wait: bool) -> bool:
        """Whether the lock is now held; waits for another holder's end if asked to."""
        file = self.path.open("a+b")
        if _lock(file, wait):
            self._file = file
            return True
        file.close()
        return False

    def release(self, *, remove: bool = False) -> None:
        """Give the lock back; `remove` also deletes its file, which no one may wait for."""
        if self._file is None:
            return
        if remove and os.name == "posix":  # an open file cannot be deleted elsewhere
            with suppress(OSError):
                self.path.unlink()
        self._file.close()
        self._file = None


def is_held(path: Path) -> bool:
    """Whether some process, this one included, holds the lock on this file."""
    if not path.exists():
        return False
    lock = FileLock(path)
    if not lock.acquire(wait=False):
        return True
    lock.release()
    return False
