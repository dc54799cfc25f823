"""What every chart is made of: an empty figure, curves, levels, uprights, notes, faint areas.

A figure is Plotly's `{"data": [...], "layout": {...}}` in plain dictionaries, NumPy arrays in the
data. Plotly's own objects would check each property anew at each refresh, which takes longer than
all the rest; the tests have them check. Knows no data. Lines and labels without a colour take the
page's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from dashboard.charts.theme import TEXT_SIZE, base_layout

Figure = dict[str, Any]


def new_figure(title: str, x: str = "", y: str = "", **layout: Any) -> Figure:
    """A figure without curves, its axes named; `layout` as `theme.base_layout` takes it."""
    for axis, name in (("xaxis", x), ("yaxis", y)):
        if name:
            layout[axis] = {"title": {"text": name}, **layout.get(axis, {})}
    return {"data": [], "layout": base_layout(title, **layout)}


def add(figure: Figure, kind: str, **trace: Any) -> None:
    """Draw a trace of this kind over those that are there; `trace` as Plotly names it."""
    figure["data"].append({"type": kind, **trace})


def curve(figure: Figure, **trace: Any) -> None:
    """Draw a line, markers, or both."""
    add(figure, "scatter", **trace)


def band(
    figure: Figure, low: ArrayLike, high: ArrayLike, line: dict[str, Any], fill: float, **both: Any
) -> None:
    """The room between a smallest and a largest value, as one entry of the legend at most.

    Args:
        line: of its edges.
        fill: opacity of what is between them.
        both: what the two edges share, `x` and `name` among it.
    """
    both = {"mode": "lines", "line": line, "legendgroup": both["name"], **both}
    curve(figure, **both | {"y": low, "showlegend": False, "hoverinfo": "skip"})
    curve(figure, **both, y=high, fill="tonexty", fillcolor=faint(line["color"], fill))


def shape(figure: Figure, kind: str, **place: Any) -> None:
    """Draw a shape, such as a line or a rectangle; `place` as Plotly names it."""
    figure["layout"].setdefault("shapes", []).append({"type": kind, **place})


def note(figure: Figure, text: str, **place: Any) -> None:
    """Write on the chart; `place` as Plotly names it."""
    label = {"text": text, "showarrow": False, "font": {"size": 13}, **place}
    figure["layout"].setdefault("annotations", []).append(label)


def level(
    figure: Figure,
    y: float,
    label: str,
    line: dict[str, Any],
    *,
    left: bool = False,
    below: bool = False,
) -> None:
    """A line from side to side, its label on the right, where no curve begins, or on the left."""
    shape(figure, "line", xref="paper", x0=0, x1=1, y0=y, y1=y, line=line)
    # On a logarithmic axis a shape takes the value itself, a note its exponent.
    logarithmic = figure["layout"]["yaxis"].get("type") == "log"
    note(
        figure,
        label,
        xref="paper",
        x=0.01 if left else 1,
        y=float(np.log10(y)) if logarithmic else y,
        xanchor="left" if left else "right",
        yanchor="top" if below else "bottom",
    )


def upright(figure: Figure, x: float, line: dict[str, Any], label: str = "", **place: Any) -> None:
    """A line from top to bottom; `place` says where its label stands, `y` as a share of it."""
    shape(figure, "line", yref="paper", y0=0, y1=1, x0=x, x1=x, line=line)
    if label:
        note(figure, label, x=x, yref="paper", **place)


def emptied(figure: Figure, text: str, *, y_range: tuple[float, float] | None = None) -> Figure:
    """Say that nothing is missing: there is nothing yet. With a `y_range` the axes show numbers."""
    layout = figure["layout"]
    layout["showlegend"] = False
    bare = {"range": (0, 1), "showticklabels": False, "ticks": ""}
    layout["xaxis"] |= bare if y_range is None else {"range": (0, 100)}
    layout["yaxis"] |= bare if y_range is None else {"range": y_range}
    note(figure, text, xref="paper", yref="paper", x=0.5, y=0.5, font={"size": TEXT_SIZE})
    return figure


def faint(color: str, opacity: float) -> str:
    """A colour to fill an area with."""
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def f4(values: ArrayLike) -> np.ndarray:
    """As 32-bit numbers; what they cannot hold becomes infinite, which is drawn as a gap."""
    with np.errstate(over="ignore"):  # a last loss before divergence, too high for any chart
        return np.asarray(values, np.float32)
