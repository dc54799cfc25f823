"""Tables in, figures out: pure functions, no page and no run.

Every figure also exists without data: titled, empty, with its axes named. Losses come in
nats and are drawn in the unit that is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log
from typing import Any, Literal

import numpy as np
import pandas as pd

from core.config import ALPHABET_SIZE
from core.labels import setting
from core.palette import (
    EVENT,
    FLOORS,
    LEARNING_RATE,
    NORM_AFTER,
    NORM_BEFORE,
    THRESHOLD,
    VALIDATION,
    Style,
)
from dashboard.charts.theme import LOG_AXIS, base_layout

Figure = dict[str, Any]
"""Plotly's `{"data": [...], "layout": {...}}`, with NumPy arrays in the data.

Its objects would check each property anew at each refresh, which takes longer than the rest.
The tests have them check.
"""

Unit = Literal["nats", "bits"]
Axis = Literal["step", "characters_seen", "seconds"]

AXES: dict[Axis, str] = {"step": "Steps", "characters_seen": "Characters", "seconds": "Seconds"}
_LABEL_ROOM = 0.04  # of an axis, for a label that stands on end


def in_unit(nats: float | pd.Series, unit: Unit) -> float | pd.Series:
    """Nats per character as they are, or in bits."""
    return nats if unit == "nats" else nats / log(2)


def loss_chart(
    metrics: pd.DataFrame,
    reports: pd.DataFrame,
    floors: Mapping[str, float],
    events: pd.DataFrame,
    style: Style,
    *,
    unit: Unit = "nats",
    axis: Axis = "step",
) -> Figure:
    """Training loss as an envelope and a running mean, validation loss, and the floors.

    Args:
        metrics: from `dashboard.charts.frames.metrics_frame`.
        reports: from `dashboard.charts.frames.reports_frame`.
        floors: nats per character by name.
        events: from `dashboard.charts.frames.events_frame`.
        style: of the training loss.
    """
    figure = _figure("Loss", axis, f"{unit} per character")
    x = metrics[axis].to_numpy(np.float32)
    low, high = (in_unit(metrics[name], unit) for name in ("loss_min", "loss_max"))
    _band(figure, x, low, high, style, "each step")
    mean = _f4(in_unit(metrics["loss_mean"], unit))
    _curve(figure, x=x, y=mean, name="training, mean", line=style.line)
    _curve(
        figure,
        x=_f4(reports[axis]),
        y=_f4(in_unit(reports["validation_loss_nats"].astype(float), unit)),
        name="validation",
        mode="lines+markers" if len(reports) < 60 else "lines",
        line=VALIDATION.line,
        marker=VALIDATION.marker,
    )
    if metrics.empty:
        _empty(figure, (0, in_unit(log(ALPHABET_SIZE), unit)))
    drawn = {name: in_unit(nats, unit) for name, nats in floors.items() if name in FLOORS}
    levels = [_level(y, f"{name} {y:.2f}", FLOORS[name]) for name, y in drawn.items()]
    _put(figure, [*levels, *_marks(figure, events, axis)])
    return figure


def gradient_chart(
    metrics: pd.DataFrame, events: pd.DataFrame, clip: float, *, axis: Axis = "step"
) -> Figure:
    """Global norm of the gradient on a logarithmic axis, before and after clipping."""
    figure = _figure("Gradient norm", axis, "global norm", yaxis=LOG_AXIS)
    x = metrics[axis].to_numpy(np.float32)
    _band(
        figure,
        x,
        metrics["grad_norm_min"],
        metrics["grad_norm_max"],
        NORM_BEFORE,
        "before clipping",
    )
    _curve(figure, x=x, y=_f4(metrics["grad_norm_clipped"]), name="after", line=NORM_AFTER.line)
    if metrics.empty:
        _empty(figure, (-2, 1))
    levels = []
    if clip > 0:
        # A level shape on a logarithmic axis takes the value itself, its label the exponent.
        levels = [_level(clip, f"clip {clip:g}", THRESHOLD, label_at=float(np.log10(clip)))]
    _put(figure, [*levels, *_marks(figure, events, axis)])
    return figure


def learning_rate_chart(
    metrics: pd.DataFrame, events: pd.DataFrame, *, axis: Axis = "step"
) -> Figure:
    """The learning rate of each step, down its staircase."""
    figure = _figure("Learning rate", axis, "learning rate", yaxis={"rangemode": "tozero"})
    _curve(
        figure,
        x=metrics[axis].to_numpy(np.float32),
        y=_f4(metrics["learning_rate"]),
        name="learning rate",
        line={**LEARNING_RATE.line, "shape": "hv"},
        showlegend=False,
    )
    if metrics.empty:
        _empty(figure, (0, 1))
    _put(figure, _marks(figure, events, axis))
    return figure


def _empty(figure: Figure, y_range: tuple[float, float]) -> None:
    """Say that nothing is missing: there is nothing yet."""
    layout = figure["layout"]
    layout["showlegend"] = False
    layout["xaxis"]["range"], layout["yaxis"]["range"] = (0, 100), y_range
    note = {"text": "no steps yet", "xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5}
    layout["annotations"] = [{**note, "showarrow": False}]


def _figure(title: str, axis: Axis, y_title: str, yaxis: Mapping[str, Any] | None = None) -> Figure:
    return {
        "data": [],
        "layout": base_layout(
            title,
            xaxis={"title": {"text": AXES[axis]}, "rangemode": "tozero"},
            yaxis={"title": {"text": y_title}, **(yaxis or {})},
        ),
    }


def _curve(figure: Figure, **properties: object) -> None:
    figure["data"].append({"type": "scatter", **properties})


def _band(
    figure: Figure, x: np.ndarray, low: pd.Series, high: pd.Series, style: Style, name: str
) -> None:
    """The room between a smallest and a largest value, as one entry in the legend."""
    edge = {"color": style.color, "width": 0.8}
    common = {"x": x, "name": name, "legendgroup": name, "mode": "lines", "line": edge}
    common["opacity"] = 0.55
    _curve(figure, **common, y=_f4(low), showlegend=False, hoverinfo="skip")
    _curve(figure, **common, y=_f4(high), fill="tonexty", fillcolor=_faint(style.color))


# A line across the chart, and what is written beside it.
_Line = tuple[dict[str, Any], dict[str, Any] | None]


def _put(figure: Figure, lines: Sequence[_Line]) -> None:
    layout = figure["layout"]
    layout["shapes"] = [shape for shape, _ in lines]
    layout["annotations"] = [
        *layout.get("annotations", ()),
        *(label for _, label in lines if label),
    ]


def _level(value: float, label: str, style: Style, label_at: float | None = None) -> _Line:
    shape = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": value, "y1": value}
    return {**shape, "line": style.line}, {
        "text": label,
        "xref": "paper",
        "x": 1,
        "y": value if label_at is None else label_at,
        "xanchor": "right",
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"size": 13},
    }


def _marks(figure: Figure, events: pd.DataFrame, axis: Axis) -> list[_Line]:
    """A vertical line where a live setting was changed; the last of a close bunch is named."""
    drawn = [float(curve["x"][-1]) for curve in figure["data"] if len(curve["x"])]
    room = _LABEL_ROOM * max(drawn, default=0.0)
    places = [float(getattr(event, axis)) for event in events.itertuples()]
    following = [*places[1:], float("inf")]
    lines: list[_Line] = []
    for event, x, after in zip(events.itertuples(), places, following, strict=False):
        shape = {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": x, "x1": x}
        label = {
            "text": setting(event.kind, event.value),
            "yref": "paper",
            "y": 1,
            "x": x,
            "xanchor": "left",
            "yanchor": "top",
            "textangle": 90,
            "showarrow": False,
            "font": {"size": 13},
        }
        lines.append(({**shape, "line": EVENT.line}, label if after - x >= room else None))
    return lines


def _f4(values: pd.Series) -> np.ndarray:
    with np.errstate(over="ignore"):  # a last loss before divergence, too high for any chart
        return values.to_numpy(np.float32)


def _faint(color: str) -> str:
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.18)"
