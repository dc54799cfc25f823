"""The charts of the Compare page: tables of a sweep in, figures out.

Pure functions; no page, no run. Without data every figure is titled, empty, its axes named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

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
from dashboard.charts.parts import faint, level, new_figure
from dashboard.charts.theme import LOG_AXIS, base_layout

_TICKS = 8  # more distances than this would cover each other's numbers

OUTCOMES = {
    "waiting": ("still to come", "rgba(127,135,144,0.12)"),
    "not": ("not learned", GREY),
    "partly": ("partly", "#C9BCF7"),
    "learned": ("learned", VIOLET),
    "diverged": ("diverged", CRIMSON),
    "measured": ("measured", LAVENDER),
}
"""What a cell of the map can be: its name, and its colour. The name always stands in the cell."""


def line_styles(lines: Sequence[str], activations: Sequence[str]) -> dict[str, Style]:
    """A style for each line: its activation's where only the activation varies."""
    if len(set(activations)) == len(activations):
        return {line: ACTIVATIONS[name] for line, name in zip(lines, activations, strict=True)}
    return {line: RUNS[place % len(RUNS)] for place, line in enumerate(lines)}


def limit_map(
    groups: pd.DataFrame, running: Mapping[tuple[str, int], int], x_title: str
) -> go.Figure:
    """Lines by distances, each cell coloured and named by its outcome, with the share of seeds.

    Args:
        groups: from `core.experiments.summary.group_rows`.
        running: how many cells are being trained, by line and distance.
        x_title: what a distance is.
    """
    lines = list(dict.fromkeys(groups["line"]))
    distances = sorted(set(groups["distance"]))
    names = list(OUTCOMES)
    figure = go.Figure(layout={**_map_layout(lines, distances, x_title), "template": None})
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
    figure.add_heatmap(
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


def _words(row, running: int) -> str:
    """What stands in a cell: outcome, typical score, seeds."""
    lines = [OUTCOMES[row.outcome][0]]
    if row.seeds_done and hasattr(row, "recall_median"):
        lines.append(f"{100 * row.recall_median:.0f} %")
        lines.append(f"{row.seeds_learned} of {row.seeds_done} seeds")
    elif row.seeds_done:
        lines = [f"{row.loss_nats_median:.3f} nats", f"{row.seeds_done} seeds"]
    if row.diverged:
        lines.append(f"{row.diverged} diverged")
    if row.failed:
        lines.append(f"{row.failed} failed")
    if running:
        lines.append(f"{running} training")
    return "<br>".join(lines)


def _map_layout(lines: Sequence[str], distances: Sequence[int], x_title: str) -> dict:
    return base_layout(
        "The map",
        hovermode="closest",
        xaxis={"title": {"text": x_title}, "type": "category", "fixedrange": True},
        yaxis={
            "autorange": "reversed",
            "type": "category",
            "fixedrange": True,
            "ticks": "",
            "showgrid": False,
        },
    )


def recall_chart(
    groups: pd.DataFrame, cells: pd.DataFrame, styles: Mapping[str, Style]
) -> go.Figure:
    """Recall by lag: the median seed, the spread over seeds, and every seed as a dot.

    Args:
        groups: from `group_rows`.
        cells: from `cell_rows`, with a column `line`.
        styles: from `line_styles`.
    """
    figure = _curves("Recall of the echo", "Lag, characters", "share of echoes recalled")
    figure.update_yaxes(range=(-0.03, 1.06), tickformat=".0%", dtick=0.25)
    _spread(figure, groups, cells, styles, "recall")
    _labelled(figure, 0.9, "learned: 90 %", THRESHOLD.line)
    _labelled(figure, 0.125, "chance: 12.5 %", FLOORS["unigram"].line)
    return figure


def latch_loss_chart(
    groups: pd.DataFrame,
    cells: pd.DataFrame,
    styles: Mapping[str, Style],
    floors: pd.DataFrame,
) -> go.Figure:
    """Loss by lag, above what a perfect reader reaches and below one without memory of the key.

    Args:
        floors: columns lag, perfect, forgetful; nats per character.
    """
    figure = _curves("Loss on held-out text", "Lag, characters", "nats per character")
    # Logarithmic, so that one seed that went astray does not flatten the others.
    figure.update_yaxes(**{**LOG_AXIS, "nticks": 6, "exponentformat": "none"})
    _spread(figure, groups, cells, styles, "loss_nats")
    for name, words, style in (
        ("perfect", "exact floor", FLOORS["bigram"]),
        ("forgetful", "floor without the key", FLOORS["uniform"]),
    ):
        figure.add_scatter(
            x=floors["lag"], y=floors[name], name=words, mode="lines", line=style.line
        )
    return figure


def text_loss_chart(
    groups: pd.DataFrame, cells: pd.DataFrame, styles: Mapping[str, Style]
) -> go.Figure:
    """Validation loss by unrollings, with the spread over seeds."""
    figure = _curves("Validation loss", "Unrollings T", "nats per character")
    _spread(figure, groups, cells, styles, "loss_nats")
    return figure


def learning_chart(marks: pd.DataFrame, score: str) -> go.Figure:
    """How the seeds of one cell of the map learned.

    Args:
        marks: columns seed, characters, recall, loss_nats.
        score: recall or loss_nats.
    """
    y_title = "share of echoes recalled" if score == "recall" else "training loss, nats"
    figure = _curves("Every seed on its way", "Characters", y_title)
    if score == "recall":
        figure.update_yaxes(range=(-0.03, 1.06), tickformat=".0%")
        _labelled(figure, 0.9, "learned: 90 %", THRESHOLD.line)
    for place, (seed, own) in enumerate(marks.groupby("seed")):
        style = RUNS[place % len(RUNS)]
        figure.add_scatter(
            x=own["characters"].to_numpy(np.float32),
            y=own[score].to_numpy(np.float32),
            name=f"seed {seed}",
            mode="lines+markers",
            line=style.line,
            marker=style.marker,
        )
    return figure


def _curves(title: str, x_title: str, y_title: str) -> go.Figure:
    return new_figure(title, x_title, y_title, hovermode="closest")


def _spread(
    figure: go.Figure,
    groups: pd.DataFrame,
    cells: pd.DataFrame,
    styles: Mapping[str, Style],
    score: str,
) -> None:
    """A band from the lowest seed to the highest, a line through the medians, a dot a seed."""
    if len(groups):
        low, high = groups["distance"].min(), groups["distance"].max()
        room = max(0.5, 0.06 * (high - low))
        figure.update_xaxes(range=(low - room, high + room))
        if len(distances := sorted(set(groups["distance"]))) <= _TICKS:
            figure.update_xaxes(tickvals=distances)
    for line, style in styles.items():
        own = groups[(groups["line"] == line) & (groups["seeds_done"] > 0)]
        x = own["distance"].to_numpy(np.float32)
        edge = {"color": style.color, "width": 0}
        common = {"x": x, "mode": "lines", "line": edge, "showlegend": False, "hoverinfo": "skip"}
        common["legendgroup"] = line
        figure.add_scatter(y=_finite(own[f"{score}_lowest"]), name=f"{line} low", **common)
        figure.add_scatter(
            y=_finite(own[f"{score}_highest"]),
            name=f"{line} high",
            fill="tonexty",
            fillcolor=faint(style.color, 0.15),
            **common,
        )
        figure.add_scatter(
            x=x,
            y=_finite(own[f"{score}_median"]),
            name=f"{line}, median",
            legendgroup=line,
            mode="lines+markers",
            line=style.line,
            marker=style.marker,
        )
        dots = cells[(cells["line"] == line) & cells[score].notna()]
        figure.add_scatter(
            x=dots["distance"].to_numpy(np.float32),
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
    numbers = values.astype(float).to_numpy(np.float32)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _labelled(figure: go.Figure, *arguments, **more) -> None:
    """A level whose label stands on the right, where no curve begins."""
    level(figure, *arguments, **more)
    figure.layout.annotations[-1].update(x=1, xanchor="right")
