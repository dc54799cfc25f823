"""The recurrent units over a piece of held-out text, rows sorted so that the stuck ones show.

Asks the run for its weights as they stand; the run is not disturbed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.config import Activation, TrainingConfig
from core.data.alphabet import decode
from core.errors import UnrollError
from core.insight.flow import SATURATED
from core.insight.units import read_units
from core.networks.stepwise import CharacterModel
from core.training.snapshot import WatchedRun
from dashboard.charts import norms as norm_charts
from dashboard.flow.run_weights import run_weights
from dashboard.texts import text_facts
from dashboard.widgets.live_chart import live_chart
from dashboard.widgets.plain import plain

_CHARACTERS = 60
_MOST_ROWS = 128
_STUCK = 0.9  # of the characters


@dataclass(frozen=True, eq=False)
class UnitMap:
    """Units in the order of their rows, and how many of them are stuck."""

    values: np.ndarray  # (L, rows)
    units: int
    saturated: int
    dead: int


def unit_map(run: WatchedRun | None) -> None:
    """The heat map and a sentence on its rows."""
    shown, text, step, problem = UnitMap(np.empty((0, 0)), 0, 0, 0), "", 0, ""
    if run is not None:
        try:
            shown, text, step = _read(run)
        except UnrollError as error:  # no weights, damaged ones, or no text to read
            problem = str(error)
    activation = run.snapshot.config.activation if run else "tanh"
    live_chart(
        norm_charts.unit_heat_map(shown.values, text, activation),
        key="unit_map",
        height=480,
        alt="Values of the recurrent units, one row a unit, over a piece of held-out text",
        revision=run.run_id if run else "",
    )
    if problem:
        st.warning(plain(problem))
    st.caption(_about_rows(shown, step, activation))


def _read(run: WatchedRun) -> tuple[UnitMap, str, int]:
    """The run's units over a piece of held-out text, the text, and the step.

    Raises:
        UnrollError: there are no weights, or no text.
    """
    step, weights = run_weights(run)
    config = run.snapshot.config
    ids = text_facts(config.text).corpus.validation[:_CHARACTERS]
    return sorted_units(read_units(CharacterModel(weights, config), ids), config), decode(ids), step


def _about_rows(shown: UnitMap, step: int, activation: Activation) -> str:
    if activation == "tanh":
        stuck = (
            f"{shown.saturated} of {shown.units} are saturated, beyond ±{SATURATED:g} at nine of "
            "ten characters"
        )
        sign = "a row of the two strongest colours alone is saturated"
    else:
        stuck = f"{shown.dead} of {shown.units} are dead, 0 at every character"
        sign = "a row that is dark throughout is dead"
    return (
        (f"At step {step:,}: {stuck}. " if shown.units else "")
        + "A row is a unit, a column a character, the busiest unit on top. A healthy row takes "
        f"many shades along the text; {sign}, and passes next to nothing back."
    )


def sorted_units(hidden: np.ndarray, config: TrainingConfig) -> UnitMap:
    """The recurrent half of a hidden layer `(L, H)`, the busiest units on top.

    Of more than 128 units some are left out, evenly.
    """
    values = hidden[:, -config.nodes :]
    size = np.abs(values)
    saturated = (size > SATURATED).mean(0) > _STUCK
    dead = (values == 0).all(0)
    # In float64: the values of a run on its way to divergence add up to more than a float holds.
    rows = np.argsort(-size.mean(0, dtype=np.float64), kind="stable")
    if len(rows) > _MOST_ROWS:
        rows = rows[np.linspace(0, len(rows) - 1, _MOST_ROWS).round().astype(int)]
    tanh = config.activation == "tanh"
    return UnitMap(
        values[:, rows],
        config.nodes,
        int(saturated.sum()) if tanh else 0,
        0 if tanh else int(dead.sum()),
    )
