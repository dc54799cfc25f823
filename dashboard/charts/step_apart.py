"""One step of a network as strips of colour: a row for each term of its equation.

Arrays in, figures out. Knows no page and no network.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dashboard.charts.parts import Figure, add, new_figure, note
from dashboard.charts.sample import LABELS
from dashboard.charts.theme import SIGNED

_COLOURS = [[place / 8, colour] for place, (_, colour) in enumerate(SIGNED[1:-1])]
"""Without the ends, which a dark page would swallow: most sums lie beyond them."""

Rows = Sequence[tuple[str, np.ndarray]]
"""What each row is called, and its numbers; NaN where it has none."""


def unit_strips(rows: Rows, end: float, parts: Sequence[tuple[str, int]], chosen: int) -> Figure:
    """Every term of a step, a column a hidden unit, all rows in the same colours.

    Args:
        rows: from the top, `(units,)` each.
        end: the colours are full from here on, and from minus it.
        parts: what stretches of units from the left are called, and how many units each has.
        chosen: the unit that is pointed at.
    """
    middles, first = [], 0
    for _, units in parts:
        middles.append(first + (units - 1) / 2)
        first += units
    figure = _strips("The step, unit by unit", rows, end, "unit %{x}")
    figure["layout"]["xaxis"] |= {
        "range": (-0.5, first - 0.5),  # or the label over a unit at the edge would move it
        "tickvals": middles,
        "ticktext": [name for name, _ in parts],
        "tickangle": 0,
    }
    ends = {"tickvals": [-end, 0, end], "ticktext": [f"≤ −{end:.3g}", "0", f"≥ {end:.3g}"]}
    figure["data"][0] |= {"showscale": True, "colorbar": {"thickness": 12, **ends}}
    # Beside the strips: a frame would be wider than the unit in it.
    note(figure, f"{chosen} ▾", x=chosen, yref="paper", y=1, yanchor="bottom", xanchor="right")
    return figure


def character_strips(title: str, rows: Rows) -> Figure:
    """Numbers from 0 to 1, a column a character."""
    figure = _strips(title, rows, 1.0, "%{x}", x=LABELS)
    figure["layout"]["xaxis"] |= {"dtick": 1, "tickangle": 0}
    return figure


def _strips(title: str, rows: Rows, end: float, column: str, **trace: Any) -> Figure:
    bare = {"showline": False, "ticks": "", "showgrid": False}
    figure = new_figure(
        title,
        xaxis=bare,
        yaxis={**bare, "autorange": "reversed"},
        hovermode="closest",
        margin={"b": 28},
    )
    add(
        figure,
        "heatmap",
        y=[name for name, _ in rows],
        z=np.stack([values for _, values in rows]).tolist(),  # the page cannot unpack a table
        zmin=-end,
        zmax=end,
        colorscale=_COLOURS,
        showscale=False,
        ygap=4,
        hoverongaps=False,
        hovertemplate=f"{column}, %{{y}}: %{{z:.3f}}<extra></extra>",
        **trace,
    )
    return figure
