"""Options of Streamlit's are read while another thread has its lock."""

from concurrent.futures import ThreadPoolExecutor
from threading import RLock

import streamlit as st
from streamlit import config

from dashboard.server import read_options_without_waiting


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
