"""What the pinned version of Streamlit does that a busy server suffers from, done otherwise.

Each replaces something private, says why, and tells whether it found what it replaces: a newer
version may have no need of it. Knows nothing of what is served.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial, wraps
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary

from streamlit import config
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.app_session import AppSession, AppSessionState
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.runtime.media_file_manager import MediaFileManager, MediaFileMetadata
from streamlit.runtime.media_file_storage import MediaFileKind

_FETCHED_WITHIN = 60.0  # seconds in which a browser comes for a file that was made for it


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


def keep_charts_that_a_page_has_drawn() -> bool:
    """Let what moves on a page stay where it is, also if it moves again before the page is sent.

    What a fragment has drawn and was not sent yet is thrown away when it runs again: it is about
    to draw that anew. If it was drawn by a run of the whole page, whose end is still sent, the
    browser believes the page to have none of it, takes it away and makes it anew: a chart
    flashes, and its zoom is gone. With a busy processor 6 of 120 presses did that; afterwards none
    of 80.

    Returns:
        Whether there was something to replace.
    """
    clear = getattr(ForwardMsgQueue, "clear", None)
    if clear is None or hasattr(clear, "__wrapped__"):
        return clear is not None

    @wraps(clear)
    def cleared(
        queue: ForwardMsgQueue,
        retain_lifecycle_msgs: bool = False,
        fragment_ids_this_run: list[str] | None = None,
    ) -> None:
        if fragment_ids_this_run and any(map(_ends_a_page, queue._queue)):
            fragment_ids_this_run = []
        clear(queue, retain_lifecycle_msgs, fragment_ids_this_run)

    setattr(ForwardMsgQueue, clear.__name__, cleared)
    return True


def _ends_a_page(message: ForwardMsg) -> bool:
    return (
        message.WhichOneof("type") == "script_finished"
        and message.script_finished == ForwardMsg.ScriptFinishedStatus.FINISHED_SUCCESSFULLY
    )


def keep_what_is_to_be_fetched(clock: Callable[[], float] = monotonic) -> bool:
    """Let a file that a press has made be there when the browser comes for it.

    A download that is made on request belongs to no session. Streamlit deletes such files when
    any page of any session has run for the second time since, which in a class is a tenth of a
    second later: a teacher's *Download all* came to nothing while thirty pages were loaded anew.
    So it may delete one after a minute.

    Args:
        clock: seconds that only grow.

    Returns:
        Whether there was something to replace.
    """
    unused = getattr(MediaFileManager, "_get_inactive_file_ids", None)
    if unused is None or hasattr(unused, "__wrapped__"):
        return unused is not None
    since: WeakKeyDictionary[MediaFileMetadata, float] = WeakKeyDictionary()

    @wraps(unused)
    def long_unused(manager: MediaFileManager) -> set[str]:
        now, found = clock(), set()
        for name in unused(manager):
            file = manager._file_metadata[name]
            age = now - since.setdefault(file, now)
            if file.kind is not MediaFileKind.DOWNLOADABLE or age >= _FETCHED_WITHIN:
                found.add(name)
        return found

    setattr(MediaFileManager, unused.__name__, long_unused)
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
