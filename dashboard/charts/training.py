"""The curves of one run: tables in, figures out. Pure functions, no page and no run.

Every figure also exists without data: titled, empty, with its axes named. Losses come in
nats and are drawn in the unit that is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log

import numpy as np
import pandas as pd

from core.config import ALPHABET_SIZE
from core.history import MEAN_STEPS
from core.labels import setting
from core.palette import EVENT, LEARNING_RATE, NORM_AFTER, NORM_BEFORE, THRESHOLD, VALIDATION, Style
from dashboard.charts.floors import floor_levels
from dashboard.charts.losses import (
    Axis,
    Look,
    along_a_run,
    in_unit,
    keep_in_view,
    loss_figure,
)
from dashboard.charts.parts import Figure, band, curve, emptied, f4, level, note, upright
from dashboard.charts.theme import LOG_AXIS

_LABEL_ROOM = 0.04  # of an axis, for a label that stands on end


def loss_chart(
    metrics: pd.DataFrame,
    reports: pd.DataFrame,
    floors: Mapping[str, float],
    events: pd.DataFrame,
    style: Style,
    look: Look,
) -> Figure:
    """Training loss as an envelope and a mean of 100 steps, validation loss, and the floors.

    Args:
        metrics: from `dashboard.charts.frames.metrics_frame`.
        reports: from `dashboard.charts.frames.reports_frame`.
        floors: nats per character by name.
        events: from `dashboard.charts.frames.events_frame`.
        style: of the training loss.
    """
    figure = loss_figure(look)
    x, reported_at = f4(metrics[look.axis]), f4(reports[look.axis])
    validation = f4(in_unit(reports["validation_loss_nats"].astype(float), look.unit))
    low, high, mean = (
        f4(in_unit(metrics[name], look.unit)) for name in ("loss_min", "loss_max", "loss_mean")
    )
    _envelope(figure, x, low, high, style, "each step")
    curve(figure, x=x, y=mean, name=f"{MEAN_STEPS}-step mean", line=style.line)
    curve(
        figure,
        x=reported_at,
        y=validation,
        name="validation",
        mode="lines+markers" if len(reports) < 60 else "lines",
        line=VALIDATION.line,
        marker=VALIDATION.marker,
    )
    if metrics.empty:
        evenly = in_unit(log(ALPHABET_SIZE), look.unit)
        bottom, top = (0.1, np.log10(evenly)) if look.scale == "log" else (0, evenly)
        emptied(figure, "no steps yet", y_range=(bottom, top))
    else:
        keep_in_view(figure, (mean, validation), ((x, high), (reported_at, validation)), look)
    floor_levels(figure, floors, look)
    _mark_changes(figure, events, look.axis)
    return figure


def gradient_chart(
    metrics: pd.DataFrame, events: pd.DataFrame, clip: float, *, axis: Axis = "step"
) -> Figure:
    """Global norm of the gradient on a logarithmic axis, before and after clipping."""
    figure = along_a_run("Gradient norm", axis, "global norm", **LOG_AXIS)
    x = f4(metrics[axis])
    low, high = f4(metrics["grad_norm_min"]), f4(metrics["grad_norm_max"])
    _envelope(figure, x, low, high, NORM_BEFORE, "before clipping")
    curve(figure, x=x, y=f4(metrics["grad_norm_clipped"]), name="after", line=NORM_AFTER.line)
    if metrics.empty:
        emptied(figure, "no steps yet", y_range=(-2, 1))
    if clip > 0:
        level(figure, clip, f"clip {clip:g}", THRESHOLD.line)
    _mark_changes(figure, events, axis)
    return figure


def learning_rate_chart(
    metrics: pd.DataFrame,
    events: pd.DataFrame,
    *,
    axis: Axis = "step",
    base: float | None = None,
) -> Figure:
    """The learning rate of each step, down its staircase; with a `base`, both in numbers."""
    rates = f4(metrics["learning_rate"])
    figure = along_a_run("Learning rate", axis, "learning rate", rangemode="tozero")
    curve(
        figure,
        x=f4(metrics[axis]),
        y=rates,
        name="learning rate",
        line={**LEARNING_RATE.line, "shape": "hv"},
        showlegend=False,
    )
    if metrics.empty:
        emptied(figure, "no steps yet", y_range=(0, 1))
    elif base is not None:
        words = f"base {base:g}, now {rates[-1]:.3g}"
        place = {"x": 1, "y": 0.02, "xanchor": "right", "yanchor": "bottom"}
        note(figure, words, xref="paper", yref="paper", **place)
    _mark_changes(figure, events, axis)
    return figure


def _envelope(
    figure: Figure, x: np.ndarray, low: np.ndarray, high: np.ndarray, style: Style, name: str
) -> None:
    edge = {"color": style.color, "width": 0.8}
    band(figure, low, high, edge, 0.18, x=x, name=name, opacity=0.55)


def _mark_changes(figure: Figure, events: pd.DataFrame, axis: Axis) -> None:
    """A vertical line where a live setting was changed; the last of a close bunch is named."""
    drawn = [float(trace["x"][-1]) for trace in figure["data"] if len(trace["x"])]
    width = max(drawn, default=0.0)
    room = _LABEL_ROOM * width
    places = events[axis].tolist()
    following = [*places[1:], float("inf")]
    for event, x, after in zip(events.itertuples(), places, following, strict=False):
        label = setting(event.kind, event.value) if after - x >= room else ""
        # Beside the line, but for one at the right edge, where the floors have their names.
        side = "left" if x < width - room else "right"
        place = {"y": 1, "xanchor": side, "yanchor": "top", "textangle": 90}
        upright(figure, x, EVENT.line, label, **place)
