"""One strip of seeds for each of some settings: every run a dot, their mean and its interval.

Pure function; no page and no run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.palette import CORRECTED, NEITHER, OWN, PUBLISHED, THRESHOLD, Style
from dashboard.charts.floors import floor_levels
from dashboard.charts.losses import Look
from dashboard.charts.parts import Figure, curve, emptied, f4, level, new_figure

Roles = Mapping[str, tuple[str, Style]]

ROLES: Roles = {
    "article": ("as the article has it", PUBLISHED),
    "corrected": ("corrected", CORRECTED),
    "other": ("other settings", NEITHER),
}
"""What each kind of strip is called in the legend, and its style."""

_ASIDE, _APART = 0.12, 0.035  # from a mean to its first seed, and from seed to seed
_ROOM = 0.6  # left and right of the outer strips


@dataclass(frozen=True)
class Strip:
    """The runs of one setting.

    Attributes:
        label: below the strip; `<br>` begins a line.
        role: a key of the chart's roles.
        values: a run's number each, recorded; by seed.
        mean, low, high: over them; the interval may be missing.
        own: the numbers of the visitor's own runs.
    """

    label: str
    role: str
    values: Sequence[float]
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    own: Sequence[float] = ()


def strip_chart(
    strips: Sequence[Strip],
    title: str,
    y: str,
    *,
    floors: Mapping[str, float] | None = None,
    limit: tuple[float, str] | None = None,
    percent: bool = False,
    roles: Roles = ROLES,
) -> Figure:
    """The strips side by side.

    Args:
        strips: from left to right.
        y: what is measured.
        floors: what counting reaches, in nats by name; for losses in nats.
        limit: a level that nothing can pass, and what it is called.
        percent: the numbers are shares.
        roles: what each kind of strip is called, and its style.
    """
    form = ".1%" if percent else ".3f"
    figure = new_figure(
        title,
        "",
        y,
        xaxis={
            "range": (-_ROOM, len(strips) - 1 + _ROOM),
            "tickvals": list(range(len(strips))),
            "ticktext": [strip.label for strip in strips],
            "tickangle": 0,
        },
        yaxis={"hoverformat": form, **({"tickformat": ".0%"} if percent else {})},
        hovermode="closest",
    )
    if not any(strip.values or strip.own for strip in strips):
        return emptied(figure, "nothing measured yet")
    named: set[str] = set()
    for place, strip in enumerate(strips):
        name, style = roles[strip.role]
        _dots(figure, place + _ASIDE, strip.values, name, style, form)
        if strip.mean is not None:
            _mean(figure, place, strip, name, style, form, first=name not in named)
            named.add(name)
    _own(figure, strips, form)
    if limit is not None:
        level(figure, limit[0], limit[1], THRESHOLD.line, left=True)
    if floors:
        floor_levels(figure, floors, Look())
    return figure


def _dots(
    figure: Figure, x: float, values: Sequence[float], name: str, style: Style, form: str
) -> None:
    curve(
        figure,
        x=f4([x + _APART * seed for seed in range(len(values))]),
        y=f4(values),
        name=name,
        legendgroup=name,
        showlegend=False,
        mode="markers",
        marker={"color": style.color, "symbol": style.symbol, "size": 7, "opacity": 0.6},
        text=[f"seed {seed}" for seed in range(len(values))],
        hovertemplate=f"%{{text}}: %{{y:{form}}}<extra></extra>",
    )


def _mean(
    figure: Figure, x: float, strip: Strip, name: str, style: Style, form: str, first: bool
) -> None:
    bounded = strip.low is not None and strip.high is not None
    mean = float(strip.mean or 0.0)
    curve(
        figure,
        x=f4([x]),
        y=f4([mean]),
        name=name,
        legendgroup=name,
        showlegend=first,
        mode="markers",
        marker={**style.marker, "size": 12},
        error_y={
            "type": "data",
            "visible": bounded,
            "symmetric": False,
            "array": [float(strip.high or mean) - mean],
            "arrayminus": [mean - float(strip.low or mean)],
            "color": style.color,
            "thickness": 2.5,
            "width": 9,
        },
        hovertemplate=f"mean %{{y:{form}}}<extra></extra>",
    )


def _own(figure: Figure, strips: Sequence[Strip], form: str) -> None:
    x = [place - _ASIDE for place, strip in enumerate(strips) for _ in strip.own]
    if x:
        curve(
            figure,
            x=f4(x),
            y=f4([value for strip in strips for value in strip.own]),
            name="yours",
            mode="markers",
            marker={**OWN.marker, "size": 13, "line": {"width": 2, "color": OWN.color}},
            hovertemplate=f"yours: %{{y:{form}}}<extra></extra>",
            showlegend=True,
        )
