"""What a window can learn from, as a triangle. Pure function; no page and no run."""

from __future__ import annotations

import plotly.graph_objects as go

from core.palette import CRIMSON, GREY, VIOLET
from dashboard.charts.flow import FLOW, HORIZON, UNROLLINGS
from dashboard.charts.parts import faint, level, new_figure

_LABEL = 0.1  # a label's height, as a share of the chart's


def reach_chart(unrollings: int, horizon: int | None) -> go.Figure:
    """What each place of a window can learn from: a triangle, cut off at the horizon.

    Left of the window stands the one before, from which the state comes and into which no
    gradient goes.
    """
    top, left = unrollings * 1.1, 0.5 - 0.3 * unrollings
    figure = new_figure(
        "Honest reach of a window",
        "place in the window, t",
        "characters back",
        xaxis={"range": (left, unrollings + 0.5), "tickvals": _places(unrollings)},
        yaxis={"range": (0, top), "hoverformat": "d"},
        hovermode="closest",
    )
    last = unrollings - 1
    used = last if horizon is None else min(horizon, last)
    _area(figure, "carried state only", [1, unrollings, unrollings, 1], [0, last, top, top], GREY)
    if used < last:
        x, y = [used + 1, unrollings, unrollings], [used, last, used]
        _area(figure, "computed, below 1 %", x, y, CRIMSON)
    x, y = [1, used + 1, unrollings, unrollings], [0, used, used, 0]
    _area(figure, "learned from", x, y, VIOLET)
    figure.add_scatter(
        x=[1, unrollings],
        y=[0, last],
        name="t − 1, as far as it can go",
        mode="lines",
        line=FLOW.line,
        hovertemplate="place %{x:.0f}: %{y:.0f} back<extra></extra>",
    )
    average, close = last / 2, False
    if horizon is not None and horizon <= unrollings:
        close = abs(horizon - average) < _LABEL * top
        below = close and horizon < average
        level(figure, horizon, f"horizon {horizon}", HORIZON.line, below=below)
    below = close and horizon >= average
    level(figure, average, f"average {average:g}", {**UNROLLINGS.line, "width": 1}, below=below)
    _crossing(figure, left, unrollings)
    return figure


def _area(figure: go.Figure, name: str, x: list[float], y: list[float], color: str) -> None:
    figure.add_scatter(
        x=x,
        y=y,
        name=name,
        mode="lines",
        line={"width": 0},
        fill="toself",
        fillcolor=faint(color, 0.15 if color == GREY else 0.4),
        hoverinfo="skip",
    )


def _places(unrollings: int) -> list[int]:
    """1, T and round places between them."""
    between = next(step for step in (1, 2, 5, 10, 20, 50) if unrollings / step <= 6)
    inner = range(between, unrollings - between // 2, between)
    return sorted({1, *inner, unrollings})


def _crossing(figure: go.Figure, left: float, unrollings: int) -> None:
    """The window's left border: the state comes through, the gradient does not."""
    border = {"color": GREY, "width": 3}
    figure.add_shape(type="line", yref="paper", x0=0.5, x1=0.5, y0=0, y1=1, line=border)
    inside = 0.5 + 0.12 * unrollings
    for tip, tail, height, text, style in (
        (inside, left * 0.9, 0.92, "state comes in", FLOW),
        (0.5, 0.5 + 0.24 * unrollings, 0.78, "gradient stops", HORIZON),
    ):
        y = height * unrollings * 1.1
        figure.add_annotation(
            x=tip,
            y=y,
            ax=tail,
            ay=y,
            axref="x",
            ayref="y",
            showarrow=True,
            arrowhead=2,
            arrowwidth=2,
            arrowcolor=style.color,
            text="",
        )
        figure.add_annotation(
            x=min(tip, tail) + 0.01 * unrollings,
            y=y,
            text=text,
            showarrow=False,
            xanchor="left",
            yanchor="bottom",
            font={"size": 13},
        )
