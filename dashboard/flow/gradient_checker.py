"""A button that holds the hand-written gradient against autograd, on the run's own weights."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.engines.engine import EngineName
from core.errors import UnrollError
from core.training.snapshot import WatchedRun
from dashboard.flow.run_weights import run_weights
from dashboard.server import find_run
from dashboard.texts import text_facts
from dashboard.widgets.plain import plain

if TYPE_CHECKING:  # it loads torch, which takes a second: the page is shown before
    from core.insight.gradient_check import Comparison

_RESULT = "gradient_check"  # in the session: (run id, step, comparisons or why there are none)


def gradient_checker(run: WatchedRun | None) -> None:
    """The button, and below it the last comparison of this run."""
    st.subheader("Check the gradient")
    st.caption(
        "Training here uses gradients written by hand, because that is several times faster than "
        "letting a library differentiate. The button works out one window's gradient both ways."
    )
    st.button(
        "Check the gradient",
        icon=":material/fact_check:",
        disabled=run is None,
        on_click=_check,
        args=(run.run_id if run else "",),
        key="check_gradient",
    )
    result = st.session_state.get(_RESULT)
    if run is None or result is None or result[0] != run.run_id:
        return
    _, step, compared = result
    if isinstance(compared, str):
        st.warning(plain(compared))
        return
    _show(step, compared)


def _check(run_id: str) -> None:
    from core.insight.gradient_check import check_gradient

    run = find_run(run_id)
    if run is None:  # deleted since
        return
    snapshot, step = run.snapshot, 0
    compared: tuple[Comparison, ...] | str
    try:
        step, weights = run_weights(run)
        ids = text_facts(snapshot.config.text).corpus.validation
        engine: EngineName = "compiled" if snapshot.engine == "compiled" else "torch"
        compared = check_gradient(weights, snapshot.config, ids, snapshot.live.unrollings, engine)
    except UnrollError as error:
        compared = str(error)
    st.session_state[_RESULT] = (run.run_id, step, compared)


def _show(step: int, compared: tuple[Comparison, ...]) -> None:
    largest = max(comparison.in_float64 for comparison in compared)
    training = max(comparison.in_float32 for comparison in compared)
    st.markdown(f"At step {step:,} {_verdict(largest)} {_as_it_trains(training)}".strip())
    st.dataframe(
        pd.DataFrame(
            {
                "gradient of": [_named(comparison.name) for comparison in compared],
                "largest entry": [f"{comparison.largest_entry:.3g}" for comparison in compared],
                "difference, float64": [_share(c.in_float64) for c in compared],
                "difference, float32": [_share(c.in_float32) for c in compared],
            }
        ),
        hide_index=True,
        width="content",
    )


def _verdict(largest: float) -> str:
    if math.isinf(largest):
        return (
            "float64 holds what autograd works out, but not all that is worked out by hand: the "
            "two cannot be compared."
        )
    agree = "the two agree to rounding" if largest < 1e-8 else "the two do not agree"
    return f"the largest relative difference is **{largest:.1e}** in float64: {agree}."


def _as_it_trains(largest: float) -> str:
    if math.isinf(largest):
        return (
            "In float32, as it trains, a number grew past the largest that fits: a training step "
            "on such a window would diverge."
        )
    return f"In float32, as it trains, it is {largest:.1e}."


def _share(difference: float) -> str:
    return "does not fit" if math.isinf(difference) else f"{difference:.1e}"


def _named(name: str) -> str:
    return "h, at every t" if name == "h" else name
