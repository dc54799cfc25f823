"""How curves are to be drawn: two small choices above them. Knows no page."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from dashboard.charts.losses import AXES, Axis, Unit


@dataclass(frozen=True)
class Look:
    """What was chosen."""

    unit: Unit = "nats"
    axis: Axis = "step"


def look_controls() -> Look:
    """Both choices, side by side."""
    with st.container(horizontal=True, horizontal_alignment="right", width="content"):
        unit = unit_control("unit")
        axis = st.segmented_control(
            "Horizontal axis",
            list(AXES),
            default="step",
            required=True,
            key="axis",
            format_func=lambda name: AXES[name].lower(),
            label_visibility="collapsed",
            persist_state="session",
        )
    return Look(unit, axis)


def unit_control(key: str) -> Unit:
    """Whether losses are drawn in nats or in bits."""
    return st.segmented_control(
        "Unit",
        ["nats", "bits"],
        default="nats",
        required=True,
        key=key,
        label_visibility="collapsed",
        persist_state="session",
    )
