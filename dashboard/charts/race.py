"""The charts of a race: lanes in, figures with shared axes out.

Pure functions; no page, no run. Losses come in nats and are drawn in the unit asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.history import MEAN_STEPS
from core.labels import setting
from core.palette import EVENT, FLOORS, Style
from core.records import ProbeRecord
from dashboard.charts.floors import floor_levels
from dashboard.charts.flow import FAINTEST, flow_figure
from dashboard.charts.losses import (
    Axis,
    Look,
    Points,
    along_a_run,
    in_unit,
    keep_in_view,
    loss_figure,
)
from dashboard.charts.parts import Figure, band, curve, emptied, f4, level
from dashboard.charts.theme import LOG_AXIS

LINES_AND_MARKERS = f"Lines: training, mean of {MEAN_STEPS} steps. Markers: validation."
"""A lane has one entry in the legend for both."""
CHANGES = "Triangles on a line: a live change; point at one to read it."


@dataclass(frozen=True)
class LaneCurves:
    """What is drawn of one lane.

    Attributes:
        name: in the legend.
        style: of all its curves.
        metrics: from `dashboard.charts.frames.metrics_frame`; of several seeds, see `together`.
        reports: from `dashboard.charts.frames.reports_frame`, of all its seeds.
        probe: the newest one, of its first seed.
        events: live changes to mark, from `dashboard.charts.frames.events_frame`.
    """

    name: str
    style: Style
    metrics: pd.DataFrame
    reports: pd.DataFrame
    probe: ProbeRecord | None = None
    events: pd.DataFrame | None = None


def together(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The metrics of runs over the same steps as one table: means, and extremes of extremes."""
    if len(frames) == 1:
        return frames[0]
    joined = pd.concat(frames).groupby(level=0)
    table = joined.mean()
    for name in table.columns:
        if name.endswith("_min"):
            table[name] = joined[name].min()
        elif name.endswith("_max"):
            table[name] = joined[name].max()
    return table


def race_loss_chart(
    lanes: Sequence[LaneCurves],
    floors: Mapping[str, float],
    look: Look,
) -> Figure:
    """Training losses as means of 100 steps, validation losses as markers, and the floors."""
    figure = loss_figure(look)
    drawn = []
    for lane in lanes:
        x, reported_at = f4(lane.metrics[look.axis]), f4(lane.reports[look.axis])
        mean, validation = (
            f4(in_unit(losses.astype(float), look.unit))
            for losses in (lane.metrics["loss_mean"], lane.reports["validation_loss_nats"])
        )
        drawn += [(x, mean), (reported_at, validation)]
        curve(
            figure,
            x=x,
            y=mean,
            name=lane.name,
            legendgroup=lane.name,
            mode="lines",
            line=lane.style.line,
        )
        curve(
            figure,
            x=reported_at,
            y=validation,
            name=f"{lane.name}, validation",
            legendgroup=lane.name,
            showlegend=False,
            mode="markers",
            marker=lane.style.marker,
        )
        if lane.events is not None and len(lane.events) and len(x):
            _mark_changes(figure, lane, lane.events, look.axis, (x, mean))
    if all(lane.metrics.empty for lane in lanes):
        return emptied(figure, "no steps yet")
    keep_in_view(figure, [losses for _, losses in drawn], drawn, look)
    floor_levels(figure, floors, look)
    return figure


def _mark_changes(
    figure: Figure, lane: LaneCurves, events: pd.DataFrame, axis: Axis, line: Points
) -> None:
    """On the lane's line, where a live setting was changed."""
    places = f4(events[axis])
    told = [
        f"{setting(event.kind, event.value)} after step {event.step:,}"
        for event in events.itertuples()
    ]
    curve(
        figure,
        x=places,
        y=f4(np.interp(places, *line)),
        name=f"{lane.name}, changed",
        legendgroup=lane.name,
        showlegend=False,
        mode="markers",
        marker={"color": lane.style.color, "symbol": EVENT.symbol, "size": 14},
        customdata=told,
        hovertemplate="%{customdata}<extra>" + lane.name + "</extra>",
    )


def race_norm_chart(lanes: Sequence[LaneCurves], *, axis: Axis = "characters_seen") -> Figure:
    """Gradient norms before clipping: the smallest and largest of each stretch, as bands."""
    figure = along_a_run("Gradient norm before clipping", axis, "global norm", **LOG_AXIS)
    for lane in lanes:
        band(
            figure,
            f4(lane.metrics["grad_norm_min"]),
            f4(lane.metrics["grad_norm_max"]),
            {"color": lane.style.color, "width": 0.8, "dash": lane.style.dash},
            0.18,
            x=f4(lane.metrics[axis]),
            name=lane.name,
        )
    if all(lane.metrics.empty for lane in lanes):
        return emptied(figure, "no steps yet")
    return figure


def race_flow_chart(lanes: Sequence[LaneCurves]) -> Figure:
    """How far one loss reaches back in each lane, from its newest probe."""
    figure = flow_figure("How far one loss reaches")
    for lane in lanes:
        flow = np.array(lane.probe.flow if lane.probe else (), np.float32)
        seen = flow >= FAINTEST
        curve(
            figure,
            x=np.arange(len(flow), dtype=np.float32)[seen],
            y=flow[seen],
            name=lane.name,
            mode="lines",
            line=lane.style.line,
        )
    if not any(lane.probe for lane in lanes):
        return emptied(figure, "no probe yet")
    level(figure, 0.01, "1 %: the horizon", FLOORS["unigram"].line)
    return figure
