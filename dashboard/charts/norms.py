"""Charts of the clipping microscope and of the divergence replay, and the units' heat map.

Pure functions: arrays in, figures out. Knows no page and no run.
"""

from __future__ import annotations

import numpy as np

from core.config import Activation
from core.palette import LOSS, NORM_AFTER, NORM_BEFORE, THRESHOLD
from dashboard.charts.parts import Figure, add, curve, emptied, f4, level, new_figure
from dashboard.charts.theme import HEAT, LOG_AXIS, SIGNED


def clipping_chart(steps: np.ndarray, before: np.ndarray, after: np.ndarray, clip: float) -> Figure:
    """Gradient norms of some steps, before and after clipping, each step for itself."""
    figure = new_figure("Norms, step by step", "step", "global norm", yaxis=LOG_AXIS)
    if not len(steps):
        return emptied(figure, "no steps yet")
    for norms, name, style in (
        (before, "before clipping", NORM_BEFORE),
        (after, "after", NORM_AFTER),
    ):
        curve(figure, x=f4(steps), y=_positive(norms), name=name, mode="lines", line=style.line)
    if clip > 0:
        level(figure, clip, f"clip {clip:g}", THRESHOLD.line, left=True)
    return figure


def norm_histogram(before: np.ndarray, clip: float) -> Figure:
    """How often which gradient norm came, on a logarithmic axis."""
    figure = new_figure(
        "Histogram of norms",
        "norm before clipping",
        "steps",
        bargap=0.03,
    )
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
            add(
                figure,
                "bar",
                x=f4(middles[chosen]),
                y=f4(counts[chosen]),
                width=float(edges[1] - edges[0]),
                name=name,
                marker={
                    "color": style.color,
                    "pattern": {"shape": "/" if name == "clipped" else "", "fillmode": "overlay"},
                },
                hovertemplate="10<sup>%{x:.2f}</sup>: %{y} steps<extra></extra>",
            )
    ticks = _round_exponents(edges[0], edges[-1])
    figure["layout"]["hovermode"] = "closest"
    figure["layout"]["xaxis"] |= {
        "tickvals": ticks.tolist(),
        "ticktext": [f"{10**e:.2g}" for e in ticks],
    }
    return figure


def replay_chart(steps: np.ndarray, losses: np.ndarray, norms: np.ndarray) -> Figure:
    """Loss and gradient norm of the last steps before a run diverged."""
    figure = new_figure("The last steps", "step", "nats, global norm", yaxis=LOG_AXIS)
    if not len(steps):
        return emptied(figure, "no steps were recorded")
    for values, name, style in ((losses, "loss", LOSS), (norms, "gradient norm", NORM_BEFORE)):
        curve(
            figure,
            x=f4(steps),
            y=_positive(values),
            name=name,
            mode="lines+markers",
            line=style.line,
            marker={**style.marker, "size": 5},
        )
    return figure


def unit_heat_map(values: np.ndarray, characters: str, activation: Activation) -> Figure:
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
    add(
        figure,
        "heatmap",
        z=f4(values.T),
        zmin=-1.0 if tanh else 0.0,
        zmax=highest,
        colorscale=SIGNED if tanh else HEAT,
        colorbar={"thickness": 14, "title": {"text": "h"}},
        hovertemplate="character %{x}, row %{y}: %{z:.2f}<extra></extra>",
    )
    figure["layout"]["xaxis"] |= {
        "tickvals": list(range(len(characters))),
        "ticktext": ["␣" if character == " " else character for character in characters],
        "tickangle": 0,
        "tickfont": {"size": 12},
        "ticks": "",
    }
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
