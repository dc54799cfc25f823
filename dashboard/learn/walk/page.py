"""The walk as a page shows it: its steps to choose from, a picture, and the question beside it.

Knows no single step.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import streamlit as st

from core.errors import UnrollError
from dashboard import pace
from dashboard.learn.walk import answers, own_runs
from dashboard.learn.walk.questions import Prediction, Question
from dashboard.learn.walk.step import Answered, Step
from dashboard.learn.walk.steps import STEPS
from dashboard.widgets.es_module import es_module
from dashboard.widgets.held import held
from dashboard.widgets.plain import plain

_STEP = "walk_step"  # the key of the choice: "1" to "8"
_NOTE = "walk_note_asked"  # in st.session_state: the dialog is to be opened
_TEACHING = Path(__file__).parents[3] / "docs" / "teaching.md"
_NUMBERS = [str(number) for number in range(1, len(STEPS) + 1)]
_TRAINING = "The runs train now: what was measured comes when they have ended."
_TO_TRAIN = "To say what comes out, the runs have to be trained here."

_here = Path(__file__).parent


class _Card(Protocol):
    def __call__(self, *, key: str, data: dict[str, Any]) -> object: ...


_card: _Card = st.components.v2.component(
    "unroll_walk_card",
    css="\n".join(
        path.read_text(encoding="utf-8")
        for path in (
            _here.parent / "toy.css",
            _here / "card.css",
        )
    ),
    js=es_module(_here / "card.js"),
)


def walk() -> str:
    """Draw the walk; returns the number of its step, for a link."""
    if _STEP not in st.session_state:
        asked = st.query_params.get("step", "")
        st.session_state[_STEP] = asked if asked in _NUMBERS else _NUMBERS[0]
    number = _choice()
    step = STEPS[int(number) - 1]
    first, last = step.minutes
    st.markdown(f"**{step.title}**, {first}–{last} min. {step.sentences}")
    try:
        question = step.question()
    except UnrollError as error:
        st.info(plain(str(error)))
        return number
    _draw(step, question)
    return number


def _choice() -> str:
    """The row of steps. Keys that turn pages press its first and its last button."""
    with st.container(horizontal=True, vertical_alignment="center"):
        at = _NUMBERS.index(st.session_state[_STEP])
        st.button(
            "Back",
            key="turn_back",
            icon=":material/arrow_back:",
            on_click=_go,
            args=(-1,),
            disabled=at == 0,
        )
        chosen = held(
            st.segmented_control,
            "Step of the walk",
            _NUMBERS,
            required=True,
            key=_STEP,
            label_visibility="collapsed",
            persist_state="session",
            width="content",
        )
        st.button(
            "Next",
            key="turn_on",
            icon=":material/arrow_forward:",
            on_click=_go,
            args=(1,),
            disabled=at == len(_NUMBERS) - 1,
        )
        st.button(
            "Teacher's note",
            key="walk_note",
            icon=":material/co_present:",
            type="tertiary",
            help="Times, what to say and what to press. It tells the answers.",
            on_click=_ask_for_note,
        )
        answers.progress([step.name for step in STEPS], _committed)
    if st.session_state.pop(_NOTE, False):
        _teachers_note()
    return chosen or _NUMBERS[0]


def _ask_for_note() -> None:
    st.session_state[_NOTE] = True


@st.dialog("Teacher's note", width="large")
def _teachers_note() -> None:
    """Sent when somebody asks for it, and not before: it tells what comes out."""
    st.markdown(_TEACHING.read_text(encoding="utf-8").partition("\n")[2])


def _go(by: int) -> None:
    at = _NUMBERS.index(st.session_state[_STEP]) + by
    st.session_state[_STEP] = _NUMBERS[min(max(at, 0), len(_NUMBERS) - 1)]


def _committed(name: str, prediction: Prediction) -> None:
    """Train what it takes to answer."""
    step = next((step for step in STEPS if step.name == name), None)
    with suppress(UnrollError):  # its recorded run is gone, which the step itself says
        if step is not None and step.question().accepts(prediction):
            own_runs.start(step.trains(prediction))


def _draw(step: Step, question: Question) -> None:
    """Picture and question, drawn again while runs of the step train."""
    prediction = answers.answer(step.name)
    taken = prediction is not None and question.accepts(prediction)
    needed = step.trains(prediction) if taken else ()
    configs = needed or (step.repeats(prediction) if taken else ())
    own_runs.go_on(configs)
    training = own_runs.training(configs)

    @st.fragment(run_every=pace.refresh_seconds() if training else None)
    def live() -> None:
        """The part that moves."""
        own_runs.go_on(configs)
        if training != own_runs.training(configs):
            st.rerun()  # they were started here, or have ended: the whole page alone sets the timer
        outcome = step.outcome(prediction) if taken else None
        answered = Answered(prediction if taken else None, outcome)
        if step.asked_by_its_picture:
            step.draw(answered)
            return
        picture, card = st.columns([2, 1], gap="medium")
        with picture:
            step.draw(answered)
        with card:
            waiting = (_TRAINING if training else _TO_TRAIN) if needed else ""
            _card(
                key=f"walk_card_{step.name}",
                data={
                    "step": step.name,
                    "asks": question.asked(),
                    "predicted": answered.prediction,
                    "refused": prediction is not None and not taken,
                    "outcome": outcome.sent() if outcome else None,
                    "waiting": waiting,
                },
            )
            if configs and own_runs.ended(configs) is None:
                own_runs.tell(configs)
            step.below(answered)

    live()
