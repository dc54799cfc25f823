"""What came with Unroll is marked so: in a line above it, and in the title of every picture.

Knows no page, and not which runs are recorded: it is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import streamlit as st

from dashboard.charts.parts import Figure
from dashboard.widgets.plain import plain

MARK = "recorded"
_recorded = ContextVar("recorded", default=False)


def badge(note: str) -> str:
    """The mark and the day, with which a note begins, as Markdown."""
    return f":violet-badge[:material/history: {MARK}] {plain(_day(note))}."


def tell_recorded(note: str, further: str = "") -> None:
    """The line above what is recorded; nothing without a note.

    Args:
        note: when and with what it was made. The day is seen, the whole is a help.
        further: what else is to be seen, as plain text.
    """
    if note:
        st.markdown(f"{badge(note)} {plain(further)}", help=plain(note))


def _day(note: str) -> str:
    return note.partition(",")[0]


@contextmanager
def pictures(recorded: bool) -> Iterator[None]:
    """Charts that are drawn in this block are marked, if what they show is recorded."""
    token = _recorded.set(recorded)
    try:
        yield
    finally:
        _recorded.reset(token)


def described(alt: str) -> str:
    """What a chart shows, in words; in a block of recorded pictures they say so."""
    return f"{alt} ({MARK})" if _recorded.get() else alt


def marked(figure: Figure) -> Figure:
    """The figure, or in a block of recorded pictures a copy whose title says so."""
    layout = figure["layout"]
    if not _recorded.get() or "title" not in layout:
        return figure
    title = {**layout["title"], "text": f"{layout['title']['text']} · {MARK}"}
    return {**figure, "layout": {**layout, "title": title}}
