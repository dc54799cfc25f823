"""The charts of a race: lanes in, figures with shared axes out.

Pure functions; no page, no run. Losses come in nats and are drawn in the unit asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.palette import FLOORS, Style
from core.records import ProbeRecord
from dashboard.charts.parts import emptied, faint, level, new_figure
from dashboard.charts.theme import LOG_AXIS
from dashboard.charts.training import AXES, Axis, Unit, in_unit

_FAINTEST = 1e-8


@dataclass(frozen=True)
class LaneCurves:
    """What is drawn of one lane.

    Attributes:
        name: in the legend.
        style: of all its curves.
        metrics: from `dashboard.charts.frames.metrics_frame`.
        reports: from `dashboard.charts.frames.reports_frame`.
        probe: the newest one.
    """

    name: str
    style: Style
    metrics: pd.DataFrame
    reports: pd.DataFrame
    probe: ProbeRecord | None = None


def race_loss_chart(
    lanes: Sequence[LaneCurves],
    floors: Mapping[str, float],
    *,
    unit: Unit = "nats",
    axis: Axis = "characters_seen",
) -> go.Figure:
    """Running means of the training losses, validation losses as markers, and the floors."""
    figure = new_figure("Loss", AXES[axis], f"{unit} per character", xaxis={"rangemode": "tozero"})
    for lane in lanes:
        figure.add_scatter(
            x=_f4(lane.metrics[axis]),
            y=_f4(in_unit(lane.metrics["loss_mean"], unit)),
            name=lane.name,
            legendgroup=lane.name,
            mode="lines",
            line=lane.style.line,
        )
        figure.add_scatter(
            x=_f4(lane.reports[axis]),
            y=_f4(in_unit(lane.reports["validation_loss_nats"].astype(float), unit)),
            name=f"{lane.name}, validation",
            legendgroup=lane.name,
            showlegend=False,
            mode="markers",
            marker=lane.style.marker,
        )
    if all(lane.metrics.empty for lane in lanes):
        return emptied(figure, "no steps yet")
    for name, nats in floors.items():
        if name in FLOORS:
            value = in_unit(nats, unit)
            _labelled(figure, value, f"{name} {value:.2f}", FLOORS[name].line)
    return figure


def race_norm_chart(lanes: Sequence[LaneCurves], *, axis: Axis = "characters_seen") -> go.Figure:
    """Gradient norms before clipping: the smallest and largest of each stretch, as bands."""
    figure = new_figure(
        "Gradient norm before clipping",
        AXES[axis],
        "global norm",
        xaxis={"rangemode": "tozero"},
        yaxis=LOG_AXIS,
    )
    for lane in lanes:
        edge = {"color": lane.style.color, "width": 0.8, "dash": lane.style.dash}
        common = {
            "x": _f4(lane.metrics[axis]),
            "mode": "lines",
            "line": edge,
            "legendgroup": lane.name,
        }
        figure.add_scatter(
            y=_f4(lane.metrics["grad_norm_min"]),
            name=f"{lane.name}, least",
            showlegend=False,
            hoverinfo="skip",
            **common,
        )
        figure.add_scatter(
            y=_f4(lane.metrics["grad_norm_max"]),
            name=lane.name,
            fill="tonexty",
            fillcolor=faint(lane.style.color, 0.18),
            **common,
        )
    if all(lane.metrics.empty for lane in lanes):
        return emptied(figure, "no steps yet")
    return figure


def race_flow_chart(lanes: Sequence[LaneCurves]) -> go.Figure:
    """How far one loss reaches back in each lane, from its newest probe."""
    figure = new_figure(
        "How far one loss reaches",
        "characters back, k",
        "flow, relative to k = 0",
        yaxis={**LOG_AXIS, "range": (np.log10(_FAINTEST), 0.4), "nticks": 6},
    )
    for lane in lanes:
        flow = np.array(lane.probe.flow if lane.probe else (), np.float32)
        seen = flow >= _FAINTEST
        figure.add_scatter(
            x=np.arange(len(flow), dtype=np.float32)[seen],
            y=flow[seen],
            name=lane.name,
            mode="lines",
            line=lane.style.line,
        )
    if not any(lane.probe for lane in lanes):
        return emptied(figure, "no probe yet")
    _labelled(figure, 0.01, "1 %: the horizon", FLOORS["unigram"].line, label_at=-2)
    return figure


def _f4(values: pd.Series) -> np.ndarray:
    with np.errstate(over="ignore"):  # a last loss before divergence, too high for any chart
        return values.to_numpy(np.float32)


def _labelled(figure: go.Figure, *arguments, **more) -> None:
    """A level whose label stands on the right, where no curve begins."""
    level(figure, *arguments, **more)
    figure.layout.annotations[-1].update(x=1, xanchor="right")
