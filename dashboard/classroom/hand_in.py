"""A student's button that hands in a run, or takes it back."""

from __future__ import annotations

import streamlit as st

from core.classroom.hand_ins import MOST_RUNS
from core.storage.rows import RunRow
from core.training.snapshot import WatchedRun
from dashboard import visitor
from dashboard.classroom import commands


def hand_in_button(run: WatchedRun | RunRow | None) -> None:
    """One button for this run; nothing where there is no class, or the run is not one's own.

    Args:
        run: on the Train page, or a row of the Runs page.
    """
    if run is None or not visitor.teacher_key().is_set or visitor.who().teacher:
        return
    browser = visitor.who().browser
    if browser is None or run.browser != browser:
        return
    run_id = run.id if isinstance(run, RunRow) else run.run_id
    status = run.status if isinstance(run, RunRow) else run.snapshot.status
    handed_in = any(o.run_id == run_id for o in visitor.classroom().hand_ins.of(browser))
    if handed_in:
        st.button(
            "Handed in: undo",
            icon=":material/assignment_return:",
            type="tertiary",
            on_click=commands.attempt,
            args=(commands.take_back, run_id),
            key=f"take_back_{run_id}",
        )
        return
    st.button(
        "Hand in",
        icon=":material/assignment_turned_in:",
        type="tertiary",
        on_click=commands.attempt,
        args=(commands.hand_in, run_id),
        disabled=status.active,
        key=f"hand_in_{run_id}",
        help=f"Gives your teacher this run, your nickname and what you answered, once it has "
        f"ended. Up to {MOST_RUNS} runs, and you can take each back.",
    )
