"""What the charts of gradients share: an empty figure, a word on it, levels and faint areas.

Knows no data. Lines and labels without a colour take the page's.
"""

from __future__ import annotations

import plotly.graph_objects as go

from dashboard.charts.theme import base_layout


def new_figure(title: str, x: str, y: str, **layout: object) -> go.Figure:
    """A figure with its axes named; `layout` as `theme.base_layout` takes it."""
    xaxis = {"title": {"text": x}, **layout.pop("xaxis", {})}
    yaxis = {"title": {"text": y}, **layout.pop("yaxis", {})}
    base = base_layout(title, xaxis=xaxis, yaxis=yaxis, **layout)
    return go.Figure(layout={**base, "template": None})


def emptied(figure: go.Figure, text: str) -> go.Figure:
    """Say that nothing is missing: there is nothing yet."""
    nothing = {"range": (0, 1), "showticklabels": False, "ticks": ""}
    figure.update_layout(showlegend=False, xaxis=nothing, yaxis=nothing)
    figure.add_annotation(text=text, xref="paper", yref="paper", x=0.5, y=0.5, showarrow=False)
    return figure


def level(
    figure: go.Figure,
    y: float,
    label: str,
    line: dict[str, object],
    *,
    label_at: float | None = None,
    color: str | None = None,
    below: bool = False,
) -> None:
    """A line from side to side, its label above or below it.

    On a logarithmic axis `label_at` is the exponent of `y`.
    """
    figure.add_shape(type="line", xref="paper", x0=0, x1=1, y0=y, y1=y, line=line)
    figure.add_annotation(
        text=label,
        xref="paper",
        x=0.01,
        y=y if label_at is None else label_at,
        xanchor="left",
        yanchor="top" if below else "bottom",
        showarrow=False,
        font={"size": 13, "color": color},
    )


def faint(color: str, opacity: float) -> str:
    """A colour to fill an area with."""
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"
