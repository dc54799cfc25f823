"""An address as a QR code that the last row can read. Knows no page.

Dark on white in either theme, with its white margin: many phones read no other.
"""

from __future__ import annotations

from html import escape

import segno
import streamlit as st

_MARGIN = 4  # modules, as the standard asks


def qr_code(address: str) -> None:
    """As large as its place, and as the window leaves room below what stands above it."""
    code = segno.make_qr(address, error="m").svg_data_uri(
        border=_MARGIN, dark="#000000", light="#FFFFFF", omitsize=True
    )
    # As a picture: Streamlit takes drawings out of the HTML that it is given.
    st.html(
        f'<img src="{escape(code)}" alt="QR code of {escape(address)}" '
        'style="width: min(100%, 100vh - 15rem); display: block">'
    )
