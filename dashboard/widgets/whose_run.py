"""Whose a run is, where it is another's: a sentence, and the way to one's own. Knows no page."""

from __future__ import annotations

import streamlit as st

from core.classroom.visitor import whose
from core.storage.rows import RunRow
from core.training.snapshot import WatchedRun
from dashboard import session
from dashboard.gate import may_command
from dashboard.server import recorded_note


def foreign(run: WatchedRun | RunRow) -> str:
    """Why a run cannot be commanded here, as a sentence."""
    return f"This run {whose(run.browser)}"


def whose_run(run: WatchedRun | None) -> None:
    """Nothing for one's own run, and for one that came with Unroll."""
    with st.container():  # in one place: what comes and goes must not make anew what stands below
        if run is None or may_command(run) or recorded_note(run):
            return
        with st.container(horizontal=True, vertical_alignment="center"):
            st.info(foreign(run), icon=":material/visibility:")
            st.button(
                "Set up the same",
                icon=":material/content_copy:",
                on_click=session.set_up_as,
                args=(run,),
                key="set_up_the_same",
                help="Its settings and live changes, for a run of your own.",
            )
