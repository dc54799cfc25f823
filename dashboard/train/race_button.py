"""From a run on the Train page to its race against the other activation, in one click."""

from __future__ import annotations

import streamlit as st

from core.config import TrainingConfig
from core.errors import UnrollError
from core.labels import value_name
from dashboard.compare import racing
from dashboard.widgets.plain import plain


def race_button(config: TrainingConfig | None) -> None:
    """The button; nothing where no run is watched."""
    if config is None:
        return
    other = racing.rival(config).activation
    if not st.button(
        f"Race this with {value_name(other)}",
        icon=":material/balance:",
        type="tertiary",
        key="race_this",
        help="Two new runs from these settings, in lockstep on the Compare page.",
    ):
        return
    try:
        racing.race_with_rival(config)
    except UnrollError as error:
        st.toast(plain(str(error)))
        return
    st.session_state["compare_part"] = "race"
    st.switch_page("views/compare.py")
