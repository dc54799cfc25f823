"""Steps packed into blocks: a row of the store holds up to a thousand of them.

Knows nothing of SQLite. Block `b` holds the steps `1,000 b + 1` to `1,000 (b + 1)`, column
after column, little-endian, deflated: about 25 bytes a step. A row a step would make a store
of 500 long runs ten times larger and a hundred times slower to read.

The last, partial block is packed again and replaced whenever it grows, rather than kept as
loose rows: then a run's steps are stored in one way, no step can be stored twice, and the
price is at most one such block, some 25 kB, for each run and write.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence

import numpy as np

from core.errors import StoreError
from core.records import StepRecord

BLOCK_STEPS = 1_000
COLUMNS = {
    "characters_seen": np.dtype("<i8"),
    "seconds": np.dtype("<f8"),
    "loss_nats": np.dtype("<f8"),
    "grad_norm": np.dtype("<f8"),
    "grad_norm_clipped": np.dtype("<f8"),
    "learning_rate": np.dtype("<f8"),
}
_ROW = sum(kind.itemsize for kind in COLUMNS.values())


def block_of(step: int) -> int:
    """The number of the block that holds a step."""
    return (step - 1) // BLOCK_STEPS


def columns_of(records: Sequence[StepRecord]) -> dict[str, np.ndarray]:
    """Records as columns, `(steps,)` each; `step` and `clipped` can be told from the others."""
    return {
        name: np.array([getattr(record, name) for record in records], kind)
        for name, kind in COLUMNS.items()
    }


def pack(columns: Mapping[str, np.ndarray]) -> bytes:
    """Columns of equal length as bytes."""
    raw = b"".join(
        # The bytes of equal weight side by side: neighbours differ little, so they pack well.
        np.ascontiguousarray(columns[name], kind).view(np.uint8).reshape(-1, 8).T.tobytes()
        for name, kind in COLUMNS.items()
    )
    return zlib.compress(raw, 1)


def unpack(data: bytes, block: int, rows: int) -> dict[str, np.ndarray]:
    """The columns of a block of so many steps, `step` among them.

    Raises:
        StoreError: the bytes are not such a block.
    """
    if not 0 < rows <= BLOCK_STEPS or block < 0:
        raise _damaged(block)
    unpacking = zlib.decompressobj()
    try:
        raw = unpacking.decompress(data, rows * _ROW + 1)
    except zlib.error:
        raise _damaged(block) from None
    if len(raw) != rows * _ROW:
        raise _damaged(block)
    first = block * BLOCK_STEPS + 1
    columns = {"step": np.arange(first, first + rows)}
    for number, (name, kind) in enumerate(COLUMNS.items()):
        at = number * 8 * rows
        planes = np.frombuffer(raw, np.uint8, 8 * rows, at).reshape(8, rows)
        columns[name] = np.ascontiguousarray(planes.T).view(kind).reshape(rows)
    return columns


def joined(parts: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Columns of several blocks, in order, as one."""
    names = ("step", *COLUMNS)
    if not parts:
        return {name: np.empty(0, COLUMNS.get(name, np.int64)) for name in names}
    return {name: np.concatenate([part[name] for part in parts]) for name in names}


def _damaged(block: int) -> StoreError:
    first = block * BLOCK_STEPS + 1
    return StoreError(
        f"The recorded steps {first:,} to {first + BLOCK_STEPS - 1:,} are damaged and cannot be "
        "shown; the others and the checkpoint are not affected."
    )
