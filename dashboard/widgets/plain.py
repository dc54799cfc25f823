"""Sentences as they stand: Streamlit reads Markdown in them, and what people typed may hold some.

Knows nothing of who says what. A link that somebody sends could otherwise put a picture from
elsewhere, or another link, on the page.
"""

import re

_MARKS = re.compile(r"([\\`*\[\]<>$~&#|]|(?<!\w)_|_(?!\w)|^[-+](?=\s)|(?<=^\d)[.)](?=\s))")
# Addresses and :names: are made into links and pictures after the backslashes are gone; a
# character without width keeps them apart.
_CALLS = re.compile(r"(:(?=//|[\w/+-]+:)|(?<=www)\.|@)", re.IGNORECASE)
_NOTHING = "\N{WORD JOINER}"


def plain(sentence: str) -> str:
    """The sentence, marked up so that the page shows it letter by letter, in one line."""
    one_line = " ".join(sentence.splitlines())
    return _CALLS.sub(rf"\1{_NOTHING}", _MARKS.sub(r"\\\1", one_line))
