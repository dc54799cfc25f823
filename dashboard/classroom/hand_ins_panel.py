"""What was handed in: for the teacher to download and to forget, for a student to look at."""

from __future__ import annotations

import time

import pandas as pd
import streamlit as st

from core.classroom.collected import handed_in_row
from core.classroom.hand_ins import MOST_RUNS, HandIn
from core.classroom.members import LONGEST_NAME
from dashboard import visitor
from dashboard.classroom import commands, following
from dashboard.server import library
from dashboard.widgets.held import held

_NAME = "class_new_name"  # in st.session_state
_SURE = "class_forget_sure"


def hand_ins_panel() -> None:
    """The teacher's: all of them."""
    room = visitor.classroom()
    handed_in = room.hand_ins.all()
    people = len({one.browser for one in handed_in})
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Download all",
            commands.collector(),
            file_name="unroll-class.zip",
            mime="application/zip",
            icon=":material/download:",
            type="primary",
            on_click="ignore",
            key="class_download",
            help="Every run as a .zip that Unroll imports, and a table with a row for each person. "
            "What is answered to a question that is not revealed yet is left out.",
        )
        with st.popover("Forget this class", icon=":material/delete_forever:"):
            _forget()
    runs = "1 run" if len(handed_in) == 1 else f"{len(handed_in)} runs"
    st.caption(f"{runs} of {'1 person' if people == 1 else f'{people} people'}.")
    names = {member.browser: member.name or "no name" for member in room.members.all()}
    if handed_in:
        st.dataframe(_table(handed_in, names), hide_index=True)


def own_panel() -> None:
    """A student's: their name, and what they have handed in."""
    me = following.member()
    if me is None:
        st.info("Join above, and what you hand in stands here.")
        return
    if _NAME not in st.session_state:
        st.session_state[_NAME] = me.name
    held(
        st.text_input,
        "Your nickname",
        key=_NAME,
        max_chars=LONGEST_NAME,
        on_change=lambda: commands.attempt(commands.join, st.session_state[_NAME]),
        width=400,
    )
    st.markdown("**Handed in**")
    mine = visitor.classroom().hand_ins.of(me.browser)
    if mine:
        st.dataframe(_table(mine), hide_index=True)
    else:
        st.caption(
            f"Nothing yet: *Hand in* stands on the Train page, and on the Runs page under a run "
            f"that you choose there. Up to {MOST_RUNS} runs."
        )


def _forget() -> None:
    st.markdown(
        "Deletes all nicknames, questions, answers and hand-ins, for good. Runs stay with those "
        "who trained them."
    )
    sure = held(st.checkbox, "What I want of it is downloaded", key=_SURE)
    st.button(
        "Forget this class",
        type="primary",
        disabled=not sure,
        on_click=_forgotten,
        key="class_forget_go",
    )


def _forgotten() -> None:
    if st.session_state.get(_SURE) and commands.attempted(commands.forget_class):
        st.session_state[_SURE] = False


def _table(handed_in: list[HandIn], names: dict[str, str] | None = None) -> pd.DataFrame:
    rows = []
    for one in handed_in:
        row: dict[str, object] = {} if names is None else {"Name": names.get(one.browser, "")}
        row["Handed in"] = time.strftime("%Y-%m-%d %H:%M", time.localtime(one.at))
        row["Run"] = one.run_id
        run = handed_in_row(library().holder, one)
        row["Settings"] = "deleted meanwhile" if run is None else run.name
        if run is not None:
            row |= {"Steps": run.step, "Validation, nats": run.last_validation}
        rows.append(row)
    return pd.DataFrame(rows)
