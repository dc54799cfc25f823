"""A latch text as a plain drawing: two blocks of it, and what depends on what. Knows no page."""

from __future__ import annotations

from core.data.latch import latch_text


def drawn_text(lag: int) -> str:
    """Two blocks of it, spaces to be seen."""
    return latch_text(lag, 2 * (lag + 2)).replace(" ", "␣")


def latch_drawing(lag: int) -> str:
    """Three lines of text:

    axwzyxwwa␣cyywzzxyc␣ ...
    ^       ^
    key     echo: the key again, 8 characters later; to predict it takes memory
    """
    key = "key".ljust(max(lag, 4))
    ahead = "1 character" if lag == 1 else f"{lag} characters"
    return (
        f"{drawn_text(lag)} ...\n"
        f"^{' ' * (lag - 1)}^\n"
        f"{key}echo: the key again, {ahead} later; to predict it takes memory"
    )
