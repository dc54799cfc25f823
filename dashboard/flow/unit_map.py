"""The recurrent units over a piece of held-out text, rows sorted so that the stuck ones show.

Asks the run for its weights as they stand; the run is not disturbed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.data.alphabet import decode
from core.errors import TextError
from core.insight.flow import SATURATED
from core.insight.units import read_units
from core.networks.stepwise import CharacterModel
from core.training.run import Run
from dashboard.charts import norms as norm_charts
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


def unit_map(run: Run | None) -> None:
    """The heat map and a sentence on its rows."""
    answer, problem = (run.weights() if run else None), ""
    shown, text, step = UnitMap(np.empty((0, 0)), 0, 0, 0), "", None
    activation = run.snapshot.config.activation if run else "tanh"
    if answer is not None:
        step, weights = answer
        config = run.snapshot.config
        try:
            ids = text_facts(config.text).corpus.validation[:_CHARACTERS]
            shown = sorted_units(read_units(CharacterModel(weights, config), ids), config)
            text = decode(ids)
        except TextError as error:
            problem = str(error)
    live_chart(
        norm_charts.unit_heat_map(shown.values, text, activation),
        key="unit_map",
        height=480,
        alt="Values of the recurrent units, one row a unit, over a piece of held-out text",
        revision=run.run_id if run else "",
    )
    if problem:
        st.warning(plain(problem))
    stuck, sign = (
        (
            f"{shown.saturated} of {shown.units} are saturated, beyond ±{SATURATED:g} at nine of "
            "ten characters",
            "a row of the two strongest colours alone is saturated",
        )
        if activation == "tanh"
        else (
            f"{shown.dead} of {shown.units} are dead, 0 at every character",
            "a row that is dark throughout is dead",
        )
    )
    st.caption(
        (f"At step {step:,}: {stuck}. " if step is not None and shown.units else "")
        + f"A row is a unit, a column a character, the busiest unit on top. A healthy row takes "
        f"many shades along the text; {sign}, and passes next to nothing back."
    )


def sorted_units(hidden: np.ndarray, config) -> UnitMap:
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
