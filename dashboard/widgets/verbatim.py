"""A text exactly as it is, in letters of one width. Knows nothing of what it is.

`st.code` looks the same, and brings along a library that colours programs, in every language: on
a slow machine half a second before the first chart stands. It stays where a text is there to be
copied.
"""

from __future__ import annotations

from html import escape

import streamlit as st


def verbatim(text: str, *, wrap: bool = True, height: int | None = None) -> None:
    """Show `text`; `page.css` says how it looks.

    Args:
        wrap: break lines that are too long; otherwise they are scrolled.
        height: pixels, of a box to scroll in; as high as the text needs if left out.
    """
    kind = "verbatim" if wrap else "verbatim unbroken"
    style = f' style="height: {height}px"' if height else ""
    # A newline right after the tag is left out by browsers, so one is given away.
    st.html(f'<pre class="{kind}"{style}>\n{escape(text)}</pre>')
