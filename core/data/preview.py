"""What normalising does to a text, in an excerpt and in counts, before anyone trains on it.

Knows nothing of files; it looks at a text that has been read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.data.alphabet import normalise

_LETTERS = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", dtype=np.uint8)
_DIGITS = np.frombuffer(b"0123456789", dtype=np.uint8)
_BLANKS = np.frombuffer(b" \t\n\r\v\f", dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class NormalisingPreview:
    """A text before and after `normalise`."""

    before: str  # the first characters as they stand
    after: str  # the same characters normalised
    characters_before: int
    characters_after: int
    digits_spelled: int
    turned_to_spaces: int  # all but letters, digits and spaces: signs, line ends, é, ...
    share_kept: float  # of the characters that are not blank, those kept as letters or words


def preview(raw: str, length: int = 400) -> NormalisingPreview:
    """Show what normalising does to `raw`, with an excerpt of its first `length` characters.

    `share_kept` leaves spaces and line ends out of the count, so it is 0 for a text without
    any letter a to z or digit, 0.85 for the built-in text with its many signs, and 0 for an
    empty text.
    """
    seen = np.bincount(np.frombuffer(raw.encode("ascii", "replace"), dtype=np.uint8), minlength=256)
    letters, digits = int(seen[_LETTERS].sum()), int(seen[_DIGITS].sum())
    not_blank = len(raw) - int(seen[_BLANKS].sum())
    return NormalisingPreview(
        before=raw[:length],
        after=normalise(raw[:length]),
        characters_before=len(raw),
        characters_after=len(normalise(raw)),
        digits_spelled=digits,
        turned_to_spaces=len(raw) - letters - digits - int(seen[ord(" ")]),
        share_kept=(letters + digits) / not_blank if not_blank else 0.0,
    )
