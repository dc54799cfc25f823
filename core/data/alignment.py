"""What normalising does to a text, character by character: what is kept, and what is not.

Knows nothing of networks or pages. The whole-text counts are in `preview.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.data.alphabet import normalise


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text that normalising either removed, or put or left there."""

    text: str
    removed: bool


def align(raw: str) -> list[Piece]:
    """A text as pieces: those not removed, joined, are `normalise(raw)`.

    A character that is not one of the 27 symbols is removed, and the symbols that stand for it
    follow: "ü" is followed by "u", "3" by " three ", "ж" by a space (unless there is one before
    it). Capital letters count as kept, in lower case. Neighbours of the same kind are one piece.
    """
    pieces: list[Piece] = []
    after_space = False
    for character in raw:
        read = normalise(character)  # symbols; a digit's word between spaces; none for an accent
        is_same = read == character.lower() and character.isascii()
        shown = read[1:] if after_space and read.startswith(" ") else read
        if not is_same or not shown:
            _add(pieces, character, removed=True)
        if shown:
            _add(pieces, shown, removed=False)
            after_space = shown.endswith(" ")
    return pieces


def _add(pieces: list[Piece], text: str, *, removed: bool) -> None:
    if pieces and pieces[-1].removed == removed:
        pieces[-1] = Piece(pieces[-1].text + text, removed)
    else:
        pieces.append(Piece(text, removed))
