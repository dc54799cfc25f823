"""What the room is asked: to be answered, to be led, and what was answered, once it is revealed.

Until then no page is sent anything but how many have answered.
"""

from __future__ import annotations

from zlib import crc32

import streamlit as st

from core.classroom.question import LONGEST_OUTCOME, Question, QuestionState
from dashboard import visitor
from dashboard.classroom import commands
from dashboard.classroom.suggested import Measured, measured
from dashboard.widgets.answer_bars import answer_bars
from dashboard.widgets.command_row import command, command_row
from dashboard.widgets.held import held
from dashboard.widgets.plain import plain


def question_to_answer(question: Question) -> None:
    """For a student: a choice or a number, changeable until it is locked."""
    room, browser = visitor.classroom(), visitor.who().browser
    if browser is None:
        return
    mine = room.questions.answer_of(question.number, browser)
    if question.state == QuestionState.REVEALED:
        revealed(question, mine)
        return
    is_open = question.state == QuestionState.OPEN
    key = f"class_answer_{question.number}"
    if question.options:
        st.session_state[key] = mine  # another tab may have changed it
        held(
            st.radio,
            f"**{plain(question.text)}**",
            question.options,
            index=None,
            format_func=plain,
            horizontal=True,
            key=key,
            on_change=_answer,
            args=(question.number, key),
            disabled=not is_open,
        )
    else:
        st.session_state[key] = None if mine is None else float(mine)
        held(
            st.number_input,
            f"**{plain(question.text)}**",
            value=None,
            format="%g",
            placeholder="a number, then Enter",
            key=key,
            on_change=_answer,
            args=(question.number, key),
            disabled=not is_open,
            width=320,
        )
    st.caption(f"{_answered(question)} {_standing(is_open, mine)}")


def question_to_lead(question: Question, elsewhere: Measured) -> None:
    """For the teacher: how many have answered, and what can be done with it.

    Args:
        question: what the room is asked.
        elsewhere: says what came true of questions that the class itself knows nothing of.
    """
    if question.state == QuestionState.REVEALED:
        revealed(question)
        asked = ""  # it stands over the bars already
    else:
        asked = f"**{plain(question.text)}** "
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        st.markdown(asked + _answered(question), width="content")
        _commands(question, elsewhere)


def _commands(question: Question, elsewhere: Measured) -> None:
    state, number = question.state, question.number
    with command_row("question"):
        for label, action, before, icon in (
            ("Lock", commands.lock, QuestionState.OPEN, "lock"),
            ("Open again", commands.open_again, QuestionState.LOCKED, "lock_open"),
        ):
            command(
                label,
                commands.attempt,
                action,
                number,
                key=f"class_{label}",
                fits=state == before,
                icon=icon,
            )
        with st.popover(
            "Reveal", icon=":material/bar_chart:", disabled=state == QuestionState.OPEN
        ):
            if state != QuestionState.OPEN:
                _reveal(question, elsewhere)
        command(
            "Put away",
            commands.attempt,
            commands.put_away,
            number,
            key="class_put_away",
            icon="close",
            kind="tertiary",
            help="The question goes from all pages; what was answered is kept for the hand-ins.",
        )


def revealed(question: Question, mine: str | None = None) -> None:
    """How often each was answered, beside what came true."""
    counts = visitor.classroom().questions.counts(question.number)
    if mine is not None and not question.options:
        mine = f"{float(mine):g}"
    st.markdown(f"**{plain(question.text)}**")
    bars, outcome = st.columns([3, 2], vertical_alignment="center")
    with bars:
        answer_bars(counts, mine)
    with outcome:
        if question.outcome:
            st.markdown(f"**Outcome:** {plain(question.outcome)}")
        if mine is not None:
            st.markdown(f"You answered: {plain(mine)}.")


def _reveal(question: Question, elsewhere: Measured) -> None:
    proposed = question.outcome or measured(question, elsewhere)
    # Another widget for another proposal: a race may have ended since the first look.
    key = f"class_outcome_{question.number}_{crc32(proposed.encode())}"
    held(
        st.text_area,
        "What came true",
        value=proposed,
        key=key,
        max_chars=LONGEST_OUTCOME,
        height=130,
        help="Stands beside what was answered. It may be left empty, and changed later.",
    )
    st.button(
        "Show what was answered",
        type="primary",
        on_click=_revealed,
        args=(question.number, key),
        key="class_reveal_go",
    )


def _revealed(number: int, key: str) -> None:
    commands.attempt(commands.reveal, number, st.session_state.get(key) or "")


def _answer(number: int, key: str) -> None:
    given = st.session_state[key]
    if given is not None:
        commands.attempt(commands.answer, number, given)


def _answered(question: Question) -> str:
    room = visitor.classroom()
    return f"{room.questions.answered(question.number)} of {room.members.count()} answered."


def _standing(is_open: bool, mine: str | None) -> str:
    if not is_open:
        return "Locked: your teacher will show what was answered."
    return "Your answer is kept, and you can change it." if mine is not None else ""
