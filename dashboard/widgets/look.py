"""How curves are to be drawn: small choices above them, kept across pages. Knows no page."""

from __future__ import annotations

import streamlit as st

from dashboard.charts.losses import AXES, SCALES, Look, Scale, Unit
from dashboard.widgets.held import held


def look_controls(*, with_axis: bool = True) -> Look:
    """The choices, side by side.

    Args:
        with_axis: whether the horizontal axis is to be chosen, too.
    """
    with st.container(horizontal=True, width="content"):
        unit = _unit()
        scale = _scale()
        if not with_axis:
            return Look(unit, scale=scale)
        axis = held(
            st.segmented_control,
            "Horizontal axis",
            list(AXES),
            default="step",
            required=True,
            key="axis",
            format_func=lambda name: AXES[name].lower(),
            label_visibility="collapsed",
            persist_state="session",
        )
    return Look(unit, axis, scale)


def _unit() -> Unit:
    """Whether losses are drawn in nats or in bits."""
    return held(
        st.segmented_control,
        "Unit",
        ["nats", "bits"],
        default="nats",
        required=True,
        key="unit",
        label_visibility="collapsed",
        persist_state="session",
    )


def _scale() -> Scale:
    """How high the axis of losses reaches."""
    return held(
        st.segmented_control,
        "Scale of losses",
        SCALES,
        default="fit",
        required=True,
        key="scale",
        label_visibility="collapsed",
        persist_state="session",
    )
