"""The form of a grid: widgets in, a checked plan out. Knows nothing of how it is trained."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.config import bounds, choices
from core.data.text8 import text8_is_here
from core.errors import ConfigError
from core.experiments.cells import BASE, LATCH
from core.experiments.plan import HORIZON_SEEDS, HORIZON_T, SweepPlan
from core.labels import FIELDS, value_name
from dashboard import texts as own_texts
from dashboard.compare import sweeping
from dashboard.widgets.held import held
from dashboard.widgets.plain import plain

USUAL = SweepPlan()
QUICK = SweepPlan(lags=(8, 16), seeds=8)
TEXT = SweepPlan(text="builtin", unrollings=(1, 5, 20, 40), seeds=5, amount=2_000)

GRIDS = {
    "Reach: 3 lags, 16 seeds": USUAL,
    "Reach in a hurry: 2 lags, 8 seeds": QUICK,
    "Real text by unrollings": TEXT,
}
_MOST_NODES, _MOST_WINDOWS = 256, 128  # a class shares these cores


def sweep_form(active: SweepPlan | None) -> SweepPlan | None:
    """Draw the form; returns the plan chosen, or None if it is not allowed.

    Args:
        active: the plan that is being trained, which fixes the form.
    """
    locked = active is not None
    _seed(active or sweeping.chosen_plan() or USUAL, force=locked)
    held(
        st.selectbox,
        "Start from",
        GRIDS,
        index=None,
        placeholder="a grid to begin with",
        key="grid_choice",
        on_change=_choose_grid,
        disabled=locked,
    )
    _text_and_distances(locked)
    held(
        st.segmented_control,
        "Activations",
        choices("activation"),
        format_func=value_name,
        selection_mode="multi",
        key="grid_activations",
        disabled=locked,
    )
    held(st.number_input, "Seeds of each", 1, 50, key="grid_seeds", disabled=locked)
    if st.session_state["grid_text"] == LATCH:
        held(
            st.toggle,
            "Horizons on real text, too",
            key="grid_horizons",
            disabled=locked,
            help=f"{HORIZON_SEEDS} more runs of each line on the built-in text with T {HORIZON_T}: "
            "how far back their gradients reach, before training and after it.",
        )
    held(
        st.segmented_control,
        "Equal for every cell",
        ["updates", "characters"],
        required=True,
        key="grid_budget",
        disabled=locked,
        help="On latch texts, equal characters mean fewer updates where there are more "
        "unrollings. Both are shown.",
    )
    held(
        st.number_input,
        f"How many {st.session_state['grid_budget']}",
        1,
        1_000_000_000,
        step=100 if st.session_state["grid_budget"] == "updates" else 100_000,
        key="grid_amount",
        disabled=locked,
    )
    with st.expander("What all cells share"):
        _shared(locked)
    with st.expander("More lines to compare"):
        _more_lines(locked)
    return active or _chosen()


def _text_and_distances(locked: bool) -> None:
    texts = {
        LATCH: "Latch text",
        "builtin": "Built-in: Python reference",
        **own_texts.listed(st.session_state["grid_text"]),
    }
    if text8_is_here():  # a grid does not wait for a download; a run on the Train page does
        texts["text8"] = "text8: 100 M of Wikipedia"
    texts.setdefault(st.session_state["grid_text"], st.session_state["grid_text"])
    held(
        st.selectbox,
        "Text",
        texts,
        format_func=lambda key: texts[key],
        key="grid_text",
        disabled=locked,
    )
    on_latch = st.session_state["grid_text"] == LATCH
    held(
        st.text_input,
        "Lags, characters" if on_latch else "Unrollings T",
        key="grid_lags" if on_latch else "grid_unrollings",
        disabled=locked,
        help="A lag is trained with 8 more unrollings."
        if on_latch
        else "Each update learns from as many predictions: the shorter the windows, the more of "
        "them. Others are compared with T 5, or with the shortest above 1.",
    )


def _shared(locked: bool) -> None:
    left, right = st.columns(2)
    with left:
        held(
            st.selectbox,
            FIELDS["optimiser"],
            choices("optimiser"),
            format_func=value_name,
            key="grid_optimiser",
            disabled=locked,
        )
        held(st.number_input, FIELDS["nodes"], 1, _MOST_NODES, key="grid_nodes", disabled=locked)
        held(
            st.number_input,
            "First seed",
            0,
            1_000_000,
            key="grid_first_seed",
            disabled=locked,
            help="The seeds are this one and those after it: other ones repeat the measure, on "
            "other latch texts and with other first weights.",
        )
    with right:
        low, high = bounds("learning_rate")
        held(
            st.number_input,
            FIELDS["learning_rate"],
            float(low),
            float(high),
            format="%g",
            key="grid_learning_rate",
            disabled=locked,
        )
        held(
            st.number_input,
            FIELDS["batch_size"],
            1,
            _MOST_WINDOWS,
            key="grid_batch_size",
            disabled=locked,
            help="On other texts than latch, that of T 20.",
        )


def _more_lines(locked: bool) -> None:
    held(st.text_input, "Clip at norm, 0 is off", key="grid_clips", disabled=locked)
    held(
        st.multiselect,
        FIELDS["init"],
        choices("init"),
        format_func=value_name,
        key="grid_inits",
        disabled=locked,
    )
    held(
        st.multiselect,
        "Architectures",
        choices("architecture"),
        format_func=value_name,
        key="grid_architectures",
        disabled=locked,
    )


def fill_form(plan: SweepPlan) -> None:
    """Let the form show this plan, from the next drawing on."""
    _seed(plan, force=True)
    sweeping.choose_plan(plan)


def _seed(plan: SweepPlan, force: bool) -> None:
    """Give every widget its value, where it has none or another session knows better."""
    state = st.session_state
    values: dict[str, Any] = {
        "text": plan.text,
        "lags": _listed(plan.lags),
        "unrollings": _listed(plan.unrollings),
        "activations": list(plan.activations),
        "seeds": plan.seeds,
        "first_seed": plan.first_seed,
        "horizons": plan.horizons,
        "budget": plan.budget,
        "amount": plan.amount,
        "optimiser": plan.base.optimiser,
        "learning_rate": plan.base.learning_rate,
        "nodes": plan.base.nodes,
        "batch_size": plan.base.batch_size,
        "clips": _listed(plan.clips),
        "inits": list(plan.inits),
        "architectures": list(plan.architectures),
    }
    for name, value in values.items():
        if force or f"grid_{name}" not in state:
            state[f"grid_{name}"] = value


def _choose_grid() -> None:
    if (name := st.session_state["grid_choice"]) is not None:
        _seed(GRIDS[name], force=True)


def _chosen() -> SweepPlan | None:
    state = st.session_state
    try:
        plan = SweepPlan.parse(
            {
                "text": state["grid_text"],
                # Of the distances that the text does not use, those it once had.
                "lags": _parts(state.get("grid_lags")) or USUAL.lags,
                "unrollings": _parts(state.get("grid_unrollings")) or TEXT.unrollings,
                "activations": state["grid_activations"],
                "seeds": state["grid_seeds"],
                "first_seed": state["grid_first_seed"],
                "horizons": state["grid_horizons"],
                "budget": state["grid_budget"],
                "amount": state["grid_amount"],
                "clips": _parts(state["grid_clips"]),
                "inits": state["grid_inits"],
                "architectures": state["grid_architectures"],
                "base": BASE.changed(
                    optimiser=state["grid_optimiser"],
                    learning_rate=state["grid_learning_rate"],
                    nodes=state["grid_nodes"],
                    batch_size=state["grid_batch_size"],
                ),
            }
        )
    except ConfigError as error:
        st.error(plain(str(error)))
        return None
    sweeping.choose_plan(plan)
    return plan


def _listed(values: tuple) -> str:
    return ", ".join(f"{value:g}" for value in values)


def _parts(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]
