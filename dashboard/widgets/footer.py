"""Below every page: what the words mean, and which keys there are. Knows no page."""

from __future__ import annotations

import streamlit as st

from core.words import WORDS
from dashboard.widgets.teaching import teaching

_KEYS = {
    "S": "Start",
    "P": "Pause",
    "G": "Go on: Resume",
    "1": "1 step, after which the run is held",
    "0": "10 steps",
    "X": "Stop",
    "→ ←": "the next page and the one before; in the walk of Learn its steps first",
    "F": "the look for a projector, on and off",
}

WORD_LIST = "\n".join(f"- **{word}**: {text}" for word, text in WORDS.items())


def footer() -> None:
    """Two lists that open over the page, and the teacher's entry."""
    with st.container(horizontal=True):
        with st.popover("Words", icon=":material/menu_book:", type="tertiary"):
            st.markdown(WORD_LIST)
        with st.popover("Keys", icon=":material/keyboard:", type="tertiary"):
            st.markdown("While no field is being written in:")
            st.markdown("\n".join(f"- `{key}` {what}" for key, what in _KEYS.items()))
        teaching()
