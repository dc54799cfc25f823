"""Where a held-out text is read: in how many streams side by side, and how far each.

Whoever is compared on a text reads the same characters of it by this. Knows nothing of networks.
"""

from __future__ import annotations

_STREAMS = 64  # places in the text that are read side by side
_SHORTEST = 100  # characters that a stream should have


def layout(characters: int) -> tuple[int, int]:
    """How many streams, and how many predictions in each, for a text of 2 characters or more.

    The streams follow one another: together they predict the characters from the second on, but
    for a few at the end that do not fill them.
    """
    streams = max(1, min(_STREAMS, characters // _SHORTEST))
    return streams, (characters - 1) // streams


def predictions(characters: int) -> int:
    """How many characters of a text of this length a loss is a mean over."""
    streams, length = layout(characters)
    return streams * length
