"""The 27 symbols that the networks read and write, and the way any text is reduced to them.

Knows nothing of files or of where a text came from. Symbol 0 is the space, 1 to 26 are the
letters a to z.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from core.errors import TextError

SYMBOLS = " abcdefghijklmnopqrstuvwxyz"
"""Symbol `i` of the alphabet is `SYMBOLS[i]`."""

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
"""How text8 spells a digit."""

SPELLINGS = {"ss": "ßẞ", "ae": "æÆ", "oe": "œŒ", "o": "øØ", "l": "łŁ", "d": "đĐ", "i": "ı"}
"""Latin letters that are no letter with an accent, by how they are spelled without."""
ACCENT = r"[\u0300-\u036f]"
"""Matches what Unicode puts after a letter to make one with an accent of it."""

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
    ids = ids_of(text.encode("ascii", "replace"))
    foreign = ids == _NO_SYMBOL
    if foreign.any():
        at = int(foreign.argmax())
        raise TextError(
            f"{text[at]!r} at position {at:,} is not one of the 27 symbols (space and a to z): "
            "normalise the text first."
        )
    return ids


def ids_of(symbols: bytes) -> np.ndarray:
    """The ids of symbols in ASCII, uint8 of shape `(len(symbols),)`; 255 where a byte is none."""
    return _ID_OF_BYTE[np.frombuffer(symbols, dtype=np.uint8)]


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


def normalise(text: str, *, accents: bool = True) -> str:
    """Reduce a text to the 27 symbols by text8's rules.

    A to Z become lower case, each digit is spelled out as a word of its own, everything else
    becomes a space, and a run of spaces becomes one. A letter with accents counts as the letter,
    in whichever way Unicode composes it: "für" is read as "fur", "Größe" as "grosse". Letters of
    other alphabets are spaces.

    The ends follow the same rule as the middle: a text that starts or ends with a space (or
    with what becomes one) keeps one space there, as text8 itself starts with one. So
    `normalise` leaves a normalised text as it is.

    Args:
        text: any text.
        accents: False takes letters with accents for spaces, as former versions did.
    """
    return b"".join(normalised_blocks(text, accents=accents)).decode("ascii")


def normalised_blocks(text: str, *, accents: bool = True) -> Iterator[bytes]:
    """What `normalise` makes of a text, block after block, in ASCII: little memory for a long text.

    Args:
        text: any text.
        accents: as in `normalise`.
    """
    after_space = False
    for block in blocks(text):
        piece = _normalised_block(without_accents(block) if accents else block)
        # A run of spaces may lie across the border of two blocks.
        yield piece[1:] if after_space and piece.startswith(b" ") else piece
        after_space = piece.endswith(b" ") if piece else after_space


def blocks(text: str) -> Iterator[str]:
    """The text in pieces of some million characters."""
    return (text[start : start + _BLOCK] for start in range(0, len(text), _BLOCK))


def without_accents(text: str) -> str:
    """The text with each Latin letter that has accents, or is one of `SPELLINGS`, as plain ones."""
    if text.isascii():
        return text
    # Canonical decomposition takes apart what was composed; after that there is one way only.
    text = re.sub(ACCENT, "", unicodedata.normalize("NFD", text))
    for plain, letters in SPELLINGS.items():
        for letter in letters:
            text = text.replace(letter, plain)
    return text


def _normalised_block(text: str) -> bytes:
    folded = text.encode("ascii", "replace").translate(_FOLD)
    for digit, word in enumerate(DIGITS):
        folded = folded.replace(b"%d" % digit, b" %s " % word.encode())
    symbols = np.frombuffer(folded, dtype=np.uint8)
    space = symbols == _SPACE
    keep = np.ones(len(symbols), dtype=bool)
    keep[1:] = ~(space[1:] & space[:-1])
    return symbols[keep].tobytes()
