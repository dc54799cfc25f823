"""The 27 symbols that the networks read and write, and the way any text is reduced to them.

Knows nothing of files or of where a text came from. Symbol 0 is the space, 1 to 26 are the
letters a to z.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from core.errors import TextError

SYMBOLS = " abcdefghijklmnopqrstuvwxyz"
"""Symbol `i` of the alphabet is `SYMBOLS[i]`."""

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
"""How text8 spells a digit."""

_NO_SYMBOL = 255
_SPACE = ord(" ")
_BLOCK = 1 << 22  # characters normalised at once: keeps the working memory small

_BYTE_OF_ID = np.frombuffer(SYMBOLS.encode(), dtype=np.uint8)
_ID_OF_BYTE = np.full(256, _NO_SYMBOL, dtype=np.uint8)
_ID_OF_BYTE[_BYTE_OF_ID] = np.arange(len(SYMBOLS))

# Lower case for A to Z; a to z and the digits stay; every other byte is a space.
_FOLD = bytes(
    byte if chr(byte) in "abcdefghijklmnopqrstuvwxyz0123456789" else _SPACE
    for byte in (byte + 32 if 65 <= byte <= 90 else byte for byte in range(256))
)


def encode(text: str) -> np.ndarray:
    """The symbols' ids of a text that is already normalised, uint8 of shape `(len(text),)`.

    Raises:
        TextError: the text holds a character that is not one of the 27.
    """
    # "replace" gives one "?" for each foreign character, so positions stay true.
    ids = _ID_OF_BYTE[np.frombuffer(text.encode("ascii", "replace"), dtype=np.uint8)]
    foreign = ids == _NO_SYMBOL
    if foreign.any():
        at = int(foreign.argmax())
        raise TextError(
            f"{text[at]!r} at position {at:,} is not one of the 27 symbols (space and a to z): "
            "normalise the text first."
        )
    return ids


def decode(ids: ArrayLike) -> str:
    """The text of a one-dimensional array or sequence of ids.

    Raises:
        TextError: an id is not from 0 to 26.
    """
    ids = np.asarray(ids)
    if ids.size == 0:
        return ""
    for extreme in (int(ids.min()), int(ids.max())):
        if not 0 <= extreme < len(SYMBOLS):
            raise TextError(f"{extreme} is not the id of a symbol: ids go from 0 to 26.")
    return _BYTE_OF_ID[ids].tobytes().decode("ascii")


def normalise(text: str) -> str:
    """Reduce a text to the 27 symbols by text8's rules.

    A to Z become lower case, each digit is spelled out as a word of its own, everything else
    becomes a space, and a run of spaces becomes one. "Everything else" is meant literally:
    letters with accents and letters of other alphabets are spaces, also those whose lower case
    is one of a to z (the Kelvin sign is no k).

    The ends follow the same rule as the middle: a text that starts or ends with a space (or
    with what becomes one) keeps one space there, as text8 itself starts with one. So
    `normalise` leaves a normalised text as it is.
    """
    pieces = []
    after_space = False
    for start in range(0, len(text), _BLOCK):
        piece = _normalised_block(text[start : start + _BLOCK])
        # A run of spaces may lie across the border of two blocks.
        pieces.append(piece[1:] if after_space and piece.startswith(b" ") else piece)
        after_space = piece.endswith(b" ")
    return b"".join(pieces).decode("ascii")


def _normalised_block(text: str) -> bytes:
    folded = text.encode("ascii", "replace").translate(_FOLD)
    for digit, word in enumerate(DIGITS):
        folded = folded.replace(b"%d" % digit, b" %s " % word.encode())
    symbols = np.frombuffer(folded, dtype=np.uint8)
    space = symbols == _SPACE
    keep = np.ones(len(symbols), dtype=bool)
    keep[1:] = ~(space[1:] & space[:-1])
    return symbols[keep].tobytes()
