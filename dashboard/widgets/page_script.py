"""What every page listens for: keys, the focus in a row of commands, steps in the history.

Knows no page.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard.widgets import present
from dashboard.widgets.es_module import es_module

_script = st.components.v2.component(
    "unroll_page_script", js=es_module(Path(__file__).with_suffix(".js"))
)


def page_script() -> None:
    """Listen; `page.css` gives it no room."""
    _script(key="page_script", data={"present": present.is_on()}, height=1)
