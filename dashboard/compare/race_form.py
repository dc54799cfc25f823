"""The form of a race: lanes, what differs in each, and what they advance by.

The first lane is what the Train page has set. Knows nothing of how a race is run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.config import TrainingConfig, bounds, choices
from core.errors import UnrollError
from core.experiments.lanes import (
    LEAST,
    MOST,
    SAME_IN_ALL,
    SEEDS,
    Axis,
    lane_names,
    lanes_of,
    rival,
)
from core.experiments.race import Guess
from core.labels import FIELDS, value_name
from core.words import WORDS
from dashboard import session
from dashboard.widgets.describe import describe
from dashboard.widgets.held import held
from dashboard.widgets.plain import plain

# What lanes may differ in, the usual comparisons first.
_DIFFERENCES = (
    "activation",
    "unrollings",
    "clip",
    "architecture",
    "init",
    "optimiser",
    "learning_rate",
    "combine",
    "feedback",
    "nodes",
    "batch_size",
    "seed",
    "decay_rate",
    "decay_steps",
)
AXIS_WORDS: dict[Axis, str] = {
    "characters_seen": "characters",
    "step": "steps",
    "seconds": "seconds",
}
_DEFAULT = {2: ["activation"], 3: ["unrollings"], 4: ["clip"]}
_AMOUNTS = {"characters_seen": 1_000_000, "step": 2_000, "seconds": 30}


@dataclass(frozen=True)
class RacePlan:
    """What Start would start."""

    lanes: tuple[TrainingConfig, ...]
    axis: Axis
    amount: float
    guess: Guess | None = None
    seeds: int = 1


def race_form() -> RacePlan | None:
    """Draw the form; returns the race chosen, or None if it is not allowed."""
    first = session.config()
    st.markdown(f"**Lane 1**, as set on the Train page: {describe(first)}")
    count = held(
        st.segmented_control,
        "Lanes",
        range(LEAST, MOST + 1),
        default=LEAST,
        required=True,
        key="race_lanes",
        persist_state="session",
    )
    changes = [_differences(number, first) for number in range(2, count + 1)]
    axis = held(
        st.segmented_control,
        "In lockstep by",
        list(AXIS_WORDS),
        default="characters_seen",
        required=True,
        format_func=lambda name: AXIS_WORDS[name],
        key="race_axis",
        persist_state="session",
        help=WORDS["lockstep"],
    )
    seeds = held(
        st.segmented_control,
        "Seeds of each lane",
        SEEDS,
        default=SEEDS[0],
        required=True,
        key="race_seeds",
        persist_state="session",
        help="With 3, each lane is three runs with other first weights, drawn as their mean; a "
        "lane is ahead only if it is so with each of them. It takes three times as long.",
    )
    amount = held(
        st.number_input,
        f"How many {AXIS_WORDS[axis]}",
        1,
        1_000_000_000,
        _AMOUNTS[axis],
        key=f"race_amount_{axis}",
        persist_state="session",
    )
    try:
        lanes = lanes_of(first, changes)
    except UnrollError as error:
        st.error(plain(str(error)))
        return None
    return RacePlan(lanes, axis, float(amount), _guess(lane_names(lanes)), seeds)


def _differences(number: int, first: TrainingConfig) -> dict[str, Any]:
    """The widgets of one lane: which settings differ, and to what."""
    fields = held(
        st.multiselect,
        f"**Lane {number}** differs in",
        [name for name in _DIFFERENCES if name not in SAME_IN_ALL],
        default=_DEFAULT[number],
        format_func=lambda name: FIELDS[name],
        key=f"race_{number}_fields",
        persist_state="session",
    )
    return {field: _value(number, field, first) for field in fields}


def _value(number: int, field: str, first: TrainingConfig) -> Any:
    """A widget for one setting, which starts at something else than the first lane has."""
    key, label = f"race_{number}_{field}", f"{FIELDS[field]}, lane {number}"
    now = getattr(first, field)
    if isinstance(now, str):
        options = choices(field)
        other = rival(first).activation if field == "activation" else options[now == options[0]]
        return held(
            st.selectbox,
            label,
            options,
            options.index(other),
            format_func=value_name,
            key=key,
            persist_state="session",
        )
    low, high = bounds(field)
    if isinstance(now, float):
        start = {"clip": 0.0 if now else 1.25}.get(field, min(high, now / 2 or low))
        return held(
            st.number_input,
            label,
            float(low),
            float(high),
            start,
            format="%g",
            key=key,
            persist_state="session",
        )
    start = now + 1 if field == "seed" else min(high, 2 * now)
    return held(st.number_input, label, low, high, start, key=key, persist_state="session")


def _guess(names: list[str]) -> Guess | None:
    """Optional: what the class expects, before it sees anything."""
    if not held(st.toggle, "Predict first", key="race_predict", persist_state="session"):
        return None
    leader = held(
        st.radio,
        "Which is ahead at the end?",
        range(len(names)),
        index=None,
        format_func=lambda place: names[place],
        key="guess_leader",
    )
    diverges = held(
        st.multiselect,
        "Which will diverge?",
        range(len(names)),
        format_func=lambda place: names[place],
        placeholder="none",
        key="guess_diverges",
    )
    horizons = tuple(
        held(
            st.number_input,
            f"Horizon of {name}, characters",
            0,
            200,
            None,
            key=f"guess_horizon_{place}",
        )
        for place, name in enumerate(names)
    )
    return Guess(leader, tuple(diverges), horizons)
