"""A picture that computes in the browser, as a component of Streamlit's: its script and its style.

Knows no picture. While one is dragged no Python runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import streamlit as st

from dashboard.widgets.es_module import es_module

_here = Path(__file__).parent


Ask = Callable[[str, Sequence[str], str], None]
"""Puts a picture's question to a room: the question, its options, and what the picture answers."""
_ASKED = "asked"  # what the script reports


class Toy(Protocol):
    """Draws a picture, or tells one that stands what has changed."""

    def __call__(self, *, key: str, data: Mapping[str, Any], ask: Ask | None = None) -> None:
        """`key` is unique on the page, `data` what the script is given; `ask` adds a button."""


def toy(name: str) -> Toy:
    """The picture of `<name>.js` and `<name>.css` in this folder, to be called once a page run."""
    style = [(_here / f"{part}.css").read_text(encoding="utf-8") for part in ("toy", name)]
    component = st.components.v2.component(
        f"unroll_learn_{name}", css="\n".join(style), js=es_module(_here / f"{name}.js")
    )

    def draw(*, key: str, data: Mapping[str, Any], ask: Ask | None = None) -> None:
        if ask is None:
            component(key=key, data=data)
            return
        key = f"{key}_for_a_room"  # anew, with the button: who teaches may come to be on the way
        component(key=key, data={**data, "room": True}, on_asked_change=lambda: _put(key, ask))

    return draw


def _put(key: str, ask: Ask) -> None:
    """Pass on what the script reports, if it is a question: a page made by hand sends anything."""
    told = st.session_state[key].get(_ASKED)
    if not isinstance(told, Mapping):
        return
    text, options, outcome = told.get("ask"), told.get("options"), told.get("outcome")
    if not (isinstance(text, str) and isinstance(outcome, str) and isinstance(options, list)):
        return
    if options and all(isinstance(option, str) for option in options):
        ask(text, options, outcome)
