"""The look for a projector: larger type and lines, and no sidebar.

`?present=1` turns it on, and so does a key; it stays on from page to page. Knows no page.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_PRESENT = "present"  # the link's name for it, and its key in st.session_state

LARGER = 1.4
"""So many times as high is a chart, whose type and lines are 1.5 times as large."""
_TYPE = 1.5


def arrive() -> None:
    """Take from the link whether it is on. On the way to another page Streamlit drops the query."""
    if _PRESENT in st.query_params:
        st.session_state[_PRESENT] = st.query_params[_PRESENT] == "1"


def is_on() -> bool:
    """Whether this session is shown to a room."""
    return bool(st.session_state.get(_PRESENT))


def wide(pixels: int) -> int:
    """How wide is what must hold as much text as so many pixels do at a desk."""
    return round(pixels * _TYPE) if is_on() else pixels


def query() -> dict[str, str]:
    """What a link needs to keep it on."""
    return {_PRESENT: "1"} if is_on() else {}


def apply() -> None:
    """Change the page's looks where it is on."""
    if is_on():
        st.html(Path(__file__).with_suffix(".css"))
