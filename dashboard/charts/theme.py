"""The look of charts and badges: a colour, dash and marker for each role, and the base layout.

Knows no data and draws nothing. Text, grid and background have no colour here: the page
gives them, so that one figure serves the light and the dark theme.

Every line colour keeps a contrast of at least 3 to both backgrounds, which confines all of
them to mid lightness; lines that share a chart also stay apart under the three common
kinds of colour blindness, and differ in dash or marker besides. The tanh and the ReLU
colours mean tanh and ReLU wherever they appear, and nothing else uses them.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from core.records import RunStatus

LIGHT_BACKGROUND = "#FFFFFF"
"""The light theme's page, as in .streamlit/config.toml."""
DARK_BACKGROUND = "#14171C"
"""The dark theme's page, as in .streamlit/config.toml."""

BLUE = "#0072B2"
VERMILION = "#D55E00"
VIOLET = "#7E52E3"
LAVENDER = "#9277EE"
OCHRE = "#B08500"
CRIMSON = "#CC3B7C"
STEEL = "#6C90CE"
GREEN = "#3C8F2F"
GREY = "#7F8790"


@dataclass(frozen=True, slots=True)
class Style:
    """How one role is drawn."""

    color: str  # "#RRGGBB"
    dash: str = "solid"  # Plotly's names
    symbol: str = "circle"  # Plotly's marker names, for the charts that draw markers
    width: float = 2.0  # pixels

    @property
    def line(self) -> dict[str, Any]:
        """Plotly's `line` of a trace or a shape."""
        return {"color": self.color, "dash": self.dash, "width": self.width}

    @property
    def marker(self) -> dict[str, Any]:
        """Plotly's `marker` of a trace."""
        return {"color": self.color, "symbol": self.symbol, "size": 8}


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

TANH = Style(BLUE, "solid", "circle", 2.5)
RELU = Style(VERMILION, "dash", "square", 2.5)
ACTIVATIONS = {"tanh": TANH, "relu": RELU}
"""By the configuration's names."""

LOSS = Style(OCHRE, "solid", "circle", 2.0)
"""Where the training loss does not wear its activation's colour."""
VALIDATION = Style(LAVENDER, "solid", "diamond", 2.5)

NORM_BEFORE = Style(CRIMSON, "solid", "triangle-up", 1.5)
NORM_AFTER = Style(STEEL, "solid", "circle", 2.5)
THRESHOLD = Style(GREY, "dash", "line-ew", 2.0)

LEARNING_RATE = Style(GREEN, "solid", "circle", 2.5)
EVENT = Style(GREY, "dot", "triangle-down", 1.5)
"""A vertical line where a live setting was changed, with its label."""

FLOORS = {
    "uniform": Style(GREY, "dot", "line-ew", 1.5),
    "unigram": Style(GREY, "dashdot", "line-ew", 1.5),
    "bigram": Style(GREY, "dash", "line-ew", 2.0),
    "trigram": Style(GREY, "longdash", "line-ew", 1.5),
}
"""One neutral family: told apart by dash, and by the label that stands on each line."""

RUNS = (
    Style(VIOLET, "solid", "circle", 2.5),
    Style(OCHRE, "dash", "square", 2.5),
    Style(CRIMSON, "dashdot", "diamond", 2.5),
    Style(STEEL, "dot", "triangle-up", 2.5),
)
"""Runs side by side, in the order in which they were chosen."""

HEAT = "Cividis"
"""Plotly's name of the colour scale for heat maps: even steps for all eyes."""

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
        "itemwidth": 40,  # pixels, enough to see which dash it is
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
