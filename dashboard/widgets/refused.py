"""Why an action was refused, for as long as it takes to read.

A part of a page that looks every other second is drawn anew as often, and a whole page when others
come or go: a sentence that is told once would be gone with that. Draws nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import streamlit as st

from core.errors import UnrollError

RACE = "race"
"""On Compare, from whichever page it was asked for."""
_READ_SECONDS = 20.0  # then nobody wonders any more why a press did nothing


def attempted(place: str, action: Callable[..., object], *arguments: object) -> bool:
    """Do it; False if it was refused, and then why is kept.

    Args:
        place: a name for where on the pages the sentence is to stand.
        action: what may raise an `UnrollError`.
        arguments: of it.
    """
    st.session_state.pop(_key(place), None)
    try:
        action(*arguments)
    except UnrollError as error:
        st.session_state[_key(place)] = (str(error), time.monotonic())
        return False
    return True


def refusal(place: str) -> str:
    """Why the last action of this place was refused; empty if it was not, or is long ago."""
    sentence, said_at = st.session_state.get(_key(place), ("", 0.0))
    return sentence if time.monotonic() < said_at + _READ_SECONDS else ""


def _key(place: str) -> str:
    return f"{place}_refusal"
