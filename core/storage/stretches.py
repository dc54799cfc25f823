"""Steps packed into stretches: a row of the store holds up to a thousand of them.

Knows nothing of SQLite. Stretch `s` holds the steps `1,000 s + 1` to `1,000 (s + 1)`, column
after column, little-endian, deflated: about 25 bytes a step. A row a step would make a store
of 500 long runs ten times larger and a hundred times slower to read.

The last, partial stretch is packed again and replaced whenever it grows, rather than kept as
loose rows: then a run's steps are stored in one way, no step can be stored twice, and the
price is at most one such stretch, some 25 kB, for each run and write.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import numpy as np

from core.errors import StoreError
from core.steps import KINDS, Columns

STRETCH = 1_000  # steps
_PACKED = {name: kind for name, kind in KINDS.items() if name != "step"}  # which can be counted
_ROW = sum(kind.itemsize for kind in _PACKED.values())


def stretch_of(step: int) -> int:
    """The number of the stretch that holds a step."""
    return (step - 1) // STRETCH


def pack(columns: Mapping[str, np.ndarray]) -> bytes:
    """A table of steps as bytes."""
    raw = b"".join(
        # The bytes of equal weight side by side: neighbours differ little, so they pack well.
        np.ascontiguousarray(columns[name], kind).view(np.uint8).reshape(-1, 8).T.tobytes()
        for name, kind in _PACKED.items()
    )
    return zlib.compress(raw, 1)


def unpack(data: bytes, stretch: int, rows: int) -> Columns:
    """The table of a stretch of so many steps.

    Raises:
        StoreError: the bytes are not such a stretch.
    """
    if not 0 < rows <= STRETCH or stretch < 0:
        raise _damaged(stretch)
    unpacking = zlib.decompressobj()
    try:
        raw = unpacking.decompress(data, rows * _ROW + 1)
    except zlib.error:
        raise _damaged(stretch) from None
    if len(raw) != rows * _ROW:
        raise _damaged(stretch)
    first = stretch * STRETCH + 1
    columns: Columns = {"step": np.arange(first, first + rows)}
    for number, (name, kind) in enumerate(_PACKED.items()):
        at = number * 8 * rows
        planes = np.frombuffer(raw, np.uint8, 8 * rows, at).reshape(8, rows)
        columns[name] = np.ascontiguousarray(planes.T).view(kind).reshape(rows)
    return columns


def _damaged(stretch: int) -> StoreError:
    first = stretch * STRETCH + 1
    return StoreError(
        f"The recorded steps {first:,} to {first + STRETCH - 1:,} are damaged and cannot be "
        "shown; the others and the checkpoint are not affected."
    )
