"""A page's heading, at the same height on every page. Knows no page."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


def page_head(title: str, *, apart: bool = False) -> DeltaGenerator:
    """Draw the heading; returns the row that it begins, for what stands beside it.

    Args:
        apart: what stands beside it stands at the page's other edge.
    """
    row = st.container(
        horizontal=True,
        horizontal_alignment="distribute" if apart else "left",
        vertical_alignment="bottom",
        gap="medium",
    )
    row.header(title, width="content", anchor=False)
    return row
