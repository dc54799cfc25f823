"""Going where the teacher leads, leaving, and coming back. Draws nothing.

A part of the page that looks every other second notices that there is somewhere to go; the whole
page goes there, before it draws anything.
"""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from core.classroom.guide import Place
from core.classroom.members import Member
from dashboard import link, visitor

# Keys of st.session_state.
_AT = "classroom_at"  # the number of the place that this page was taken to last
_BEFORE = "classroom_before"  # title and query of the page that it was taken from
_BACK = "classroom_back"  # whether it is to go there


def member() -> Member | None:
    """This visitor, if they have joined."""
    browser = visitor.who().browser
    return None if browser is None else visitor.classroom().members.of(browser)


def due(pages: Mapping[str, StreamlitPage]) -> bool:
    """Whether the whole page has somewhere to go."""
    return bool(st.session_state.get(_BACK)) or _next(pages) is not None


def go(pages: Mapping[str, StreamlitPage], here: str) -> None:
    """Go where the teacher is, or back; nothing where there is nowhere to go.

    Args:
        pages: all there are, by their titles.
        here: the title of this one.
    """
    state = st.session_state
    if state.pop(_BACK, False):
        target: tuple[str, Mapping[str, str]] | None = state.pop(_BEFORE, None)
    elif (place := _next(pages)) is not None:
        state.setdefault(_BEFORE, (here, st.query_params.to_dict()))
        _went(place)
        target = place.page, place.query
    else:
        return
    if target is not None:
        page, query = target
        link.forget()
        st.switch_page(pages[page], query_params=dict(query))


def is_with(place: Place, here: str) -> bool:
    """Whether this page was taken to the place, and is on its page still."""
    me = member()
    return me is not None and me.follows and _at(me) == place.number and here == place.page


def leave() -> None:
    """Go back to where one was, and follow no more.

    Raises:
        StoreError: that cannot be kept.
    """
    _follow(False)
    st.session_state[_BACK] = True


def come_back() -> None:
    """Follow, and go where the teacher is, also where one was there before.

    Raises:
        StoreError: that cannot be kept.
    """
    _follow(True)
    st.session_state[_AT] = 0


def _next(pages: Mapping[str, StreamlitPage]) -> Place | None:
    if not visitor.teacher_key().is_set or visitor.who().teacher:
        return None  # what an earlier class has left leads nobody
    me, place = member(), visitor.classroom().guide.place()
    if me is None or place is None or not me.follows or place.page not in pages:
        return None
    return place if place.number > _at(me) else None


def _at(me: Member) -> int:
    # What the store knows is for a page that was opened anew: a reload takes nobody away.
    return int(st.session_state.get(_AT, me.went))


def _went(place: Place) -> None:
    st.session_state[_AT] = place.number
    browser = visitor.who().browser
    if browser is not None:
        visitor.classroom().members.went(browser, place.number)


def _follow(follows: bool) -> None:
    browser = visitor.who().browser
    if browser is not None:
        visitor.classroom().members.follow(browser, follows)
