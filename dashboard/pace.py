"""How many pages watch something move, and how often each may look.

A refresh takes some 20 ms of the interpreter. Training needs it for a moment only, fifty times a
second: beside thirty pages that are refreshed twice a second a run kept 84 % of its pace
(`benchmarks/watch.py --full-rate`). Up to thirty are; of more, each waits longer, so that all
together ask no more often. So does each where refreshes take so long that more than one would be
on its way at a time: a click would wait behind them. Knows nothing of what is drawn.

Thread safety: a `Watchers` may be used from any number of threads at once.
"""

from __future__ import annotations

import math
import random
import secrets
from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import TypeVar

import streamlit as st

INTERVAL = 0.5
"""Seconds between two refreshes of a page, while few watch."""
FEW = 30
"""So many pages are refreshed at that interval."""
LONGEST = 8.0
"""No page waits longer, however many watch."""
WAITING = 1.5
"""Seconds between two refreshes of a page whose run waits behind others: nothing moves yet."""
POLL = 2.0
"""Seconds between two looks at what seldom changes, such as what a class is asked."""
# A page that was not refreshed for so many of its intervals, and some seconds more, is closed, or
# its run has ended. On a busy server a page comes late: to forget it, and speed the others up,
# would make it busier.
_MISSED = 3
_PATIENCE = 5.0
# Before pages go faster again, so many of those that made them slower must have left: otherwise
# one that comes and goes would make all of them change their pace each time.
_LEFT = 0.7
# How much the newest refresh counts in how long they take, and by how much they must have become
# shorter: the time of one says little, and a change of pace costs every page a whole run.
_NEWEST = 0.02
_SHORTER = 0.4
# Seconds between two pages that change their pace: each runs as a whole then, a tenth of a second
# of work, and thirty at once made a room wait for several.
_APART = 0.3
# In st.session_state: seconds between two refreshes, and between two of what seldom changes.
_PACE, _POLL = "pace", "poll"

Value = TypeVar("Value")


class Watchers:
    """The pages that were refreshed of late.

    Args:
        clock: seconds that only grow.
        shortest: seconds between two refreshes of a page, while few watch.
        apart: seconds between two pages that change their pace.
    """

    def __init__(
        self,
        clock: Callable[[], float] = monotonic,
        shortest: float = INTERVAL,
        apart: float = _APART,
    ) -> None:
        self._clock, self._shortest, self._apart = clock, shortest, apart
        self._until: dict[str, float] = {}  # when a page is forgotten
        self._took = 0.0  # seconds that a refresh takes, a running mean
        self._next_change = -math.inf  # when the next page may change its pace
        self._lock = Lock()

    def refreshed(self, who: str, interval: float = INTERVAL, took: float = 0.0) -> float:
        """Note that a page was refreshed just now.

        Args:
            who: names the page.
            interval: at which it is refreshed at present, in seconds.
            took: seconds that this refresh took.

        Returns:
            At which it should be: pages change one after the other.
        """
        now = self._clock()
        with self._lock:
            others = (page for page in self._until.items() if page[0] != who)
            self._until = {page: until for page, until in others if until > now}
            self._took += _NEWEST * (took - self._took)
            found = self._next_interval(len(self._until) + 1, interval)
            if found != interval and now < self._next_change:
                found = interval  # at one of its next refreshes
            elif found != interval:
                self._next_change = now + self._apart
            self._until[who] = now + _MISSED * max(found, interval) + _PATIENCE
        return found

    def _next_interval(self, pages: int, interval: float) -> float:
        on_their_way = pages * self._took
        slower = _interval_for(pages, on_their_way, self._shortest)
        if slower >= interval:
            return slower
        faster = _interval_for(pages / _LEFT, on_their_way / _SHORTER, self._shortest)
        return min(faster, interval)


def _interval_for(pages: float, on_their_way: float, shortest: float) -> float:
    """Seconds between two refreshes of each of so many pages.

    Args:
        pages: how many there are.
        on_their_way: how many are being refreshed at any time, were each refreshed every second.
        shortest: no interval is shorter.
    """
    interval = shortest
    while (pages > FEW * interval / INTERVAL or on_their_way > interval) and interval < LONGEST:
        interval *= 2
    return interval


@st.cache_resource
def _watchers() -> Watchers:
    return Watchers()


@st.cache_resource
def _pollers() -> Watchers:
    return Watchers(shortest=POLL)


def refresh_seconds(waits: bool = False) -> float:
    """How often this page looks at what moves: about twice a second, less where many watch.

    Pages that opened together would all ask in the same moment; a little difference between
    them spreads the work.

    Args:
        waits: whether what it watches waits for its turn behind others.
    """
    paced = st.session_state.get(_PACE, INTERVAL)
    return (max(paced, WAITING) if waits else paced) * _jitter()


def poll_seconds() -> float:
    """How often this page looks at what seldom changes."""
    return st.session_state.get(_POLL, POLL) * _jitter()


def refreshed(began: float) -> bool:
    """Note that what moves on this page was drawn; whether it needs another pace from now on.

    If so, run the whole page again: it alone sets the pace.

    Args:
        began: when drawing it began, by `time.monotonic`.
    """
    return _noted(_watchers(), _PACE, INTERVAL, monotonic() - began)


def polled() -> bool:
    """As `refreshed`, of what seldom changes and takes next to no time."""
    return _noted(_pollers(), _POLL, POLL)


def _noted(watchers: Watchers, key: str, first: float, took: float = 0.0) -> bool:
    before = st.session_state.get(key, first)
    pace = watchers.refreshed(_own("page_id", lambda: secrets.token_hex(8)), before, took)
    st.session_state[key] = pace
    return pace != before


def _jitter() -> float:
    return _own("jitter", lambda: random.uniform(0.85, 1.15))


def _own(key: str, make: Callable[[], Value]) -> Value:
    """A value that this session keeps from its first use on."""
    if key not in st.session_state:
        st.session_state[key] = make()
    return st.session_state[key]
