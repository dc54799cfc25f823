"""Streamlit does otherwise what a busy server suffers from."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from threading import RLock
from unittest.mock import Mock

import pytest
import streamlit as st
from streamlit import config
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime import media_file_manager
from streamlit.runtime.app_session import AppSession, AppSessionState
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.runtime.script_data import ScriptData
from streamlit.runtime.scriptrunner import ScriptRunnerEvent

from dashboard.runtime.mends import (
    keep_charts_that_a_page_has_drawn,
    keep_what_is_to_be_fetched,
    read_options_without_waiting,
    send_all_that_was_drawn,
)

# -- options --------------------------------------------------------------------------------


def test_an_option_is_read_while_another_thread_has_the_lock(monkeypatch):
    lock = RLock()
    monkeypatch.setattr(config, "_config_lock", lock)
    with lock, ThreadPoolExecutor(1) as other:
        assert read_options_without_waiting()
        read = other.submit(st.get_option, "global.minCachedMessageSize").result(timeout=20)
    assert read == 10_000


def test_a_version_without_such_a_lock_is_left_as_it_is(monkeypatch):
    monkeypatch.delattr(config, "_config_lock")
    assert not read_options_without_waiting()
    assert not hasattr(config, "_config_lock")


# -- what was drawn -------------------------------------------------------------------------

FRAGMENT = ClientState(fragment_id="bar", is_auto_rerun=True)


class Ended:
    """A thread of a page that takes up nothing any more, or one that does."""

    def __init__(self, takes=False):
        self._takes, self.asked = takes, []

    def request_rerun(self, asked):
        self.asked.append(asked.fragment_id)
        return self._takes

    def request_stop(self):
        pass


@pytest.fixture
def begun(monkeypatch):
    """The fragments that new threads began with, where Streamlit is mended."""
    begun = []

    def begin(session, asked):
        session._scriptrunner = Ended()
        begun.append(asked.fragment_id)

    monkeypatch.setattr(AppSession, "_create_scriptrunner", begin)
    assert send_all_that_was_drawn()
    return begun


@asynccontextmanager
async def session_that_drew() -> AsyncIterator[tuple[AppSession, ForwardMsg]]:
    """A session with a last message that its loop comes to at the end."""
    session = AppSession(ScriptData("app.py", False), Mock(), Mock(), None, {})
    session.has_fragment = lambda name: name == "bar"
    session._scriptrunner = runner = Ended()
    drawn = ForwardMsg()
    drawn.delta.new_element.markdown.body = "the end of the page"
    session._on_scriptrunner_event(runner, ScriptRunnerEvent.ENQUEUE_FORWARD_MSG, forward_msg=drawn)
    yield session, drawn
    session._script_event_loop.close()


def in_a_loop(room: Callable[[], Coroutine]) -> None:
    """In a thread of its own: in this one Playwright's loop runs once a browser was driven."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(room())).result()


async def what_waits() -> None:
    """Let the loop come to all that is there, and to what that has added."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def test_a_fragment_that_is_asked_for_at_a_runs_end_loses_nothing_of_it(begun):
    async def room():
        async with session_that_drew() as (session, drawn):
            session.request_rerun(FRAGMENT)
            await what_waits()
            assert session._browser_queue.flush() == [drawn]

    in_a_loop(room)
    assert begun == ["bar"]


def test_without_the_mend_streamlit_would_lose_it(monkeypatch):
    """Once it fails, a newer version has no need of the mend."""
    original = AppSession._create_scriptrunner
    begin = getattr(original, "__wrapped__", original)
    monkeypatch.setattr(AppSession, "_create_scriptrunner", begin)
    monkeypatch.setattr("streamlit.runtime.app_session.ScriptRunner.start", lambda _: None)

    async def room():
        async with session_that_drew() as (session, _):
            session.request_rerun(FRAGMENT)
            await what_waits()
            assert session._browser_queue.flush() == []

    in_a_loop(room)


def test_a_page_that_was_asked_for_meanwhile_takes_the_fragment_up(begun):
    async def room():
        async with session_that_drew() as (session, _):
            session.request_rerun(FRAGMENT)
            session._scriptrunner = page = Ended(takes=True)
            await what_waits()
            assert page.asked == ["bar"]

    in_a_loop(room)
    assert begun == []


def test_a_session_that_ends_meanwhile_begins_nothing(begun):
    async def room():
        async with session_that_drew() as (session, _):
            session.request_rerun(FRAGMENT)
            session._state = AppSessionState.SHUTDOWN_REQUESTED
            await what_waits()

    in_a_loop(room)
    assert begun == []


def test_a_page_that_is_asked_for_begins_at_once(begun):
    async def room():
        async with session_that_drew() as (session, _):
            session.request_rerun(ClientState())
            assert begun == [None]

    in_a_loop(room)


def test_what_is_mended_once_is_left_as_it_is(begun):
    mended = AppSession._create_scriptrunner
    assert send_all_that_was_drawn()
    assert AppSession._create_scriptrunner is mended


# -- what moves -------------------------------------------------------------------------------


@pytest.fixture
def queue(monkeypatch):
    """What is to be sent, where Streamlit is mended."""
    clear = ForwardMsgQueue.clear
    monkeypatch.setattr(ForwardMsgQueue, "clear", getattr(clear, "__wrapped__", clear))
    assert keep_charts_that_a_page_has_drawn()
    assert keep_charts_that_a_page_has_drawn()  # once is enough
    return ForwardMsgQueue()


def a_page_with_a_chart(queue, *, ends):
    """Enqueued as a run of the whole page does, or only the fragment that draws the chart."""
    chart, end = ForwardMsg(), ForwardMsg()
    chart.metadata.delta_path[:] = [0, 2]
    chart.delta.fragment_id = "live"
    chart.delta.new_element.markdown.body = "the chart"
    end.script_finished = getattr(ForwardMsg.ScriptFinishedStatus, ends)
    queue.enqueue(chart)
    queue.enqueue(end)
    return chart, end


def test_a_chart_of_a_page_that_is_not_sent_yet_is_sent_though_it_moves_again(queue):
    sent = a_page_with_a_chart(queue, ends="FINISHED_SUCCESSFULLY")
    queue.clear(True, ["live"])  # as its next run does
    moved, _ = a_page_with_a_chart(queue, ends="FINISHED_FRAGMENT_RUN_SUCCESSFULLY")
    found = queue.flush()
    assert found[:2] == list(sent)
    assert found[2] is moved  # after the page, and not in the place of what it drew
    assert queue.is_empty()


def test_without_the_mend_the_page_would_end_without_its_chart(queue, monkeypatch):
    """Once it fails, a newer version has no need of the mend."""
    monkeypatch.setattr(ForwardMsgQueue, "clear", ForwardMsgQueue.clear.__wrapped__)
    _, end = a_page_with_a_chart(queue, ends="FINISHED_SUCCESSFULLY")
    queue.clear(True, ["live"])
    assert queue.flush() == [end]


def test_of_a_chart_that_moves_by_itself_the_newest_is_sent_alone(queue):
    a_page_with_a_chart(queue, ends="FINISHED_FRAGMENT_RUN_SUCCESSFULLY")
    queue.clear(True, ["live"])
    moved, _ = a_page_with_a_chart(queue, ends="FINISHED_FRAGMENT_RUN_SUCCESSFULLY")
    assert [message for message in queue.flush() if message.HasField("delta")] == [moved]


def test_a_page_that_runs_again_takes_nothing_of_the_last_run_along(queue):
    a_page_with_a_chart(queue, ends="FINISHED_SUCCESSFULLY")
    queue.clear(True)
    (end,) = queue.flush()
    assert end.script_finished == ForwardMsg.ScriptFinishedStatus.FINISHED_EARLY_FOR_RERUN


# -- downloads ------------------------------------------------------------------------------


@pytest.fixture
def files(monkeypatch, clock):
    """The files of a server where Streamlit is mended, seen by a session of its own."""
    unused = MediaFileManager._get_inactive_file_ids
    whole = getattr(unused, "__wrapped__", unused)
    monkeypatch.setattr(MediaFileManager, "_get_inactive_file_ids", whole)
    monkeypatch.setattr(media_file_manager, "_get_session_id", lambda: "the teacher's")
    assert keep_what_is_to_be_fetched(clock)
    assert keep_what_is_to_be_fetched(clock)  # once is enough
    return MediaFileManager(MemoryMediaFileStorage("/media"))


def name_of(url):
    return url.rpartition("/")[2].partition(".")[0]


def test_a_file_made_for_a_download_is_there_for_a_minute_whoever_runs_meanwhile(files, clock):
    placeholder = files.add_deferred(lambda: b"a class", "application/zip", "1.2")
    made = name_of(files.execute_deferred(placeholder))
    for clock.now in (0.0, 0.1, 0.2, 59.0):
        files.remove_orphaned_files()
        assert files.read_file(made).content == b"a class"
    clock.now = 61.0
    files.remove_orphaned_files()
    files.remove_orphaned_files()
    assert files.read_file(made) is None


def test_one_that_is_made_again_is_there_for_another_minute(files, clock):
    placeholder = files.add_deferred(lambda: b"a class", "application/zip", "1.2")
    made = name_of(files.execute_deferred(placeholder))
    files.remove_orphaned_files()
    clock.now = 50.0
    assert name_of(files.execute_deferred(placeholder)) == made
    for clock.now in (51.0, 100.0):
        files.remove_orphaned_files()
        files.remove_orphaned_files()
    assert files.read_file(made).content == b"a class"


def test_pictures_go_as_soon_as_no_page_shows_them(files):
    shown = name_of(files.add(b"\x89PNG", "image/png", "1.3"))
    files.remove_orphaned_files()
    assert files.read_file(shown) is not None
    files.clear_session_refs()
    files.remove_orphaned_files()
    assert files.read_file(shown) is None
