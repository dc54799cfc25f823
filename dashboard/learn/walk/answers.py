"""What was predicted in the walk, as the browser has told: it keeps the answers, not the server.

Knows no step. A browser may report anything: who reads an answer asks its question first whether
that is one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import streamlit as st

from dashboard.learn.walk.questions import Prediction
from dashboard.widgets.es_module import es_module

_ANSWERS = "walk_answers"  # in st.session_state: by the steps' names
_COMPONENT = "walk_progress"
_LONGEST = 20_000  # letters of JSON that are taken from a browser

_here = Path(__file__).parent


class _Component(Protocol):
    def __call__(
        self, *, key: str, data: Mapping[str, Any], on_answers_change: Callable[[], None]
    ) -> object: ...


_component: _Component = st.components.v2.component(
    "unroll_walk_progress",
    css=(_here / "progress.css").read_text(encoding="utf-8"),
    js=es_module(_here / "progress.js"),
)


def answer(step: str) -> Prediction | None:
    """What was committed at a step, unchecked; None where nothing was."""
    return st.session_state.get(_ANSWERS, {}).get(step)


def progress(steps: Sequence[str], committed: Callable[[str, Prediction], None]) -> None:
    """How many steps are answered, and a button that forgets them; listens to the browser.

    Args:
        steps: their names.
        committed: called for what is committed now, and not for what the browser brings along.
    """
    data = {"steps": list(steps), "known": bool(st.session_state.get(_ANSWERS))}
    _component(key=_COMPONENT, data=data, on_answers_change=lambda: _take(committed))


def _take(committed: Callable[[str, Prediction], None]) -> None:
    told = st.session_state[_COMPONENT]["answers"]
    answers = told.get("kept") if isinstance(told, Mapping) else None
    if not isinstance(answers, Mapping) or len(json.dumps(dict(answers))) > _LONGEST:
        return
    st.session_state[_ANSWERS] = dict(answers)
    step = told.get("committed")
    if isinstance(step, str) and step in answers:
        committed(step, answers[step])
