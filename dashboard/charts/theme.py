"""The look of charts and badges: the base layout, a badge's colour, and the heat map's scale.

Knows no data and draws nothing; colours of lines are `core/palette.py`. Text, grid and
background have no colour here: the page gives them, so that one figure serves the light and the
dark theme.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from plotly.colors import get_colorscale

from core.palette import RUNS
from core.records import RunStatus

STATUS_COLOURS = {
    RunStatus.QUEUED: "gray",
    RunStatus.RUNNING: "green",
    RunStatus.PAUSED: "orange",
    RunStatus.FINISHED: "blue",
    RunStatus.STOPPED: "gray",
    RunStatus.DIVERGED: "red",
    RunStatus.FAILED: "red",
    RunStatus.INTERRUPTED: "orange",
}
"""Streamlit's names, for badges."""

HEAT = get_colorscale("Cividis")
"""The colour scale of heat maps: even steps for all eyes."""
SIGNED = get_colorscale("PuOr")
"""The colour scale of values around 0."""

TEXT_SIZE = 15
"""Pixels, for ticks and legends: readable from the back row."""
TITLE_SIZE = 17

LOG_AXIS: dict[str, Any] = {
    "type": "log",
    "nticks": 3,  # more, and a single decade gets all nine of its digits
    "minorloglabels": "complete",  # 0.5 and 20, not a small 5 and 2
    "exponentformat": "power",
}
"""For `base_layout(yaxis=LOG_AXIS)`."""


def _axis(**more: Any) -> dict[str, Any]:
    axis = {"automargin": True, "showline": True, "ticks": "outside", "title": {"standoff": 8}}
    return {**axis, **more}


_BASE: dict[str, Any] = {
    "font": {"size": TEXT_SIZE},
    "hovermode": "x unified",
    "hoverlabel": {"font": {"size": TEXT_SIZE}},
    # least margins: axis labels and legend take what they need on top
    "margin": {"l": 56, "r": 16, "t": 12, "b": 48},
    # for a trace without a style: Plotly's own first colours look like tanh and ReLU
    "colorway": [style.color for style in RUNS],
    # above the plot, from its left edge: on the right it would take width from the curve
    "legend": {
        "orientation": "h",
        "x": 0,
        "xanchor": "left",
        "y": 1,
        "yref": "container",
        "yanchor": "top",
        "itemwidth": 32,  # pixels, enough to see which dash it is
        "font": {"size": TEXT_SIZE},
    },
    "xaxis": _axis(showgrid=False, zeroline=False),
    "yaxis": _axis(zeroline=False, hoverformat=".4~g"),
}


def base_layout(title: str = "", **overrides: Any) -> dict[str, Any]:
    """The layout that every chart starts from, as a new dictionary.

    `title` stands above the legend. `overrides` are Plotly layout entries; a dictionary is
    merged into the base's, entry by entry, so `yaxis={"type": "log"}` keeps the rest of the
    axis. There is no template: the page's theme takes its place.
    """
    layout = deepcopy(_BASE)
    if title:
        layout["title"] = {
            "text": title,
            "font": {"size": TITLE_SIZE},
            "x": 0,
            "xanchor": "left",
            "xref": "paper",
            "y": 1,
            "yanchor": "top",
            "yref": "container",
            "pad": {"t": 8},
        }
        layout["margin"]["t"] = 44
    return _merged(layout, overrides)


def _merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            _merged(base[key], value)
        else:
            base[key] = value
    return base
