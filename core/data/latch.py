"""Latch texts: made-up texts in which one character depends on another exactly `lag` before.

Knows nothing of networks. A block is one key letter, `lag - 1` filler letters, the same key
letter again (the *echo*) and a space:

    lag 4      c w z y c _ a x x w a _ ...
               key   echo^     key's echo is `lag` characters after the key

The key is one of a to h, a filler one of w to z, each drawn evenly. So the echo is always the
character right before a space, a reader without memory of the key guesses it once in 8, and
everything else tells where in the block one is.
"""

from __future__ import annotations

import math
import re

import numpy as np

from core.data.alphabet import SYMBOLS
from core.errors import TextError

KEYS = "abcdefgh"
FILLERS = "wxyz"
MAX_LAG = 100
LATCH_SEEDS = 10_000_000
"""Seeds of texts to train on are below this one."""


def latch_of(key: str) -> tuple[int, int] | None:
    """The lag and the seed that a text's key names, `latch:<lag>` or `latch:<lag>:<seed>`.

    None if it names no latch text.
    """
    parts = re.fullmatch(r"latch:([0-9]{1,3})(?::([0-9]{1,7}))?", key)
    if parts is None or not 1 <= int(parts[1]) <= MAX_LAG:
        return None
    return int(parts[1]), int(parts[2] or 0)


def latch_text(lag: int, length: int = 200_000, seed: int = 0) -> str:
    """A latch text of as many whole blocks of `lag + 2` characters as fit into `length`.

    Raises:
        TextError: the lag is not from 1 to 100, or not one block fits.
    """
    if not 1 <= lag <= MAX_LAG:
        raise TextError(f"lag={lag} is not allowed: choose a whole number from 1 to {MAX_LAG}.")
    blocks = length // (lag + 2)
    if blocks < 1:
        raise TextError(
            f"length={length:,} is too short for lag={lag}: one block needs {lag + 2} characters."
        )
    generator = np.random.default_rng(seed)
    keys = generator.choice(_bytes_of(KEYS), size=blocks)
    text = np.empty((blocks, lag + 2), dtype=np.uint8)
    text[:, 1:lag] = generator.choice(_bytes_of(FILLERS), size=(blocks, lag - 1))
    text[:, 0] = keys
    text[:, lag] = keys
    text[:, lag + 1] = ord(SYMBOLS[0])
    return text.tobytes().decode("ascii")


def latch_floor(lag: int, remembers: bool = True) -> float:
    """The loss in nats per character that the best possible reader of a latch text reaches.

    It knows where in the block it is, so the key costs ln 8, each of the `lag - 1` fillers ln 4,
    the space nothing; and the echo nothing, or ln 8 for a reader that forgets the key:

        (ln 8 + (lag - 1) ln 4) / (lag + 2)      and      (2 ln 8 + (lag - 1) ln 4) / (lag + 2)
    """
    key, filler = math.log(len(KEYS)), math.log(len(FILLERS))
    echo = 0.0 if remembers else key
    return (key + (lag - 1) * filler + echo) / (lag + 2)


def _bytes_of(letters: str) -> np.ndarray:
    return np.frombuffer(letters.encode("ascii"), dtype=np.uint8)
