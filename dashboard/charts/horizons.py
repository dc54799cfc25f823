"""How far gradients reach before training and after it, line by line: tables in, a figure out.

Pure function; no page, no run. Horizons are in characters.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from core.palette import THRESHOLD, Style
from dashboard.charts.parts import Figure, curve, emptied, f4, level, new_figure
from dashboard.charts.theme import LOG_AXIS

Styles = Mapping[str, Style]

_ASIDE = 0.12  # between two lines at one moment, where moments stand 1 apart
_SEEDS_ASIDE = 0.05  # between a mean and its first seed
_SEEDS_APART = 0.02  # horizons are whole numbers: alike ones would cover each other


def horizon_chart(
    means: pd.DataFrame, seeds: pd.DataFrame, styles: Styles, after: str, lags: int | None
) -> Figure:
    """A mean with its interval for each line at both moments, every seed as a dot.

    Args:
        means: columns line, moment (0 before training, 1 after it), mean, low, high; an interval
            may be missing, and an infinite upper end goes as far as the probe.
        seeds: columns line, moment, seed, horizon.
        styles: by a line's name.
        after: what the second moment is called: "after 1,000 updates".
        lags: how far back the probe looks; None while nothing is measured.
    """
    # From 9 to 100 and from 9 to 13 in one chart; but a logarithm has no place for a horizon of 0.
    logarithmic = bool(len(seeds)) and seeds["horizon"].min() > 0
    figure = new_figure(
        "Horizon on real text",
        "",
        "characters back",
        xaxis={
            "range": (-0.4, 1.4),
            "tickvals": [0, 1],
            "ticktext": ["before the first update", after],
        },
        yaxis={**LOG_AXIS, "exponentformat": "none"} if logarithmic else {"rangemode": "tozero"},
        hovermode="closest",
    )
    if means.empty or lags is None:
        return emptied(figure, "nothing measured yet")
    for place, (line, style) in enumerate(styles.items()):
        aside = _ASIDE * (place - (len(styles) - 1) / 2)
        own = means[means["line"] == line].sort_values("moment")
        _means(figure, own, line, style, aside, lags)
        dots = seeds[seeds["line"] == line]
        away = _SEEDS_ASIDE + _SEEDS_APART * dots.groupby("moment").cumcount()
        curve(
            figure,
            x=f4(dots["moment"] + aside + np.where(dots["moment"] == 0, -1, 1) * away),
            y=f4(dots["horizon"]),
            name=f"{line}, seeds",
            legendgroup=line,
            showlegend=False,
            mode="markers",
            marker={"color": style.color, "symbol": style.symbol, "size": 6, "opacity": 0.75},
            text=[f"seed {seed}" for seed in dots["seed"]],
        )
    level(figure, lags, f"the probe ends at {lags}", THRESHOLD.line)
    return figure


def _means(
    figure: Figure, own: pd.DataFrame, line: str, style: Style, aside: float, lags: int
) -> None:
    mean = f4(own["mean"])
    ends = np.clip(own[["low", "high"]].to_numpy(float), 0, lags)  # none stays none
    curve(
        figure,
        x=f4(own["moment"] + aside),
        y=mean,
        name=line,
        legendgroup=line,
        mode="lines+markers",
        line={**style.line, "width": 1.5},
        marker=style.marker,
        error_y={
            "type": "data",
            "visible": bool(own["low"].notna().any()),
            "symmetric": False,
            "array": np.nan_to_num(ends[:, 1] - mean).tolist(),
            "arrayminus": np.nan_to_num(mean - ends[:, 0]).tolist(),
            "color": style.color,
            "thickness": 2.5,
            "width": 8,
        },
    )
