"""What the pinned version of Streamlit does that a busy server suffers from, done otherwise.

Each replaces something private, says why, and tells whether it found what it replaces: a newer
version may have no need of it. Knows nothing of what is served.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial, wraps
from typing import Any

from streamlit import config
from streamlit.runtime.app_session import AppSession, AppSessionState


def read_options_without_waiting() -> bool:
    """Let no session wait for another that looks up an option of Streamlit's.

    Streamlit looks one up for each element that it draws, with one lock for all sessions. A thread
    that is interrupted while it has it makes all others queue, for it and for Python's own lock:
    with thirty pages most stacks of a server that stood still ended there. What the lock is for,
    options that are read while an edited file is parsed, is not worth that.

    Returns:
        Whether there was such a lock.
    """
    found = hasattr(config, "_config_lock")
    if found:
        config._config_lock = nullcontext()  # type: ignore[assignment]
    return found


def send_all_that_was_drawn() -> bool:
    """Let a page get all that its last run has drawn, also if a fragment is asked for meanwhile.

    A run hands what it draws to the server's event loop, and its thread ends. A fragment that is
    asked for before the loop has come to all of that begins a new thread, and from then on
    Streamlit ignores what is left of the old one: the rest of the page, the address that it
    wrote, and that it has ended. With thirty browsers on two cores 3 of some 43 starts of a run
    left a page without its charts, or with the address of no run; afterwards none of 60. So the
    new thread begins once the loop has come to what was there before.

    Returns:
        Whether there was something to replace.
    """
    begin = getattr(AppSession, "_create_scriptrunner", None)
    if begin is None or hasattr(begin, "__wrapped__"):
        return begin is not None
    AppSession._create_scriptrunner = _after_what_was_drawn(begin)  # type: ignore[method-assign]
    return True


def _after_what_was_drawn(begin: Callable[[AppSession, Any], None]) -> Callable[..., None]:
    @wraps(begin)
    def begun_later(session: AppSession, asked: Any) -> None:
        if session._scriptrunner is None:  # there was none, or it is not to be heard any more
            begin(session, asked)
        else:
            session._event_loop.call_soon(partial(_begin, session, asked))

    def _begin(session: AppSession, asked: Any) -> None:
        if session._state == AppSessionState.SHUTDOWN_REQUESTED:
            return
        # Meanwhile another thread may have begun: it takes this up after its own run.
        running = session._scriptrunner
        if running is None or not running.request_rerun(asked):
            begin(session, asked)

    return begun_later
