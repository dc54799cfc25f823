"""The choice between nats and bits. Knows no page."""

from __future__ import annotations

import streamlit as st

from dashboard.charts.training import Unit


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
