"""What a phone folds away, and a desk shows as it is. Knows no page.

A server does not know how wide a window is. So what folds is always drawn, below a switch, and
`page.css` hides the switch on wide windows, and on narrow ones what is below it until it is on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from dashboard.widgets.held import held


@contextmanager
def phone_fold(label: str, *, key: str) -> Iterator[None]:
    """Fold what is drawn in this block on narrow windows.

    Args:
        label: what the switch says.
        key: unique on the page.
    """
    with st.container(key=f"phone_fold_{key}"):
        held(
            st.toggle, label, key=f"phone_switch_{key}", on_change="ignore", persist_state="session"
        )
        yield
