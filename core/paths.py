"""Where Unroll keeps its files, and how a file is written whole or not at all.

Knows nothing of what is in the files. `UNROLL_HOME`, when it is set, holds everything; else
each platform's usual folders do. A folder is made when it is first asked for.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import platformdirs

from core.errors import UnrollError


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


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a file to write that takes `path`'s place only when the block ends well.

    The bytes go to a temporary name in the same folder, reach the disk, and are renamed. So
    whoever opens `path` sees the old file or the new one, never half of one, even after a
    crash or with two writers. When the block raises, `path` is left as it was.

    Raises:
        OSError: the folder cannot be written, or the disk is full.
    """
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
