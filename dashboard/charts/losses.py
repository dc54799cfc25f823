"""What curves along a run have in common: units, axes and floors. Losses come in nats.

Knows no run.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log
from typing import Any, Literal, TypeVar

import pandas as pd

from core.labels import floor
from core.palette import FLOORS
from dashboard.charts.parts import Figure, level, new_figure

Unit = Literal["nats", "bits"]
Axis = Literal["step", "characters_seen", "seconds"]

AXES: dict[Axis, str] = {"step": "Steps", "characters_seen": "Characters", "seconds": "Seconds"}

Losses = TypeVar("Losses", float, pd.Series)


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


def floor_levels(figure: Figure, floors: Mapping[str, float], unit: Unit) -> None:
    """A level for each floor that is drawn, with what it counts and its value.

    Args:
        floors: nats per character by name.
    """
    for name, nats in floors.items():
        if name in FLOORS:
            value = in_unit(nats, unit)
            level(figure, value, f"{floor(name)} {value:.2f}", FLOORS[name].line)
