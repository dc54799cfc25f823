"""What normalising does to a text, in an excerpt and in counts, before anyone trains on it.

Knows nothing of files; it looks at a text that has been read.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import numpy as np

from core.data.alphabet import ACCENT, blocks, normalise, without_accents

_LETTERS = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", dtype=np.uint8)
_DIGITS = np.frombuffer(b"0123456789", dtype=np.uint8)
_BLANKS = np.frombuffer(b" \t\n\r\v\f", dtype=np.uint8)


_WITH_ACCENT = re.compile(f"[A-Za-z]{ACCENT}")

LITTLE_KEPT = 0.6
"""Below this share much of a text is lost, and the user should know."""
NEXT_TO_NOTHING = 0.02
"""Below this share a text is not taken: what is left is no language."""


@dataclass(frozen=True, slots=True)
class NormalisingPreview:
    """A text before and after `normalise`."""

    before: str  # the first characters as they stand
    after: str  # the same characters normalised
    characters_before: int
    digits_spelled: int
    accents_dropped: int  # letters that lost their accents
    turned_to_spaces: int  # all but letters, digits and spaces: signs, line ends, ж, ...
    share_kept: float  # of the characters that are not blank, those kept as letters or words

    @property
    def warning(self) -> str:
        """A sentence where much of the text is lost, else nothing."""
        if self.share_kept >= LITTLE_KEPT:
            return ""
        return (
            f"Only {self.share_kept:.0%} of this text is letters a to z and digits: all else "
            "becomes spaces."
        )


def preview(raw: str, length: int = 400) -> NormalisingPreview:
    """Show what normalising does to `raw`, with an excerpt of its first `length` characters.

    `share_kept` leaves spaces and line ends out of the count, so it is 0 for a text without
    any letter a to z or digit, 0.85 for the built-in text with its many signs, and 0 for an
    empty text.
    """
    seen = np.zeros(256, np.int64)
    accents = 0
    for block in blocks(raw):  # a long text is never held twice
        plain = without_accents(block)
        seen += np.bincount(
            np.frombuffer(plain.encode("ascii", "replace"), dtype=np.uint8), minlength=256
        )
        if not block.isascii():
            accents += len(_WITH_ACCENT.findall(unicodedata.normalize("NFD", block)))
    letters, digits = int(seen[_LETTERS].sum()), int(seen[_DIGITS].sum())
    everything = int(seen.sum())
    not_blank = everything - int(seen[_BLANKS].sum())
    return NormalisingPreview(
        before=raw[:length],
        after=normalise(raw[:length]),
        characters_before=len(raw),
        digits_spelled=digits,
        accents_dropped=accents,
        turned_to_spaces=everything - letters - digits - int(seen[ord(" ")]),
        share_kept=(letters + digits) / not_blank if not_blank else 0.0,
    )
