"""How often each of a few answers was given, as bars with their numbers. Knows no page.

Of HTML alone: a phone draws it at once, and a reader hears a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

import streamlit as st

_STYLE = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")


def answer_bars(counts: Sequence[tuple[str, int]], mine: str | None = None) -> None:
    """A row for each answer.

    Args:
        counts: each answer, and how often it was given.
        mine: the answer to mark as the reader's own.
    """
    st.html(f"<style>{_STYLE}</style>{bars_html(counts, mine)}")


def bars_html(counts: Sequence[tuple[str, int]], mine: str | None = None) -> str:
    """The table; what people typed is escaped."""
    if not sum(count for _, count in counts):
        return '<p class="answer-bars">Nobody has answered.</p>'
    total = sum(count for _, count in counts)
    rows = "".join(
        f'<tr{" class=mine" if answer == mine else ""}><th scope="row">{escape(answer)}</th>'
        f'<td><span style="width: {100 * count / total:.1f}%"></span></td>'
        f"<td>{count} ({count / total:.0%})</td></tr>"
        for answer, count in counts
    )
    return f'<table class="answer-bars"><tbody>{rows}</tbody></table>'
