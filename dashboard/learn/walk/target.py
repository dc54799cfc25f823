"""Step 8: below the trigram line with at most 20,000 parameters, by a run of the visitor's own."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from core.config import PRESETS, TrainingConfig, bounds
from core.errors import ConfigError, StoreError
from core.storage.rows import RunRow
from dashboard import gate, session
from dashboard.learn.walk.questions import Mark, Number, Outcome, Prediction
from dashboard.learn.walk.step import Answered
from dashboard.server import library
from dashboard.widgets.network_picture import network_picture

_MOST = 20_000  # parameters
_START = PRESETS["demo"].config.changed(steps=3_000)
_MOST_SHOWN = 5


def question() -> Number:
    """How large the network may be."""
    return Number(
        ask="Exit question. This network (Arch 1, concat) is too large. U, W, b, V and c have "
        "27·N + 2N·N + 2N + 2N·27 + 27 parameters. What is the largest N with at most "
        f"{_MOST:,}?",
        least=1,
        most=200,
        digits=0,
        unit="nodes",
        tolerance=3,
        marks=(Mark(_START.nodes, "this network", "known"),),
    )


def draw(answered: Answered) -> None:
    """The network that is too large; once the question is answered, the runs that may do it."""
    if answered.outcome is None:
        network_picture(_START, key="walk_network")
        return
    network_picture(_START.changed(nodes=_largest()), key="walk_network")
    runs = _candidates()
    reached = [row for row in runs if _below(row)]
    line = f"below the trigram line with at most {_MOST:,} parameters"
    if reached:
        best = min(reached, key=_loss)
        st.success(
            f"Reached: run {best.id} is {line}: {best.config.parameter_count:,} parameters, "
            f"{_loss(best):.2f} nats, the line at {best.floors['trigram']:.2f}."
        )
    else:
        st.info(f"Still to do: a run of yours on the built-in text that ends {line}.")
    if runs:
        st.table(
            [
                {
                    "Run": row.id,
                    "Parameters": f"{row.config.parameter_count:,}",
                    "Validation, nats": f"{_loss(row):.2f}",
                    "Trigram line": f"{row.floors['trigram']:.2f}",
                    "": "below" if _below(row) else "not below",
                }
                for row in sorted(runs, key=_loss)[:_MOST_SHOWN]
            ]
        )


def below(answered: Answered) -> None:
    """The way to Train."""
    if answered.outcome is None:
        return
    nodes = _largest()
    if st.button(f"Set Train up with N = {nodes}", type="primary", icon=":material/play_arrow:"):
        session.set_up("demo", _START.changed(nodes=nodes))
        st.switch_page(session.TRAIN)


def outcome(prediction: Prediction) -> Outcome:
    """The largest N."""
    nodes = _largest()
    config = _START.changed(nodes=nodes)
    sizes = " + ".join(" · ".join(map(str, shape)) for shape in config.parameter_shapes.values())
    mine = _START.changed(nodes=round(prediction)).parameter_count
    return Outcome(
        right=mine <= _MOST and question().near(prediction, nodes),
        sentences=f"N = {nodes}: {sizes} = {config.parameter_count:,} parameters, and "
        f"N = {nodes + 1} has {_START.changed(nodes=nodes + 1).parameter_count:,}.\n"
        f"Yours would have {mine:,}. Now reach the trigram line with it: set Train up, start, and "
        "come back. Homework is the link of the run that gets lowest.",
        marks=(Mark(nodes, "largest", "measured"),),
    )


def _largest() -> int:
    least, most = (int(bound) for bound in bounds("nodes"))
    sizes = range(least, most + 1)
    return max(n for n in sizes if _with(n).parameter_count <= _MOST)


def _with(nodes: int) -> TrainingConfig:
    return _START.model_copy(update={"nodes": nodes})  # unchecked: many are tried


def _candidates() -> list[RunRow]:
    """Own runs on the built-in text that are small enough and have been measured."""
    library().flush()
    found = []
    with suppress(StoreError):  # no store, no runs
        for row in filter(gate.is_own, library().shelf().runs()):
            with suppress(ConfigError):  # of a version that allowed other values
                measured = row.last_validation is not None and "trigram" in row.floors
                small = row.config.parameter_count <= _MOST
                if measured and small and row.step and row.config.text == "builtin":
                    found.append(row)
    return [row for row in found if row.source != "import"]


def _loss(row: RunRow) -> float:
    assert row.last_validation is not None, "only measured runs are candidates"
    return row.last_validation


def _below(row: RunRow) -> bool:
    return _loss(row) < row.floors["trigram"]
