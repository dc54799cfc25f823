"""What a window can learn from, as a triangle. Pure function; no page and no run."""

from __future__ import annotations

from collections.abc import Sequence

from core.palette import CRIMSON, GREY, VIOLET
from dashboard.charts.flow import FLOW, HORIZON, UNROLLINGS
from dashboard.charts.parts import Figure, curve, faint, level, new_figure, note, upright

_LABEL = 0.1  # a label's height, as a share of the chart's


def reach_chart(unrollings: int, horizon: int | None) -> Figure:
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
    curve(
        figure,
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
        level(figure, horizon, f"horizon {horizon}", HORIZON.line, left=True, below=below)
    below = close and horizon is not None and horizon >= average
    line = {**UNROLLINGS.line, "width": 1}
    level(figure, average, f"average {average:g}", line, left=True, below=below)
    _crossing(figure, left, unrollings)
    return figure


def _area(figure: Figure, name: str, x: Sequence[float], y: Sequence[float], color: str) -> None:
    curve(
        figure,
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


def _crossing(figure: Figure, left: float, unrollings: int) -> None:
    """The window's left border: the state comes through, the gradient does not."""
    upright(figure, 0.5, {"color": GREY, "width": 3})
    inside = 0.5 + 0.12 * unrollings
    for tip, tail, height, text, style in (
        (inside, left * 0.9, 0.92, "state comes in", FLOW),
        (0.5, 0.5 + 0.24 * unrollings, 0.78, "gradient stops", HORIZON),
    ):
        y = height * unrollings * 1.1
        note(
            figure,
            "",
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
        )
        x = min(tip, tail) + 0.01 * unrollings
        note(figure, text, x=x, y=y, xanchor="left", yanchor="bottom")
