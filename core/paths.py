"""Where Unroll keeps its files, and how a file is opened, and written whole or not at all.

Only regular files are read or written: a device or a pipe might never end, never begin, or be
replaced by a file. `UNROLL_HOME`, when it is set, holds everything but compiled code
(`networks/compiled/cache.py`); else each platform's usual folders do. A folder is made when it is
first asked for. Knows nothing of what is in the files.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TextIO

import platformdirs

from core.errors import UnrollError

_LONGEST_WRITE = 3_600.0  # seconds


def data_home() -> Path:
    """The folder of what the user would miss: runs, weights and texts of their own.

    Raises:
        UnrollError: the folder is not there and cannot be made.
    """
    return _made(_own_home() or platformdirs.user_data_path("unroll", appauthor=False))


def cache_home() -> Path:
    """The folder of what can be fetched or computed again: text8, n-gram floors.

    Raises:
        UnrollError: the folder is not there and cannot be made.
    """
    home = _own_home()
    return _made(home / "cache" if home else platformdirs.user_cache_path("unroll", False))


def require_regular(path: Path) -> None:
    """Refuse what is there and is no regular file. A link counts as what it points to.

    Raises:
        FileNotFoundError: nothing is there.
        OSError: it is a folder, a device or a pipe.
    """
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))


def opened(path: Path) -> BinaryIO:
    """Open a regular file for reading.

    Raises:
        OSError: it is not there, is no regular file, or may not be read.
    """
    require_regular(path)
    return path.open("rb")


def opened_to_write(path: Path) -> TextIO:
    """Open a regular file for writing text from its start, line ends as they are given.

    It fills up where it stands, for whoever follows it; `replacing` shows it only when it is whole.

    Raises:
        OSError: something else is there, or it cannot be written.
    """
    with suppress(FileNotFoundError):
        require_regular(path)
    return path.open("w", newline="", encoding="utf-8")


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a file to write that takes `path`'s place only when the block ends well.

    The bytes go to a temporary name in the same folder, reach the disk, and are renamed. So
    whoever opens `path` sees the old file or the new one, never half of one, even after a
    crash or with two writers. When the block raises, `path` is left as it was. Where `path` is a
    link, it stays one, and the file that it points to is replaced.

    Raises:
        OSError: something else than a file is there, the folder cannot be written, or the disk
            is full.
    """
    path = Path(os.path.realpath(path))
    with suppress(FileNotFoundError):
        require_regular(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not `mkstemp`, whose files nobody else may read: an export is there to be passed on.
    temporary = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            # Without this, a power cut after the rename can leave a file of the right size
            # full of zeros.
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def forget_halves(folder: Path) -> None:
    """Delete what `replacing` has left there where its process was killed, over an hour ago."""
    for left in folder.glob(".*.part"):
        with suppress(OSError):  # another process does the same
            if time.time() - left.stat().st_mtime > _LONGEST_WRITE:
                left.unlink()


def _own_home() -> Path | None:
    home = os.environ.get("UNROLL_HOME")
    return Path(home).expanduser().absolute() if home else None


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnrollError(
            f"The folder {folder} cannot be made ({error.strerror}): "
            "set UNROLL_HOME to a folder that can be written."
        ) from None
    return folder
