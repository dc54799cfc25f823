"""Floors: lines under the losses, for what counting characters reaches, and their names.

The names stand right of the plot, where no curve, event or other name is. Losses come in nats.
Knows no run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from core.labels import TERMS, floor
from core.palette import FLOORS
from dashboard.charts.losses import Look, in_unit
from dashboard.charts.parts import Figure, note, shape

# Pixels.
_NAMES_WIDE = 84
_NAME_HIGH = 16.0
_PLOT_HIGH = 290.0  # of most loss charts


def floor_levels(figure: Figure, floors: Mapping[str, float], look: Look) -> None:
    """A line for each floor, and its name and value right of the plot, none upon another.

    Draw them last: how far apart two names are follows from what is drawn.

    Args:
        floors: nats per character by name.
    """
    shown = {name: in_unit(floors[name], look.unit) for name in FLOORS if name in floors}
    if shown:
        figure["layout"]["margin"]["r"] = _NAMES_WIDE
    logarithmic = look.scale == "log"
    heights = [np.log10(value) if logarithmic else value for value in shown.values()]
    lifted = _lifted(heights, _height_drawn(figure, heights, logarithmic))
    for (name, value), height, lift in zip(shown.items(), heights, lifted, strict=True):
        line = FLOORS[name].line
        shape(figure, "line", xref="paper", x0=0, x1=1, y0=value, y1=value, line=line)
        note(
            figure,
            f"{TERMS[name]} {value:.2f}",
            hovertext=floor(name),
            xref="paper",
            x=1.01,
            xanchor="left",
            y=float(height),
            yanchor="middle",
            yshift=lift,
        )


def _height_drawn(figure: Figure, floors: Sequence[float], logarithmic: bool) -> float:
    """From the lowest to the highest number on the vertical axis, about."""
    y = np.concatenate([[], *(np.asarray(trace["y"], np.float64) for trace in figure["data"])])
    y = y[np.isfinite(y) & (y > 0)]
    if not y.size:
        y = np.ones(1)  # nothing is drawn yet, and no name stands at another's place
    edge = figure["layout"]["yaxis"].get("autorangeoptions", {}).get("clipmax", np.inf)
    high, low = min(edge, float(y.max())), float(y.min())
    if logarithmic:
        low, high = np.log10(low), np.log10(high)
    return max(high, *floors, low + 1e-9) - min(low, *floors) if floors else 1.0


def _lifted(heights: Sequence[float], height_drawn: float) -> list[float]:
    """Pixels by which each name goes up so that none covers the one below it; highest first."""
    scale = _PLOT_HIGH / height_drawn
    lifts, below = [], -np.inf
    for height in reversed(heights):
        place = max(height * scale, below + _NAME_HIGH)
        lifts.append(float(round(place - height * scale)))
        below = place
    return lifts[::-1]
