"""The bar above every page of a class: what the room is asked, and where the teacher is.

Looks every other second, and draws nothing where there is nothing to say. Knows no page but by its
title.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from core.classroom.guide import Place
from core.classroom.members import LONGEST_NAME
from core.errors import UnrollError
from dashboard import pace, visitor
from dashboard.classroom import commands, following
from dashboard.classroom.question_panel import question_to_answer, question_to_lead
from dashboard.classroom.suggested import Measured, nothing
from dashboard.widgets.command_row import command, command_row
from dashboard.widgets.held import held
from dashboard.widgets.plain import plain


def classroom_bar(
    pages: Mapping[str, StreamlitPage], here: str, elsewhere: Measured = nothing
) -> None:
    """Draw the bar; nothing where the server has no teacher.

    Args:
        pages: those to which a room may be led, by their titles.
        here: the title of this one.
        elsewhere: says what came true of questions that pages brought along.
    """
    if not visitor.teacher_key().is_set:
        return

    @st.fragment(run_every=pace.poll_seconds())
    def bar() -> None:
        """The part that looks."""
        try:
            if following.due(pages):
                st.rerun()
            if visitor.who().teacher:
                _for_the_teacher(here, here in pages, elsewhere)
            else:
                _for_a_student(here)
        except UnrollError as error:  # the store cannot be read
            st.error(plain(str(error)))
        if pace.polled():
            st.rerun()  # the whole page alone sets the pace

    if visitor.who().browser is not None:  # it is not yet at a first visit
        bar()


def _for_the_teacher(here: str, may_lead: bool, elsewhere: Measured) -> None:
    room = visitor.classroom()
    place, question = room.guide.place(), room.questions.current()
    with st.container(border=True, gap="small"):
        with command_row("lead"):
            command(
                "Look here",
                commands.attempt,
                commands.lead,
                here,
                key="class_look",
                fits=may_lead,
                icon="visibility",
                help="Takes the pages of all who follow to this page: to its run, tab and picture, "
                "and to your place in a text. The zoom of a chart stays each page's own.",
            )
            command(
                "Let go",
                commands.attempt,
                commands.let_go,
                key="class_let_go",
                fits=place is not None,
                icon="visibility_off",
                help="Pages stay where they are.",
            )
            st.markdown(_led(place))
        if refusal := commands.refusal():
            st.error(plain(refusal))
        if question is not None:
            question_to_lead(question, elsewhere)


def _led(place: Place | None) -> str:
    if place is None:
        return "Nobody is led."
    count = sum(member.follows for member in visitor.classroom().members.all())
    follow = "1 follows" if count == 1 else f"{count} follow"
    return f"The room is at **{plain(place.page)}**, {follow}.{_step(place)}"


def _step(place: Place) -> str:
    """Where the run stood when the teacher came there: one that trains goes on."""
    if place.step is None:
        return ""
    return f" Run {plain(place.query['run'])} stood at step {place.step:,}."


def _for_a_student(here: str) -> None:
    room = visitor.classroom()
    if following.member() is None:
        with st.container(border=True):
            _join()
        return
    place, question = room.guide.place(), room.questions.current()
    refusal = commands.refusal()
    if place is None and question is None and not refusal:
        return
    with st.container(border=True, gap="small"):
        if place is not None:
            _guided(place, here)
        if refusal:
            st.error(plain(refusal))
        if question is not None:
            question_to_answer(question)


def _guided(place: Place, here: str) -> None:
    since = time.strftime("%H:%M", time.localtime(place.since))
    together = following.is_with(place, here)
    with st.container(horizontal=True, vertical_alignment="center"):
        at = f"Your teacher is at **{plain(place.page)}**, since {since}.{_step(place)}"
        st.markdown(at, width="content")
        with command_row("follow"):
            command(
                "Leave",
                commands.attempt,
                following.leave,
                key="class_leave",
                fits=together,
                icon="logout",
                help="Back to where you were; your page does not follow any more.",
            )
            command(
                "Return",
                commands.attempt,
                following.come_back,
                key="class_return",
                fits=not together,
                icon="login",
                help="To where your teacher is; your page follows from then on.",
            )


def _join() -> None:
    st.markdown("**You are in a class.** A nickname tells your teacher whose work is whose.")
    if refusal := commands.refusal():
        st.error(plain(refusal))
    across = st.form("class_join", border=False)
    with across, st.container(horizontal=True, vertical_alignment="bottom"):
        held(
            st.text_input,
            "Nickname",
            key="class_name",
            max_chars=LONGEST_NAME,
            autocomplete="off",
            width=300,
        )
        st.form_submit_button("Join", on_click=_joined, type="primary", key="class_join_go")
        st.form_submit_button(
            "Without a name", on_click=_joined, args=(False,), key="class_join_skip"
        )


def _joined(named: bool = True) -> None:
    commands.attempt(commands.join, st.session_state["class_name"] if named else "")
