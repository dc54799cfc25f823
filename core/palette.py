"""The palette: a colour, dash and marker for each role, as plain data.

The pages' charts and the figures of an exported run read it. Knows no data, and no library
that draws: dashes and markers have Plotly's names because most readers pass them on to it.

Every line colour keeps a contrast of at least 3 to both backgrounds, which confines all of
them to mid lightness; lines that share a chart also stay apart under the three common
kinds of colour blindness, and differ in dash or marker besides. The tanh and the ReLU
colours mean tanh and ReLU wherever they appear, and nothing else uses them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zlib import crc32

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
PINE = "#0C783C"
PURPLE = "#A824B4"
SALMON = "#D87878"
PINK = "#FC48B4"


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
    "fourgram": Style(GREY, "longdashdot", "line-ew", 1.5),
}
"""One neutral family: told apart by dash, and by the label that stands on each line."""

PUBLISHED = Style(CRIMSON, "solid", "square", 2.5)
CORRECTED = Style(GREEN, "solid", "circle", 2.5)
NEITHER = Style(STEEL, "solid", "diamond", 2.5)
"""What the article has, what sets it right, and what stands beside them."""
OWN = Style(VIOLET, "solid", "star-diamond-open", 2.5)
"""A visitor's own runs among recorded ones."""

RUNS = (
    Style(VIOLET, "solid", "circle", 2.5),
    Style(OCHRE, "dash", "square", 2.5),
    Style(CRIMSON, "dashdot", "diamond", 2.5),
    Style(STEEL, "dot", "triangle-up", 2.5),
)
"""Lanes side by side, in their order; of chosen runs, dash and marker by place."""

RUN_COLOURS = (VIOLET, OCHRE, CRIMSON, STEEL, PINE, PURPLE, SALMON, PINK)
"""What a run may be drawn in wherever it stands: see `run_colour`."""


def run_colour(run_id: str) -> str:
    """The colour of a run for good. Two runs may have the same."""
    return RUN_COLOURS[crc32(run_id.encode()) % len(RUN_COLOURS)]
