"""Who am I: the browser behind a session, told by a secret that it keeps, and whether it teaches.

    first visit    a component makes the secret, keeps it, sets the cookie, and reports it
    later          the cookie comes with the session's WebSocket handshake

Knows no runs. A server is shared where it can be reached from other machines, or has a teacher's
key: each browser then commands what it started, and finds nothing else. On one's own machine
whoever is there may do everything.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.classroom.address import is_loopback
from core.classroom.store import ClassroomStore, open_classroom
from core.classroom.teacher_key import TeacherKey
from core.classroom.visitor import NOBODY, Visitor, browser_of
from core.errors import RunError

_COOKIE = "unroll_browser"
# Keys of st.session_state.
_BROWSER = "browser"  # the hash of the secret
_SECRET = "browser_secret"  # what the component reports, for one run of the page
_asks = st.components.v2.component(
    "unroll_browser_secret", js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
)


@st.cache_resource
def teacher_key() -> TeacherKey:
    """The teacher's key of this server."""
    return TeacherKey()


@st.cache_resource
def classroom() -> ClassroomStore:
    """What this server remembers of the people who share it.

    Raises:
        StoreError: it cannot be opened.
    """
    return open_classroom()


def shared() -> bool:
    """Whether many people may share this server."""
    return teacher_key().is_set or not is_loopback(st.get_option("server.address") or "")


def arrive() -> None:
    """Find out who is there, by the cookie; before anything depends on it."""
    if st.session_state.get(_BROWSER) is None:
        st.session_state[_BROWSER] = browser_of(st.context.cookies.get(_COOKIE))


def introduce() -> None:
    """Let the browser make its secret or keep it for longer, and report it where that is needed.

    Draws nothing; below the page, so that it moves nothing. A report runs the page again, so on
    one's own machine the cookie of the next visit is soon enough.
    """
    asked = st.session_state.get(_BROWSER) is None and shared()
    data = {"cookie": _COOKIE, "asked": asked}
    _asks(key=_SECRET, data=data, on_secret_change=_reported, height=1)


def _reported() -> None:
    """The report has come; who is known already stays who they are."""
    if st.session_state.get(_BROWSER) is None:
        st.session_state[_BROWSER] = browser_of(st.session_state[_SECRET].get("secret"))


def who() -> Visitor:
    """Whoever looks at this page."""
    browser, many = st.session_state.get(_BROWSER), shared()
    return Visitor(browser, many, many and browser is not None and _teaches(browser))


def own_key() -> str | None:
    """Under what a visitor finds again what there is one of for each: alone, all are one."""
    return who().browser if shared() else None


def become_teacher(typed: str) -> None:
    """Let this browser command all, from now on and after a restart.

    Raises:
        RunError: the key is wrong, too many were, or the browser is not known.
        StoreError: that cannot be kept.
    """
    browser = known_browser()
    teacher_key().check(typed, browser, _address())
    classroom().remember_teacher(browser, teacher_key().proof(browser))


def known_browser() -> str:
    """The browser that this page is in.

    Raises:
        RunError: it has shown no secret.
    """
    browser = who().browser
    if browser is None:
        raise RunError(NOBODY)
    return browser


def require_teacher() -> None:
    """Refuse whoever may not command all.

    Raises:
        RunError: they have not shown the teacher's key.
    """
    if not who().teacher:
        raise RunError("Only the teacher does this: type the teacher's key below the page first.")


def lock_starting(locked: bool) -> None:
    """Let nobody but the teacher start anything, or let all again.

    Raises:
        RunError: this is no teacher.
        StoreError: that cannot be kept.
    """
    require_teacher()
    classroom().lock_starting(locked)


def leave_teaching() -> None:
    """Let this browser be like any other.

    Raises:
        StoreError: that cannot be kept.
    """
    browser = who().browser
    if browser is not None:
        classroom().forget_teacher(browser)


def _address() -> str:
    """Where this page is looked at; of what a proxy on this machine passes on, as it tells."""
    direct = st.context.ip_address
    if direct is not None:
        return direct
    # What comes before the last is what the visitor says of themselves.
    return (st.context.headers.get("X-Forwarded-For") or "").rpartition(",")[2].strip()


def _teaches(browser: str) -> bool:
    key = teacher_key()
    return key.is_set and key.proves(browser, classroom().proof_of(browser))
