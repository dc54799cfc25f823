"""The charts of the Compare page: tables of a sweep in, figures out.

Pure functions; no page, no run. Without data every figure is titled, empty, its axes named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from core.experiments.reach import CHANCE, HALFWAY
from core.palette import (
    ACTIVATIONS,
    CRIMSON,
    FLOORS,
    GREY,
    LAVENDER,
    RUNS,
    THRESHOLD,
    VIOLET,
    Style,
)
from dashboard.charts.parts import Figure, add, band, curve, f4, level, new_figure
from dashboard.charts.theme import LOG_AXIS

_SHARES = {"range": (-0.03, 1.06), "tickformat": ".0%"}  # an axis
_TICKS = 8  # more distances than this would cover each other's numbers

OUTCOMES = {
    "waiting": ("still to come", "rgba(127,135,144,0.12)"),
    "not": ("near chance", GREY),
    "partly": ("below halfway", "#C9BCF7"),
    "learned": ("above halfway", VIOLET),
    "diverged": ("diverged", CRIMSON),
    "measured": ("measured", LAVENDER),
}
"""What a cell of the map can be: its name, and its colour. The name always stands in the cell."""

_MEAN = ("mean", "low", "high", "95 % of the mean")
_MEDIAN = ("median", "lowest", "highest", "spread")
"""Of the seeds: what the line shows, the edges of the band, and the band's name."""
_FOOT = 0.06  # the share of the recall chart's height that each line's reach takes below zero


def line_styles(lines: Sequence[str], activations: Sequence[str]) -> dict[str, Style]:
    """A style for each line: its activation's where only the activation varies."""
    if len(set(activations)) == len(activations):
        return {line: ACTIVATIONS[name] for line, name in zip(lines, activations, strict=True)}
    return {line: RUNS[place % len(RUNS)] for place, line in enumerate(lines)}


def limit_map(groups: pd.DataFrame, running: Mapping[tuple[str, int], int], x_title: str) -> Figure:
    """Lines by distances, each cell coloured and named by its outcome, with the share of seeds.

    Args:
        groups: from `core.experiments.summary.group_rows`.
        running: how many cells are being trained, by line and distance.
        x_title: what a distance is.
    """
    lines = list(dict.fromkeys(groups["line"]))
    distances = sorted(set(groups["distance"]))
    names = list(OUTCOMES)
    figure = new_figure(
        "The map",
        x_title,
        hovermode="closest",
        xaxis={"type": "category", "fixedrange": True},
        yaxis={
            "autorange": "reversed",
            "type": "category",
            "fixedrange": True,
            "ticks": "",
            "showgrid": False,
        },
    )
    if groups.empty:
        return figure
    codes = np.zeros((len(lines), len(distances)), np.float32)
    words = [["" for _ in distances] for _ in lines]
    for row in groups.itertuples():
        at = lines.index(row.line), distances.index(row.distance)
        codes[at] = names.index(row.outcome)
        words[at[0]][at[1]] = _words(row, running.get((row.line, row.distance), 0))
    edges = np.linspace(0, 1, len(names) + 1)
    scale = [
        (float(edge), OUTCOMES[name][1])
        for place, name in enumerate(names)
        for edge in (edges[place], edges[place + 1])
    ]
    add(
        figure,
        "heatmap",
        x=[str(distance) for distance in distances],
        y=lines,
        z=codes,
        zmin=-0.5,
        zmax=len(names) - 0.5,
        colorscale=scale,
        showscale=False,
        text=words,
        texttemplate="%{text}",
        textfont={"size": 15},
        xgap=3,
        ygap=3,
        hovertemplate="%{y}, " + x_title.lower() + " %{x}<br>%{text}<extra></extra>",
    )
    return figure


def _words(row: Any, running: int) -> str:
    """What stands in a cell: outcome, mean score, seeds that learned it."""
    lines = [OUTCOMES[row.outcome][0]]
    if row.seeds_done and hasattr(row, "recall_at_end_mean"):
        lines.append(f"{100 * row.recall_at_end_mean:.0f} %")
        lines.append(f"{row.seeds_learned} of {row.seeds_done} seeds")
    elif row.seeds_done:
        lines = [f"{row.loss_nats_mean:.3f} nats", f"{row.seeds_done} seeds"]
    if row.diverged:
        lines.append(f"{row.diverged} diverged")
    if row.failed:
        lines.append(f"{row.failed} failed")
    if running:
        lines.append(f"{running} training")
    return "<br>".join(lines)


def recall_chart(
    groups: pd.DataFrame,
    cells: pd.DataFrame,
    styles: Mapping[str, Style],
    reaches: pd.DataFrame,
) -> Figure:
    """Recall at the end by lag: mean, its interval, every seed as a dot; below it each reach.

    Args:
        groups: from `group_rows`.
        cells: from `cell_rows`, with a column `line`.
        styles: from `line_styles`.
        reaches: columns line, reach, low, high; 0 and infinity lie outside of the grid, an
            interval may be missing.
    """
    figure = new_figure(
        "Recall of the echo at the end, and reach",
        "Lag, characters",
        "share of echoes recalled",
        yaxis={
            **_SHARES,
            "range": (-0.04 - _FOOT * (len(styles) + 0.5), 1.06),
            "tickvals": [0, 0.25, 0.5, 0.75, 1],
        },
        hovermode="closest",
    )
    _spread(figure, groups, cells, styles, "recall_at_end", _MEAN)
    level(figure, HALFWAY, "halfway: 56.25 %", THRESHOLD.line)
    level(figure, CHANCE, "chance: 12.5 %", FLOORS["unigram"].line)
    edges = figure["layout"]["xaxis"].get("range", (0, 1))
    for place, row in enumerate(reaches.itertuples()):
        _reach(figure, row, styles[row.line], -0.04 - _FOOT * (place + 1), edges)
    return figure


def _reach(figure: Figure, row: Any, style: Style, y: float, edges: tuple[float, float]) -> None:
    """A reach and its interval on the axis; an arrow where it goes on beyond the grid."""
    outside = {0.0: "triangle-left", np.inf: "triangle-right"}
    low, reach, high = np.clip(np.array([row.low, row.reach, row.high], float), *edges)
    curve(
        figure,
        x=f4([low, reach, high]),
        y=f4([y, y, y]),
        name=f"{row.line}, reach",
        legendgroup=row.line,
        showlegend=False,
        mode="lines+markers",
        connectgaps=False,
        line={"color": style.color, "width": 4},
        marker={
            "color": style.color,
            "size": [10, 13, 10],
            "symbol": [
                outside.get(row.low, "line-ns-open"),
                outside.get(row.reach, "diamond"),
                outside.get(row.high, "line-ns-open"),
            ],
        },
    )


def latch_loss_chart(
    groups: pd.DataFrame,
    cells: pd.DataFrame,
    styles: Mapping[str, Style],
    floors: pd.DataFrame,
) -> Figure:
    """Loss by lag, above what a perfect reader reaches and below one without memory of the key.

    Args:
        floors: columns lag, perfect, forgetful; nats per character.
    """
    figure = new_figure(
        "Loss on held-out text",
        "Lag, characters",
        "nats per character",
        # Logarithmic, so that one seed that went astray does not flatten the others.
        yaxis={**LOG_AXIS, "nticks": 6, "exponentformat": "none"},
        hovermode="closest",
    )
    _spread(figure, groups, cells, styles, "loss_nats", _MEDIAN)
    for name, words, style in (
        ("perfect", "exact floor", FLOORS["bigram"]),
        ("forgetful", "floor without the key", FLOORS["uniform"]),
    ):
        x, y = f4(floors["lag"]), f4(floors[name])
        curve(figure, x=x, y=y, name=words, mode="lines", line=style.line)
    return figure


def text_loss_chart(
    groups: pd.DataFrame, cells: pd.DataFrame, styles: Mapping[str, Style]
) -> Figure:
    """Validation loss by unrollings: mean, its interval, every seed as a dot."""
    figure = new_figure(
        "Validation loss", "Unrollings T", "nats per character", hovermode="closest"
    )
    _spread(figure, groups, cells, styles, "loss_nats", _MEAN)
    return figure


def learning_chart(marks: pd.DataFrame, score: str) -> Figure:
    """How the seeds of one cell of the map learned.

    Args:
        marks: columns seed, characters, recall, loss_nats.
        score: recall or loss_nats.
    """
    recall = score == "recall"
    figure = new_figure(
        "Every seed on its way",
        "Characters",
        "share of echoes recalled" if recall else "training loss, nats",
        yaxis=_SHARES if recall else {},
        hovermode="closest",
    )
    if recall:
        level(figure, HALFWAY, "halfway: 56.25 %", THRESHOLD.line)
    for place, (seed, own) in enumerate(marks.groupby("seed")):
        style = RUNS[place % len(RUNS)]
        curve(
            figure,
            x=f4(own["characters"]),
            y=f4(own[score]),
            name=f"seed {seed}",
            mode="lines+markers",
            line=style.line,
            marker=style.marker,
        )
    return figure


def _spread(
    figure: Figure,
    groups: pd.DataFrame,
    cells: pd.DataFrame,
    styles: Mapping[str, Style],
    score: str,
    of: tuple[str, str, str, str],
) -> None:
    """A band, a line through it and a dot a seed; `of` as in `_MEAN`."""
    middle, lowest, highest, between = of
    if len(groups):
        low, high = groups["distance"].min(), groups["distance"].max()
        room = max(0.5, 0.06 * (high - low))
        axis = figure["layout"]["xaxis"]
        axis["range"] = (low - room, high + room)
        if len(distances := sorted(set(groups["distance"]))) <= _TICKS:
            axis["tickvals"] = distances
    for line, style in styles.items():
        own = groups[(groups["line"] == line) & (groups["seeds_done"] > 0)]
        x = f4(own["distance"])
        band(
            figure,
            _finite(own[f"{score}_{lowest}"]),
            _finite(own[f"{score}_{highest}"]),
            {"color": style.color, "width": 0},
            0.15,
            x=x,
            name=f"{line}, {between}",
            legendgroup=line,
            showlegend=False,
            hoverinfo="skip",
        )
        curve(
            figure,
            x=x,
            y=_finite(own[f"{score}_{middle}"]),
            name=f"{line}, {middle}",
            legendgroup=line,
            mode="lines+markers",
            line=style.line,
            marker=style.marker,
        )
        dots = cells[(cells["line"] == line) & cells[score].notna()]
        curve(
            figure,
            x=f4(dots["distance"]),
            y=_finite(dots[score]),
            name=f"{line}, seeds",
            legendgroup=line,
            showlegend=False,
            mode="markers",
            marker={"color": style.color, "symbol": style.symbol, "size": 5, "opacity": 0.55},
            text=[f"seed {seed}" for seed in dots["seed"]],
        )


def _finite(values: pd.Series) -> np.ndarray:
    """Gaps where a loss is infinite or unknown."""
    numbers = f4(values.astype(float))
    return np.where(np.isfinite(numbers), numbers, np.nan)
