"""Classroom: a room joins, is asked, and hands in; a student finds what they handed in."""

import streamlit as st

from dashboard import visitor
from dashboard.classroom.ask_panel import ask_panel
from dashboard.classroom.hand_ins_panel import hand_ins_panel, own_panel
from dashboard.classroom.join_panel import join_panel
from dashboard.classroom.suggested import Suggestion, suggestions
from dashboard.learn.walk.for_a_room import room_questions
from dashboard.widgets import page_head, present
from dashboard.widgets.held import held

PARTS = ("Join", "Ask", "Hand-ins")

if visitor.who().teacher:
    with page_head.beside(apart=True):
        part = held(
            st.segmented_control,
            "What to do",
            PARTS,
            default=PARTS[0],
            required=True,
            key="classroom_part",
            label_visibility="collapsed",
            persist_state="session",
        )
    if part == "Ask":
        of_the_walk = (
            Suggestion(asked.title, asked.text, asked.options, asked.about, asked.outcome)
            for asked in room_questions()
        )
        ask_panel([*suggestions(), *of_the_walk])
    elif part == "Hand-ins":
        hand_ins_panel()
    else:
        join_panel()
else:
    own_panel()
    st.caption("Is this your class? Type the teacher's key under *Teacher*, below.")
if st.query_params.to_dict() != present.query():
    st.query_params.from_dict(present.query())
