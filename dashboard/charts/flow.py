"""Charts of gradient flow: probes in, figures out.

Pure functions; no page and no run. Lags and windows are in characters. Every figure also
exists without data, titled and with its axes named.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.palette import CRIMSON, GREEN, GREY, LAVENDER, OCHRE, STEEL, VIOLET, Style
from core.records import ProbeRecord
from dashboard.charts.parts import (
    Figure,
    add,
    curve,
    emptied,
    f4,
    faint,
    new_figure,
    note,
    shape,
    upright,
)
from dashboard.charts.theme import HEAT, LOG_AXIS

FLOW = Style(VIOLET, "solid", "circle", 2.5)
FIT = Style(OCHRE, "dash", "line-ew", 2.0)
HORIZON = Style(CRIMSON, "solid", "diamond", 2.0)
UNROLLINGS = Style(GREY, "dash", "line-ew", 2.0)
HALF_LIFE = Style(STEEL, "dot", "line-ew", 2.0)
WINDOW = Style(GREEN, "solid", "square", 2.5)
# Over a scale from dark blue to bright yellow a line needs both, to be seen everywhere.
_ON_HEAT, _UNDER = "#FFFFFF", "rgba(0,0,0,0.6)"

_BEYOND = 0.5
"""A window of T ends between lag T − 1, its last, and lag T."""
FAINTEST = 1e-8
"""What is drawn as no flow at all: float32 weights cannot tell it from none."""


def waterfall_chart(flows: pd.DataFrame, probes: pd.DataFrame, unrollings: int) -> Figure:
    """Flow by lag and step, in colours of its logarithm, with the horizon and the unrollings.

    Args:
        flows: from `dashboard.charts.frames.flow_frame`.
        probes: from `dashboard.charts.frames.probes_frame`.
        unrollings: T in use.
    """
    deepest = _deepest(flows.to_numpy(), unrollings)
    figure = new_figure(
        "Gradient flow while training",
        "step",
        "characters back, k",
        yaxis={"range": (-0.5, deepest + 0.5), "hoverformat": "d"},
        hovermode="closest",
        showlegend=False,  # the page behind it may be as white as the lines
    )
    seen = flows.iloc[: deepest + 1]
    low = int(np.log10(FAINTEST))
    add(
        figure,
        "heatmap",
        x=f4(seen.columns),
        y=f4(seen.index),
        z=_exponents(seen.to_numpy()),
        zmin=low,
        zmax=0,
        colorscale=HEAT,
        colorbar={
            "title": {"text": "flow"},
            "tickvals": list(range(low, 1, 2)),
            "ticktext": [f"10<sup>{e}</sup>" if e else "1" for e in range(low, 1, 2)],
            "thickness": 14,
        },
        hovertemplate="step %{x:,.0f}, %{y:.0f} back: 10<sup>%{z:.1f}</sup><extra></extra>",
        showlegend=False,
        showscale=not flows.empty,
    )
    if flows.empty:
        return emptied(figure, "no probe yet")
    steps = f4(probes["step"])
    if len(steps) == 1:  # no width to choose an axis by
        figure["layout"]["xaxis"]["tickvals"] = steps.tolist()
    _over_heat(figure, steps, f4(probes["horizon"]), "horizon", "horizon %{y:.0f}")
    ends, window = _edges(f4(flows.columns)), unrollings - _BEYOND
    told = f"T {unrollings}"
    _over_heat(figure, ends, np.full(2, window, np.float32), "T", told, dash="dash")
    horizon = min(float(probes["horizon"].iloc[-1]), deepest)
    _name_line(figure, window, f"unrollings T = {unrollings}", "left", deepest)
    _name_line(figure, horizon, "horizon", "right", deepest)
    return figure


def profile_chart(probe: ProbeRecord | None, unrollings: int) -> Figure:
    """The newest probe's flow by lag, with its fit, half-life, horizon and the unrollings."""
    step = "" if probe is None else f" at step {probe.step:,}"
    figure = flow_figure(f"How far one loss reaches{step}")
    if probe is None:
        return emptied(figure, "no probe yet")
    flow = np.array(probe.flow)
    deepest = _deepest(flow[:, None], unrollings)
    figure["layout"]["xaxis"]["range"] = (-0.5, deepest + 0.5)
    shown = flow[: deepest + 1]
    lags = np.arange(len(shown))
    visible = shown >= FAINTEST
    if unrollings - 1 > probe.horizon:
        _wasted(figure, probe.horizon, unrollings - _BEYOND)
    curve(
        figure,
        x=f4(lags[visible]),
        y=f4(shown[visible]),
        name="measured",
        mode="lines+markers",
        line=FLOW.line,
        marker={**FLOW.marker, "size": 5},
    )
    if probe.fit_to > probe.fit_from and probe.decay_per_step > 0:
        curve(
            figure,
            **_fitted(probe, flow),
            name=f"fit: {factor(probe.decay_per_step)} a step",
            mode="lines",
            line=FIT.line,
            hoverinfo="skip",
        )
    if 0 < probe.half_life < deepest:
        label = f"half-life {probe.half_life:.1f}"
        _down(figure, probe.half_life, label, HALF_LIFE, at=0.04, end=deepest)
    _down(figure, probe.horizon, f"horizon {probe.horizon_in_words}", HORIZON, at=0.16, end=deepest)
    window = unrollings - _BEYOND
    _down(figure, window, f"T = {unrollings}", UNROLLINGS, at=0.28, end=deepest)
    return figure


def window_gradient_chart(probe: ProbeRecord | None) -> Figure:
    """‖∂L_window/∂h_t‖ by t: the sum of what all later losses of the window send to h_t."""
    step = "" if probe is None else f" at step {probe.step:,}"
    figure = new_figure(
        f"Window gradient{step}",
        "place in the window, t",
        "‖∂L_window/∂h<sub>t</sub>‖",
        yaxis={"rangemode": "tozero", "hoverformat": ".3~g"},
    )
    if probe is None or not probe.window_gradient:
        return emptied(figure, "the first comes with the first probed step")
    norms = np.array(probe.window_gradient)
    curve(
        figure,
        x=np.arange(1, len(norms) + 1, dtype=np.float32),
        y=f4(norms),
        mode="lines+markers",
        name="all later losses of the window together",
        line=WINDOW.line,
        marker={**WINDOW.marker, "size": 5},
    )
    return figure


def causes_chart(probes: pd.DataFrame) -> Figure:
    """Decay as measured, and as the product of weights and slopes, over the steps."""
    axis = {**LOG_AXIS, "exponentformat": "none"}  # factors around 1: 0.5, not 5 times 10⁻¹
    figure = new_figure("Why: weights × slopes", "step", "factor per step back", yaxis=axis)
    lines = {
        "decay_per_step": ("decay, measured", FLOW),
        "expected_decay": ("weights × slopes", FIT),
        "rms_singular_value": ("weights, typical stretch", Style(STEEL, "dashdot")),
        "rms_slope": ("slope, typical", Style(GREEN, "dot")),
        "spectral_radius": ("weights, spectral radius", Style(GREY, "longdash", width=1.5)),
    }
    return _over_steps(figure, probes, lines)


def units_chart(probes: pd.DataFrame) -> Figure:
    """Mean slope and the shares of saturated and dead units, over the steps."""
    figure = new_figure(
        "Recurrent units", "step", "share", yaxis={"range": (-0.03, 1.03), "tickformat": ".0%"}
    )
    lines = {
        "mean_slope": ("mean slope |φ′|", Style(GREEN, "dot")),
        "saturated_share": ("saturated, |h| > 0.99", Style(CRIMSON, "solid")),
        "dead_share": ("dead, always 0", Style(LAVENDER, "dash")),
    }
    return _over_steps(figure, probes, lines)


def flow_figure(title: str) -> Figure:
    """A figure for flow by lag, down to the faintest."""
    return new_figure(
        title,
        "characters back, k",
        "flow, relative to k = 0",
        yaxis={**LOG_AXIS, "range": (np.log10(FAINTEST), 0.4), "nticks": 6},
    )


def factor(value: float) -> str:
    """A factor a step: three digits, however small."""
    return f"{value:.3f}" if value >= 0.001 or value == 0 else f"{value:.1e}"


def _over_steps(
    figure: Figure, probes: pd.DataFrame, lines: dict[str, tuple[str, Style]]
) -> Figure:
    figure["layout"]["xaxis"]["rangemode"] = "tozero"
    if probes.empty:
        return emptied(figure, "no probe yet")
    for column, (name, style) in lines.items():
        curve(
            figure,
            x=f4(probes["step"]),
            y=f4(probes[column]),
            name=name,
            mode="lines+markers" if len(probes) < 30 else "lines",
            line=style.line,
            marker={**style.marker, "size": 5},
        )
    return figure


def _fitted(probe: ProbeRecord, flow: np.ndarray) -> dict[str, np.ndarray]:
    """The ends of the fitted line: its steepness is the decay, its middle that of the data."""
    lags = np.array([probe.fit_from, probe.fit_to], np.float64)
    fitted = np.arange(probe.fit_from, probe.fit_to + 1)
    height = np.log(flow[fitted]).mean() - np.log(probe.decay_per_step) * fitted.mean()
    heights = np.exp(height + np.log(probe.decay_per_step) * lags)
    return {"x": f4(lags), "y": f4(heights)}


def _deepest(flows: np.ndarray, unrollings: int) -> int:
    """The last lag worth drawing: the window's end, or the last with a flow."""
    if not flows.size:
        return unrollings + 2
    flowing = np.flatnonzero((flows >= FAINTEST).any(1))
    return min(len(flows) - 1, max(unrollings + 2, int(flowing[-1])))


def _exponents(flows: np.ndarray) -> np.ndarray:
    """log10, with all that is fainter than can be told as one colour."""
    return f4(np.log10(np.nan_to_num(flows, nan=0.0, posinf=1.0).clip(FAINTEST, 1e3)))


def _over_heat(
    figure: Figure, x: np.ndarray, y: np.ndarray, name: str, told: str, dash: str = "solid"
) -> None:
    for color, width in ((_UNDER, 5), (_ON_HEAT, 2)):
        curve(
            figure,
            x=x,
            y=y,
            name=name,
            mode="lines+markers" if len(x) < 30 and dash == "solid" else "lines",
            line={"color": color, "width": width, "dash": dash},
            marker={"color": color, "size": 2.5 * width},
            hovertemplate=f"{told}<extra></extra>",
            hoverinfo="skip" if color == _UNDER else "all",
        )


def _name_line(figure: Figure, y: float, text: str, side: str, deepest: int) -> None:
    """What a line over the heat is, at one of its ends, where the chart has room for it."""
    at_the_top = y > 0.9 * deepest
    note(
        figure,
        text,
        x=0.01 if side == "left" else 0.99,
        xref="paper",
        y=y,
        font={"color": _ON_HEAT, "size": 13},
        bgcolor=_UNDER,
        xanchor=side,
        yanchor="top" if at_the_top else "bottom",
        yshift=-4 if at_the_top else 4,
    )


def _edges(steps: np.ndarray) -> np.ndarray:
    """Where the columns that stand at these steps begin and end, `(2,)`."""
    if len(steps) == 1:
        return steps[[0, 0]] + np.array([-0.5, 0.5], np.float32)
    first, last = steps[1] - steps[0], steps[-1] - steps[-2]
    return np.array([steps[0] - first / 2, steps[-1] + last / 2], np.float32)


def _down(figure: Figure, x: float, label: str, style: Style, *, at: float, end: float) -> None:
    """A line from top to bottom, its label beside it where there is room, `end` being the edge."""
    side = "left" if x < 0.8 * end else "right"
    upright(figure, x, style.line, label, y=1 - at, xanchor=side, yanchor="middle")


def _wasted(figure: Figure, first: float, last: float) -> None:
    """Shade the unrollings beyond the horizon, which get little gradient at this moment."""
    shape(
        figure,
        "rect",
        yref="paper",
        y0=0,
        y1=1,
        x0=first,
        x1=last,
        fillcolor=faint(CRIMSON, 0.10),
        line={"width": 0},
        layer="below",
    )
