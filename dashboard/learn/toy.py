"""A picture that computes in the browser, as a component of Streamlit's: its script and its style.

Knows no picture. While one is dragged no Python runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import streamlit as st

from dashboard.widgets.es_module import es_module

_here = Path(__file__).parent


class Toy(Protocol):
    """Draws a picture, or tells one that stands what has changed."""

    def __call__(self, *, key: str, data: Mapping[str, Any]) -> object:
        """`key` is unique on the page, `data` what the script is given."""


def toy(name: str) -> Toy:
    """The picture of `<name>.js` and `<name>.css` in this folder, to be called once a page run."""
    style = [(_here / f"{part}.css").read_text(encoding="utf-8") for part in ("toy", name)]
    component: Toy = st.components.v2.component(
        f"unroll_learn_{name}", css="\n".join(style), js=es_module(_here / f"{name}.js")
    )
    return component
