"""*Run it here*: repeat one of a card's runs as any run is trained, and watch it on Train.

Knows no claim.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core.config import TrainingConfig
from core.links import nearest_preset
from dashboard import session
from dashboard.widgets.held import held


@dataclass(frozen=True, slots=True)
class Repeatable:
    """A run that can be repeated.

    Attributes:
        label: what it is called; unlike those of the card's others.
        config: its settings.
        seconds: that it took of one core when it was recorded; None where it was not.
    """

    label: str
    config: TrainingConfig
    seconds: float | None


def run_here(name: str, choices: Sequence[Repeatable], then: str = "") -> None:
    """A choice of runs, how long the chosen one takes, and the button that starts it.

    Args:
        name: of the card; unique on the page.
        choices: at least one.
        then: where it is seen what the card is about, if not on the card beside the others.
    """
    by_label = {choice.label: choice for choice in choices}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        label = held(
            st.selectbox, "A run of this card", list(by_label), key=f"arm_{name}", width=300
        )
        chosen = by_label[label]
        pressed = st.button(
            "Run it here",
            type="primary",
            icon=":material/play_arrow:",
            help="Trains it as any run, and shows it on Train. "
            + (then or "Its loss appears here when it is over."),
        )
    st.caption(f"{chosen.config.steps:,} steps{_took(chosen.seconds)}.")
    if pressed:
        _start(chosen.config)
        st.switch_page(session.TRAIN)


def _took(seconds: float | None) -> str:
    return f"; it took {seconds:.1f} s of one core when it was recorded" if seconds else ""


def _start(config: TrainingConfig) -> None:
    """Start it, or watch the one that a first click has started."""
    run = session.watched_run()
    if run is not None and run.snapshot.status.active and run.snapshot.config == config:
        return
    session.set_up(nearest_preset(config.model_dump()), config)
    session.start(config)
