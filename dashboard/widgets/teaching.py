"""The teacher's entry in the footer: the key, and then what the teacher alone may do to all.

Only where the server has a teacher's key. Knows no page.
"""

from __future__ import annotations

import streamlit as st

from dashboard import visitor
from dashboard.server import manager
from dashboard.widgets import refused
from dashboard.widgets.held import held
from dashboard.widgets.plain import plain

# Keys of st.session_state.
_TYPED, _LOCK, _DONE = "teacher_key", "teacher_lock", "teacher_done"
_PLACE = "teacher"  # where a refusal stands


def teaching() -> None:
    """A small popover; nothing where nobody can be a teacher."""
    if not visitor.teacher_key().is_set:
        return
    teacher = visitor.who().teacher
    with st.popover("Teacher", icon=":material/school:", type="tertiary"):
        if refusal := refused.refusal(_PLACE):
            st.error(plain(refusal))
        if teacher:
            _desk()
        else:
            held(
                st.text_input,
                "The teacher's key",
                type="password",
                key=_TYPED,
                on_change=_become,
                autocomplete="off",
                help="What UNROLL_TEACHER_KEY was set to where the server was started.",
            )


def _desk() -> None:
    st.markdown("You see and command the runs of all. This browser stays the teacher's.")
    locked = visitor.classroom().starting_is_locked
    st.session_state[_LOCK] = locked  # another teacher's browser may have changed it
    held(
        st.toggle,
        "Lock starting",
        key=_LOCK,
        on_change=_lock,
        help="Nobody but you starts, resumes, steps, extends or imports a run or a race. What "
        "trains goes on.",
    )
    training, waiting = manager().queue()
    state = ", starting is locked" if locked else ""
    st.caption(f"{len(training)} training, {len(waiting)} waiting{state}.")
    if done := st.session_state.pop(_DONE, ""):
        st.caption(done)
    st.button(
        "Empty the queue",
        icon=":material/playlist_remove:",
        on_click=_empty,
        disabled=not waiting,
        key="teacher_empty",
        help="Stops every run that waits for a place to train.",
    )
    st.button("Be no teacher any more", type="tertiary", on_click=_leave, key="teacher_leave")


def _become() -> None:
    typed = st.session_state[_TYPED]
    st.session_state[_TYPED] = ""
    if typed:
        refused.attempted(_PLACE, visitor.become_teacher, typed)


def _lock() -> None:
    refused.attempted(_PLACE, visitor.lock_starting, bool(st.session_state[_LOCK]))


def _empty() -> None:
    def empty() -> None:
        visitor.require_teacher()
        stopped = manager().empty_queue()
        st.session_state[_DONE] = f"{stopped} {'run' if stopped == 1 else 'runs'} stopped."

    refused.attempted(_PLACE, empty)


def _leave() -> None:
    refused.attempted(_PLACE, visitor.leave_teaching)
