"""A page's heading, at the same height on every page. Knows no page.

It is the front door's to draw, before it imports what a page needs: a server's first visitor sees
at once where they are. A page adds what stands beside it.
"""

from __future__ import annotations

from contextvars import ContextVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

_drawn: ContextVar[DeltaGenerator] = ContextVar("page_head")


def draw(title: str) -> None:
    """Draw the heading, and begin its row."""
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    row.header(title, width="content", anchor=False)
    _drawn.set(row)


def beside(*, apart: bool = False) -> DeltaGenerator:
    """What stands beside the heading that was drawn is drawn in this.

    Args:
        apart: at the page's other edge, by `page.css`; once a page.
    """
    if not apart:
        return _drawn.get()
    return _drawn.get().container(horizontal=True, width="content", key="page_head_apart")
