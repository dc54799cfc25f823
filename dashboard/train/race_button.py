"""From a run on the Train page to its race against the other activation, in one click."""

from __future__ import annotations

import streamlit as st

from core.config import TrainingConfig
from core.experiments.lanes import rival
from core.labels import value_name
from dashboard import gate
from dashboard.widgets import refused


def race_button(config: TrainingConfig, watched: bool) -> None:
    """The button; it can be pressed where a run is watched.

    Args:
        config: the run's settings, or those that are set up.
        watched: whether there is a run.
    """
    other = rival(config).activation
    if not st.button(
        f"Race this with {value_name(other)}",
        icon=":material/balance:",
        type="tertiary",
        disabled=not watched,
        key="race_this",
        help="Two new runs from these settings, in lockstep on the Compare page.",
    ):
        return
    # Over the run's own characters. If a race runs already, it is shown, and why above it.
    amount = config.steps * config.characters_per_step
    lanes = (config, rival(config))
    refused.attempted(refused.RACE, gate.start_race, lanes, "characters_seen", amount)
    st.session_state["compare_part"] = "race"
    st.session_state["race_id"] = None  # one's own, and not whichever was watched
    st.switch_page("views/compare.py")
