"""Sentences as they stand: Streamlit reads Markdown in them, and what people typed may hold some.

Knows nothing of who says what. A link that somebody sends could otherwise put a picture from
elsewhere, or another link, on the page.
"""

import re


def plain(sentence: str) -> str:
    """The sentence, marked up so that the page shows it letter by letter."""
    return re.sub(r"([\\`*\[\]<>$~])", r"\\\1", sentence)
