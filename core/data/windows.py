"""Windows: what a training step reads, cut from a text by B cursors that walk through it.

Knows nothing of networks or of where the ids came from.

The cursors start at `b * (len // B)`. Each is advanced by one *before* it is read, modulo the
text; the target is the next character, modulo the text too. With `B = 2`, `T = 3`:

    text        t  h  e  _  c  a  t  _        len 8
    position    0  1  2  3  4  5  6  7
    start       ^           ^                 the cursors, 0 and 4: not read
    inputs         h  e  _     a  t  _        x, one column of T for each cursor
    targets           e  _  c     t  _  t     y, the last one from the start of the text
    after                ^           ^        the cursors, 3 and 7

The next window goes on at 4 and 0, so `x` there starts with the last `y` here. This is what
lets a hidden state cross from one window to the next.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from core.errors import ConfigError, TextError


class Cursors:
    """B readers of one text, `(len,)` ids of dtype uint8.

    Raises:
        TextError: the text has fewer characters than there are cursors, or fewer than 2.
    """

    def __init__(self, ids: np.ndarray, batch_size: int) -> None:
        if batch_size < 1:
            raise ConfigError(f"batch_size={batch_size} is not allowed: choose 1 or more.")
        if len(ids) < max(2, batch_size):
            raise TextError(
                f"batch_size={batch_size} needs a text of {max(2, batch_size):,} characters; "
                f"this one has {len(ids):,}. Lower it, or pick a longer text."
            )
        self._ids = np.asarray(ids)  # also turns a memory map into a plain view: faster to index
        self._positions = np.arange(batch_size, dtype=np.int64) * (len(ids) // batch_size)  # (B,)
        self._steps = np.empty((0, 1), np.int64)

    def next_window(self, unrollings: int) -> tuple[np.ndarray, np.ndarray]:
        """Advance every cursor by `unrollings` characters and return what it read.

        `unrollings` is T and may change from call to call.

        Returns:
            inputs and targets, each int64 of shape `(T, B)`, C-contiguous. They are two views
            of one new array, `targets[t]` being `inputs[t + 1]`.

        Raises:
            ConfigError: `unrollings` is less than 1.
        """
        if unrollings < 1:
            raise ConfigError(f"unrollings={unrollings} is not allowed: choose 1 or more.")
        read = self.read(unrollings)
        return read[:-1], read[1:]  # (T, B), (T, B)

    def read(self, characters: int) -> np.ndarray:
        """Advance every cursor by so many characters: these, and the one that comes next.

        Returns:
            int64 of shape `(characters + 1, B)`, C-contiguous: several windows one after the
            other, if their lengths add up to it.
        """
        if len(self._steps) != characters + 1:
            self._steps = np.arange(1, characters + 2)[:, None]
        # "wrap" is the modulo: np.take does it on the way.
        read = self._ids.take(self._positions + self._steps, mode="wrap").astype(np.int64)
        self._positions = (self._positions + characters) % len(self._ids)
        return read

    @property
    def positions(self) -> np.ndarray:
        """Where the cursors stand: a copy, int64 of shape `(B,)`; enough to go on from here."""
        return self._positions.copy()

    def restore(self, positions: ArrayLike) -> None:
        """Put the cursors where `positions` once said they stood.

        Raises:
            TextError: there is not one position in the text for each cursor.
        """
        positions = np.array(positions, dtype=np.int64)
        if positions.shape != self._positions.shape:
            raise TextError(
                f"The saved reading positions are for batch_size={positions.size}; "
                f"this run has {self._positions.size}. Continue with the batch size it began with."
            )
        if positions.min() < 0 or positions.max() >= len(self._ids):
            raise TextError(
                f"The saved reading positions reach character {positions.max():,}; this text "
                f"has {len(self._ids):,}. Continue with the text that the run began with."
            )
        self._positions = positions
