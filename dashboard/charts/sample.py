"""Charts of single characters and of scores: arrays and tables in, figures out.

Knows no page and no network.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from core.data.alphabet import SYMBOLS
from core.palette import GREY, OCHRE, STEEL, VIOLET
from dashboard.charts.parts import Figure, add, curve, new_figure, note

LABELS = ["␣", *SYMBOLS[1:]]
"""The symbols as axis labels: a bare space would be invisible."""


def next_character_chart(
    probabilities: np.ndarray,
    title: str,
    *,
    drawn: int | None = None,
    own: np.ndarray | None = None,
    highest: float | None = None,
    verb: str = "drawn",
) -> Figure:
    """The distribution that the next character is drawn from, a bar a symbol.

    Args:
        probabilities: `(27,)`, of what is drawn from.
        drawn: the symbol that came, marked by colour, pattern and a label.
        own: `(27,)`, the network's own distribution, as ticks where it differs.
        highest: top of the axis; charts that are to be compared share one.
        verb: what the label says of the symbol that came.
    """
    top = highest or 1.15 * float(max(probabilities.max(), 0 if own is None else own.max()))
    figure = new_figure(
        title,
        "next character",
        "probability",
        xaxis={"dtick": 1, "tickangle": 0},
        yaxis={"range": (0, top), "tickformat": ".0%"},
        bargap=0.2,
        hovermode="closest",
        showlegend=own is not None,
    )
    is_drawn = np.arange(len(probabilities)) == (-1 if drawn is None else drawn)
    add(
        figure,
        "bar",
        x=LABELS,
        y=probabilities,
        name="drawn from",
        marker={
            "color": np.where(is_drawn, OCHRE, VIOLET).tolist(),
            "pattern": {"shape": np.where(is_drawn, "/", "").tolist(), "fillmode": "overlay"},
        },
        hovertemplate="%{x}: %{y:.2%}<extra></extra>",
    )
    if own is not None:
        curve(
            figure,
            x=LABELS,
            y=own,
            name="the network's own",
            mode="markers",
            marker={"symbol": "line-ew", "size": 12, "line": {"color": GREY, "width": 3}},
            hovertemplate="%{x}: %{y:.2%} of its own<extra></extra>",
        )
    if drawn is not None:
        top_of_bar = float(probabilities[drawn])
        note(figure, verb, x=LABELS[drawn], y=top_of_bar, yanchor="bottom", font={"size": 14})
    return figure


def bits_chart(table: pd.DataFrame) -> Figure:
    """Bits per character on the held-out text.

    Columns of `table`: name, counts (whether it is a counter), bits.
    """
    figure = _bars("Bits per character on the held-out text", "bits per character, lower is better")
    add(
        figure,
        "bar",
        x=table["bits"].to_numpy(),
        y=table["name"].tolist(),
        orientation="h",
        text=[f"{bits:.2f}" for bits in table["bits"]],
        textposition="inside",
        insidetextanchor="start",
        marker={"color": [GREY if counts else VIOLET for counts in table["counts"]]},
        hovertemplate="%{y}: %{x:.3f} bits<extra></extra>",
        showlegend=False,
    )
    return figure


def words_chart(table: pd.DataFrame) -> Figure:
    """How many of the words written occur in the training text.

    Columns of `table`: name, share, long_share (0 to 1, NaN where there are no words).
    """
    figure = _bars(
        "Words that occur in the training text",
        "share of words",
        xaxis={"tickformat": ".0%", "range": (0, 1.1)},
        barmode="group",
        legend={"traceorder": "reversed"},
    )
    for column, name, colour, shape in (
        ("long_share", "of 4 letters or more", STEEL, "/"),
        ("share", "all words", VIOLET, ""),
    ):
        add(
            figure,
            "bar",
            x=table[column].to_numpy(),
            y=table["name"].tolist(),
            name=name,
            orientation="h",
            text=[_percent(share) for share in table[column]],
            textposition="outside",
            textfont={"size": 13},
            marker={"color": colour, "pattern": {"shape": shape, "fillmode": "overlay"}},
            hovertemplate="%{y}: %{x:.1%} " + name + "<extra></extra>",
        )
    return figure


def _percent(share: float) -> str:
    return "–" if np.isnan(share) else f"{share:.0%}"


def _bars(title: str, x: str, *, xaxis: Mapping[str, Any] | None = None, **layout: Any) -> Figure:
    """A figure for lying bars, the first on top."""
    return new_figure(
        title,
        x,
        xaxis={"rangemode": "tozero", **(xaxis or {})},
        yaxis={"autorange": "reversed", "ticks": ""},
        hovermode="closest",
        bargap=0.25,
        showlegend=True,
        **layout,
    )
