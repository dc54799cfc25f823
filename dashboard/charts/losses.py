"""What curves along a run have in common: units, axes and scales. Losses come in nats.

Knows no run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import Any, Literal, TypeVar

import numpy as np
import pandas as pd

from core.config import ALPHABET_SIZE
from core.palette import EVENT
from dashboard.charts.parts import Figure, add, f4, new_figure
from dashboard.charts.theme import LOG_AXIS

Unit = Literal["nats", "bits"]
Axis = Literal["step", "characters_seen", "seconds"]
Scale = Literal["fit", "all", "log"]

SCALES: tuple[Scale, ...] = ("fit", "all", "log")
"""Of losses: what is usual in this run, up to the highest spike, or logarithmic."""

AXES: dict[Axis, str] = {"step": "Steps", "characters_seen": "Characters", "seconds": "Seconds"}

Losses = TypeVar("Losses", float, pd.Series)
Points = tuple[np.ndarray, np.ndarray]

_HEADROOM, _USUAL = 1.5, 0.95
_MOST_MARKED = 60  # spikes; a run on its way to divergence has many
_APART = 0.12  # of the width, from a value written to the next


def in_unit(nats: Losses, unit: Unit) -> Losses:
    """Nats per character as they are, or in bits."""
    return nats if unit == "nats" else nats / log(2)


def written(nats: float, unit: Unit) -> str:
    """A loss in a few digits: ReLU can reach any height."""
    loss = in_unit(nats, unit)
    return f"{loss:.3f}" if loss < 1_000 else f"{loss:.2e}"


def along_a_run(title: str, axis: Axis, y: str, **yaxis: Any) -> Figure:
    """A figure whose horizontal axis counts steps, characters or seconds from 0."""
    return new_figure(title, AXES[axis], y, xaxis={"rangemode": "tozero"}, yaxis=yaxis)


@dataclass(frozen=True)
class Look:
    """How losses along a run are drawn."""

    unit: Unit = "nats"
    axis: Axis = "step"
    scale: Scale = "fit"


def loss_figure(look: Look) -> Figure:
    """A figure for losses along a run."""
    scale = LOG_AXIS if look.scale == "log" else {}
    return along_a_run("Loss", look.axis, f"{look.unit} per character", **scale)


def keep_in_view(
    figure: Figure, usual: Sequence[np.ndarray], drawn: Sequence[Points], look: Look
) -> None:
    """Under `fit`, end the axis above what is usual, and mark spikes at the edge with their value.

    The axis still follows the data below that edge, which lies half above guessing evenly or above
    nineteen of twenty of the usual losses, whichever is more.

    Args:
        usual: the losses that a reader wants to see, such as means and validation losses.
        drawn: x and y of the curves that spikes may run out of.
    """
    losses = np.concatenate([np.asarray(values, np.float64) for values in usual])
    losses = losses[np.isfinite(losses)]
    if look.scale != "fit" or not losses.size:
        return
    evenly = in_unit(log(ALPHABET_SIZE), look.unit)
    edge = _HEADROOM * max(evenly, float(np.quantile(losses, _USUAL)))
    x, y = (np.concatenate([np.asarray(points[i], np.float64) for points in drawn]) for i in (0, 1))
    beyond = np.flatnonzero(y > edge)
    if not beyond.size:
        return
    width = float(x.max())
    figure["layout"]["yaxis"]["autorangeoptions"] = {"clipmax": edge}
    beyond = beyond[np.argsort(-y[beyond], kind="stable")][:_MOST_MARKED]
    add(
        figure,
        "scatter",
        x=f4(x[beyond]),
        y=f4(np.full(len(beyond), edge)),
        mode="markers+text",
        marker={"symbol": "triangle-up", "size": 11, "color": EVENT.color},
        text=_labels_apart(x[beyond], y[beyond], width),
        # Next to an edge of the plot beside the mark, not half outside.
        textposition=[
            "bottom right" if place < _APART * width else "bottom left" for place in x[beyond]
        ],
        textfont={"size": 13},
        customdata=[f"{value:.4g}" for value in y[beyond]],
        hovertemplate="%{customdata}<extra>higher than drawn</extra>",
        name="higher than drawn",
        showlegend=False,
        cliponaxis=False,
    )


def _labels_apart(x: np.ndarray, y: np.ndarray, width: float) -> list[str]:
    """The values, highest first; those that would stand on another's stay unwritten."""
    written_at: list[float] = []
    labels = []
    for place, value in zip(x, y, strict=True):
        free = all(abs(place - other) > _APART * width for other in written_at)
        labels.append(f"{value:.3g}" if free else "")
        if free:
            written_at.append(place)
    return labels
