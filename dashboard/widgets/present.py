"""The look for a projector: larger type and lines, no sidebar, and keys that turn the pages.

`?present=1` turns it on, and so does a key; it stays on from page to page. Knows no page.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_PRESENT = "present"  # the link's name for it, and its key in st.session_state
_here = Path(__file__)
_keys = st.components.v2.component(
    "unroll_page_keys", js=_here.with_suffix(".js").read_text(encoding="utf-8")
)

LARGER = 1.4
"""So many times as high is a chart, whose type and lines are 1.5 times as large."""


def arrive() -> None:
    """Take from the link whether it is on. On the way to another page Streamlit drops the query."""
    if _PRESENT in st.query_params:
        st.session_state[_PRESENT] = st.query_params[_PRESENT] == "1"


def is_on() -> bool:
    """Whether this session is shown to a room."""
    return bool(st.session_state.get(_PRESENT))


def query() -> dict[str, str]:
    """What a link needs to keep it on."""
    return {_PRESENT: "1"} if is_on() else {}


def apply() -> None:
    """Change the page's looks where it is on, and listen for the keys in any case."""
    if is_on():
        st.html(_here.with_suffix(".css"))
    _keys(key="page_keys", data={"present": is_on()}, height=1)
