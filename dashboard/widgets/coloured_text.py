"""Text whose characters have colours, marks and values: drawn as text nodes, never as markup.

Knows nothing of networks. What people type passes through here, so the component's script puts
every string on the page with `textContent` alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import streamlit as st

Kind = Literal["", "removed", "given", "now"]

_here = Path(__file__)
_component = st.components.v2.component(
    "unroll_coloured_text",
    css=_here.with_suffix(".css").read_text(encoding="utf-8"),
    js=_here.with_suffix(".js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True, slots=True)
class Mark:
    """A character, or a few that belong together."""

    text: str
    level: float | None = None  # of colour, -1 to 1; None has none
    tip: str = ""  # shown when it is pointed at
    kind: Kind = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A text under a heading."""

    marks: Sequence[Mark]
    label: str = ""
    note: str = ""


def coloured_text(
    rows: Sequence[Row],
    *,
    key: str,
    positive: str,
    negative: str = "",
    legend: tuple[str, str] | None = None,
    hint: bool = True,
) -> None:
    """Draw the rows.

    Args:
        key: unique on the page.
        positive: "#RRGGBB" of level 1; level 0 has no colour.
        negative: of level -1, where levels go below 0.
        legend: what the ends of the colour scale stand for.
        hint: whether characters can be pointed at to read their tips.
    """
    _component(
        key=key,
        data={
            "rows": [
                {
                    "label": row.label,
                    "note": row.note,
                    "marks": [
                        [m.text, None if m.level is None else round(m.level, 3), m.tip, m.kind]
                        for m in row.marks
                    ],
                }
                for row in rows
            ],
            "positive": positive,
            "negative": negative,
            "legend": legend,
            "hint": hint,
        },
    )
