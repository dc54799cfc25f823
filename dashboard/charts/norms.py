"""Charts of the clipping microscope and of the divergence replay, and the units' heat map.

Pure functions: arrays in, figures out. Knows no page and no run.
"""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from core.config import Activation
from core.palette import LOSS, NORM_AFTER, NORM_BEFORE, THRESHOLD
from dashboard.charts.parts import emptied, level, new_figure
from dashboard.charts.theme import HEAT, LOG_AXIS

SIGNED = "PuOr"
"""Plotly's name of the scale for values around 0."""


def clipping_chart(
    steps: np.ndarray, before: np.ndarray, after: np.ndarray, clip: float
) -> go.Figure:
    """Gradient norms of some steps, before and after clipping, each step for itself."""
    figure = new_figure("Norms, step by step", "step", "global norm", yaxis=LOG_AXIS)
    if not len(steps):
        return emptied(figure, "no steps yet")
    x = steps.astype(np.float32)
    figure.add_scatter(
        x=x,
        y=_positive(before),
        name="before clipping",
        mode="lines",
        line=NORM_BEFORE.line,
    )
    figure.add_scatter(x=x, y=_positive(after), name="after", mode="lines", line=NORM_AFTER.line)
    if clip > 0:
        level(figure, clip, f"clip {clip:g}", THRESHOLD.line, label_at=float(np.log10(clip)))
    return figure


def norm_histogram(before: np.ndarray, clip: float) -> go.Figure:
    """How often which gradient norm came, on a logarithmic axis."""
    figure = new_figure("Histogram of norms", "norm before clipping", "steps", bargap=0.03)
    seen = before[np.isfinite(before) & (before > 0)]
    if not len(seen):
        return emptied(figure, "no steps yet")
    exponents = np.log10(seen.astype(np.float64))
    counts, edges = np.histogram(exponents, bins=30)
    middles = (edges[1:] + edges[:-1]) / 2
    clipped = middles > np.log10(clip) if clip > 0 else np.zeros(len(middles), bool)
    for chosen, name, style in (
        (~clipped, "left as it is", NORM_AFTER),
        (clipped, "clipped", NORM_BEFORE),
    ):
        if chosen.any():
            figure.add_bar(
                x=middles[chosen].astype(np.float32),
                y=counts[chosen].astype(np.float32),
                width=float(edges[1] - edges[0]),
                name=name,
                marker={
                    "color": style.color,
                    "pattern": {"shape": "/" if name == "clipped" else "", "fillmode": "overlay"},
                },
                hovertemplate="10<sup>%{x:.2f}</sup>: %{y} steps<extra></extra>",
            )
    ticks = _round_exponents(edges[0], edges[-1])
    figure.update_layout(
        xaxis={"tickvals": ticks.tolist(), "ticktext": [f"{10**e:.2g}" for e in ticks]},
        hovermode="closest",
    )
    return figure


def replay_chart(steps: np.ndarray, losses: np.ndarray, norms: np.ndarray) -> go.Figure:
    """Loss and gradient norm of the last steps before a run diverged."""
    figure = new_figure("The last steps", "step", "nats, global norm", yaxis=LOG_AXIS)
    if not len(steps):
        return emptied(figure, "no steps were recorded")
    x = steps.astype(np.float32)
    for values, name, style in ((losses, "loss", LOSS), (norms, "gradient norm", NORM_BEFORE)):
        figure.add_scatter(
            x=x,
            y=_positive(values),
            name=name,
            mode="lines+markers",
            line=style.line,
            marker={**style.marker, "size": 5},
        )
    return figure


def unit_heat_map(values: np.ndarray, characters: str, activation: Activation) -> go.Figure:
    """Recurrent units (rows) over a text (columns).

    Args:
        values: `(L, N)`, in the order in which the rows are to stand, the top one first.
        characters: the text, L long.
        activation: tanh's values are drawn around 0, up to ±1 in the strongest colours.
    """
    figure = new_figure(
        "Recurrent units over held-out text",
        "",
        "units",
        yaxis={"showticklabels": False, "ticks": "", "autorange": "reversed"},
        hovermode="closest",
    )
    if not len(values):
        return emptied(figure, "no network yet")
    tanh = activation == "tanh"
    highest = 1.0 if tanh else max(1e-6, float(np.quantile(values, 0.99)))
    figure.add_heatmap(
        z=values.T.astype(np.float32),
        zmin=-1.0 if tanh else 0.0,
        zmax=highest,
        colorscale=SIGNED if tanh else HEAT,
        colorbar={"thickness": 14, "title": {"text": "h"}},
        hovertemplate="character %{x}, row %{y}: %{z:.2f}<extra></extra>",
    )
    figure.update_layout(
        xaxis={
            "tickvals": list(range(len(characters))),
            "ticktext": ["␣" if character == " " else character for character in characters],
            "tickangle": 0,
            "tickfont": {"size": 12},
            "ticks": "",
        }
    )
    return figure


def _round_exponents(low: float, high: float) -> np.ndarray:
    """The logarithms of some round numbers between two powers of ten, at most eight."""
    decades = np.arange(np.floor(low), np.ceil(high) + 1)
    for digits in ((1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,)):
        ticks = np.sort(np.add.outer(decades, np.log10(digits)).ravel())
        ticks = ticks[(ticks >= low) & (ticks <= high)]
        if len(ticks) <= 8:
            return ticks
    return ticks[:: -(-len(ticks) // 8)]


def _positive(values: np.ndarray) -> np.ndarray:
    """What a logarithmic axis can show; the rest becomes gaps."""
    values = np.asarray(values, np.float64)
    return np.where((values > 0) & np.isfinite(values), values, np.nan)
