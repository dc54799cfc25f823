"""The teacher's form for a question to the room, and what was asked before."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.classroom.question import (
    FEWEST_OPTIONS,
    LONGEST_QUESTION,
    MOST_OPTIONS,
    Question,
    QuestionState,
)
from dashboard import visitor
from dashboard.classroom import commands
from dashboard.classroom.question_panel import revealed
from dashboard.classroom.suggested import Suggestion
from dashboard.widgets.held import held
from dashboard.widgets.plain import plain

# Keys of st.session_state.
_FROM, _TEXT, _KIND, _OPTIONS = "ask_from", "ask_text", "ask_kind", "ask_options"
_ABOUT, _OUTCOME = "ask_about", "ask_outcome"  # of the suggestion, where there is one
_BEFORE = "ask_before"  # what was written when the suggestion was chosen
_CHOICES, _NUMBER = "Choices", "A number"


def ask_panel(suggested: Sequence[Suggestion]) -> None:
    """The form at the left, what was asked at the right.

    Args:
        suggested: questions to begin with.
    """
    form, before = st.columns([3, 2], gap="large")
    with form:
        _form({suggestion.title: suggestion for suggestion in suggested})
    with before:
        _asked()


def _form(suggested: dict[str, Suggestion]) -> None:
    held(
        st.selectbox,
        "Begin with",
        list(suggested),
        index=None,
        key=_FROM,
        placeholder="a question of your own",
        on_change=_fill,
        args=(suggested,),
    )
    held(st.text_area, "Question", key=_TEXT, max_chars=LONGEST_QUESTION, height=90)
    kinds = [_CHOICES, _NUMBER]
    kind = held(
        st.segmented_control, "What is answered", kinds, default=kinds[0], required=True, key=_KIND
    )
    if kind == _CHOICES:
        held(
            st.text_area,
            f"Options, one a line, {FEWEST_OPTIONS} to {MOST_OPTIONS}",
            key=_OPTIONS,
            height=150,
        )
    st.button(
        "Ask the room",
        type="primary",
        icon=":material/campaign:",
        on_click=_ask,
        args=(suggested,),
    )
    st.caption(
        "The question stands above every student's page. What is answered is hidden from all, "
        "you included, until you lock and reveal it in the bar above. The pictures of Learn have "
        "a button of their own, *Ask the room*, below their questions."
    )


def _fill(suggested: dict[str, Suggestion]) -> None:
    state = st.session_state
    chosen = suggested.get(state[_FROM] or "")
    if chosen is None:
        state[_ABOUT] = state[_OUTCOME] = ""
        return
    state[_BEFORE] = _written()
    state[_ABOUT], state[_OUTCOME] = chosen.about, chosen.outcome
    _write(chosen)


def _write(chosen: Suggestion) -> None:
    state = st.session_state
    state[_TEXT], state[_OPTIONS] = chosen.text, "\n".join(chosen.options)
    state[_KIND] = _CHOICES if chosen.options else _NUMBER


def _written() -> tuple[str, ...]:
    state = st.session_state
    return tuple(state.get(key) or "" for key in (_TEXT, _OPTIONS, _KIND))


def _ask(suggested: dict[str, Suggestion]) -> None:
    state = st.session_state
    chosen = suggested.get(state[_FROM] or "")
    if chosen is not None and _written() == state.get(_BEFORE):
        # Pressed before the browser had shown it: what it sent along is what stood there before.
        _write(chosen)
    choices = state.get(_KIND) != _NUMBER
    # A question with choices and no option is refused; without any it would ask for a number.
    options = [line for line in (state.get(_OPTIONS) or "").splitlines() if line.strip()] or [""]
    if commands.attempted(
        commands.ask,
        state[_TEXT],
        options if choices else (),
        state.get(_ABOUT, ""),
        state.get(_OUTCOME, ""),
    ):
        state[_FROM] = None
        state[_TEXT] = state[_OPTIONS] = state[_ABOUT] = state[_OUTCOME] = ""


def _asked() -> None:
    asked = visitor.classroom().questions.all()
    st.markdown("**Asked before, newest first**")
    if not asked:
        st.caption("Nothing was asked yet.")
    for question in reversed(asked):
        with st.expander(plain(question.text)):
            _standing(question)


def _standing(question: Question) -> None:
    if question.state == QuestionState.REVEALED:
        revealed(question)
        return
    answered = visitor.classroom().questions.answered(question.number)
    st.caption(f"{answered} answered; {question.state}, and never revealed so far.")
