"""How a step of the network comes about: its equation, every term as colours, one unit in numbers.

Knows nothing of where the step stands in a text.
"""

from __future__ import annotations

from math import isfinite

import numpy as np
import pandas as pd
import streamlit as st

from core.config import TrainingConfig
from core.insight.step_apart import Product, StepApart, UnitSum
from core.labels import value_name
from dashboard.charts.sample import LABELS
from dashboard.charts.step_apart import character_strips, unit_strips
from dashboard.widgets.held import held
from dashboard.widgets.live_chart import live_chart
from dashboard.widgets.network_picture import BACK, comes_back, equation, shape_text

_UNIT = "sample_step_unit"
_FULL_COLOUR = 2.0  # tanh of it is 0.96: beyond, a unit stands at its end
_MOVING = 4  # units
_PRODUCTS = 3


def in_one_sentence(step: StepApart, first: bool) -> str:
    """What the network does in this step, for a room.

    Args:
        first: whether nothing was read before.
    """
    config = step.config
    phi = value_name(config.activation)
    letter = LABELS[step.read]
    back = BACK[comes_back(config)]
    before = {
        "h": "the hidden layer of one step before",
        "y": "the previous output, which is this very letter and nothing older",
        "p": "its own probabilities of one step before",
    }[comes_back(config)]
    share = {
        "concat": f"half of its units see the letter (xₜ U), the others {before} ({back} W)",
        "add": f"each unit adds what the letter says (xₜ U) and {before} ({back} W)",
        "multiply": f"each unit multiplies what the letter says (xₜ U) by {before} ({back} W)",
    }[config.combine]
    untouched = first and comes_back(config) != "y"
    return (
        f"The network reads “{letter}”: {share}; {phi} of that and a bias is the new hidden layer "
        "hₜ, and softmax(hₜ V + c) the probability of each next letter."
        + (f" Nothing was read before, so {back} is 0." if untouched else "")
    )


def equation_with_shapes(config: TrainingConfig) -> str:
    """The step as an equation, and how large everything in it is."""
    shapes = config.parameter_shapes
    back = BACK[comes_back(config)]
    sizes = {
        "xₜ": shapes["U"][:1],
        "U": shapes["U"],
        back: shapes["W"][:1],
        "W": shapes["W"],
        "b, hₜ": shapes["b"],
        "V": shapes["V"],
        "c, pₜ": shapes["c"],
    }
    return " · ".join(f"{name} {shape_text(shape)}" for name, shape in sizes.items())


def step_strips(step: StepApart) -> None:
    """The equation, and each of its terms as a strip."""
    config = step.config
    back = BACK[comes_back(config)]
    st.markdown(f"**{equation(config)}**  \n{equation_with_shapes(config)}")
    if config.architecture == "arch2":
        live_chart(
            character_strips(
                "What goes in", [("xₜ", np.eye(len(LABELS))[step.read]), (back, step.back)]
            ),
            key="sample_step_in",
            height=140,
            alt=f"What the network reads, and {back}, which comes back",
        )
    rows = [
        ("xₜ U", step.across(step.from_input, first=True)),
        (f"{back} W", step.across(step.from_back, first=False)),
        ("b", step.weights["b"]),
        ("sum", step.inside),
        (f"hₜ = {value_name(config.activation)}(sum)", step.hidden),
    ]
    if config.architecture == "arch1":
        rows.insert(0, (back, step.back))
    end = _FULL_COLOUR
    if config.activation == "relu":  # it has no upper end
        layers = [step.hidden, *([step.back] if config.architecture == "arch1" else [])]
        end = max(1e-6, float(np.max(layers)))
    live_chart(
        unit_strips(rows, end, _parts(config), _chosen(config)),
        key="sample_step",
        height=94 + 26 * len(rows),
        alt="Every term of the step as a strip of colour, a column a hidden unit",
    )


def step_in_numbers(step: StepApart, comes: int) -> None:
    """One unit to choose, and the units that speak most for the character that comes.

    Args:
        comes: id of the character that comes.
    """
    config = step.config
    back = BACK[comes_back(config)]
    st.session_state[_UNIT] = _chosen(config)
    left, right = st.columns([1, 5], vertical_alignment="top")
    unit = held(left.number_input, "Unit", 0, config.hidden_size - 1, key=_UNIT)
    with right:
        st.markdown(f"**Unit {unit}**: {_unit_line(step.unit(unit), config)}")
        if products := step.behind_back(unit, _PRODUCTS):
            what = f"{back} W of unit {unit} is a sum of {len(step.back)} products; the largest: "
            st.caption(what + _products(products, config))
    letter = LABELS[comes]
    moving = step.behind_logit(comes, _MOVING)
    units = list(dict.fromkeys([unit, *(term.place for term in moving)]))
    spoken = {place: step.hidden[place] * step.weights["V"][place, comes] for place in units}
    rows = [(place, step.unit(place), spoken[place]) for place in units]
    st.caption(
        f"This unit, and the {_MOVING} that move “{letter}” most, up or down. All "
        f"{config.hidden_size} units and c make its logit {_number(step.logits[comes])}."
    )
    table = pd.DataFrame(
        {
            "unit": [str(place) for place, _, _ in rows],
            "xₜ U": [_part(parts.from_input) for _, parts, _ in rows],
            f"{back} W": [_part(parts.from_back) for _, parts, _ in rows],
            "b": [_part(parts.bias) for _, parts, _ in rows],
            "sum": [_part(parts.inside) for _, parts, _ in rows],
            "hₜ": [_part(parts.value) for _, parts, _ in rows],
            f"hₜ V for “{letter}”": [_part(product) for _, _, product in rows],
        }
    )
    st.dataframe(
        table,
        hide_index=True,
        width="stretch",
        column_config={name: st.column_config.TextColumn(alignment="right") for name in table},
    )


def _chosen(config: TrainingConfig) -> int:
    """The unit that is looked at; at first one that sees what came back."""
    last = config.hidden_size - 1
    return min(st.session_state.get(_UNIT, config.nodes if config.combine == "concat" else 0), last)


def _parts(config: TrainingConfig) -> list[tuple[str, int]]:
    n = config.nodes
    if config.combine != "concat":
        return [(f"units 0 to {n - 1}", n)]
    return [("see xₜ", n), (f"see {BACK[comes_back(config)]}", n)]


def _unit_line(parts: UnitSum, config: TrainingConfig) -> str:
    """ "tanh(0.412 − 0.031) = tanh(0.381) = 0.364", with what each number is."""
    phi = value_name(config.activation)
    back = BACK[comes_back(config)]
    seen = [
        f"{_number(value)} [{name}]"
        for name, value in (("xₜ U", parts.from_input), (f"{back} W", parts.from_back))
        if value is not None
    ]
    joined = (" × " if config.combine == "multiply" else " + ").join(seen)
    sums = f"{joined} + {_number(parts.bias)} [b]".replace("+ −", "− ")
    return f"hₜ = {phi}({sums}) = {phi}({_number(parts.inside)}) = **{_number(parts.value)}**"


def _products(products: list[Product], config: TrainingConfig) -> str:
    """Where each comes from, what it multiplies, and what that makes."""
    of_units = config.architecture == "arch1"
    return ", ".join(
        f"{_number(term.value)} × {_number(term.weight)} = {_number(term.product)} "
        f"({f'unit {term.place}' if of_units else LABELS[term.place]})"
        for term in products
    )


def _part(value: float | None) -> str:
    return "–" if value is None else _number(value)


def _number(value: float) -> str:
    """Three places; ReLU can reach any height."""
    short = abs(value) < 1_000 or not isfinite(value)
    # A zero has no sign: what is rounded to it does not either.
    return (f"{value:z.3f}" if short else f"{value:.2e}").replace("-", "−")
