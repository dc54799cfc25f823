"""What the page tests share: a server of their own, empty again after each test."""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner

from core.classroom.visitor import Visitor
from core.errors import UnrollError
from core.paths import cache_home
from core.storage.recorded import RecordedRuns
from dashboard import visitor
from dashboard.server import library, manager


@pytest.fixture
def own_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No run outlasts its test."""
    monkeypatch.setenv("UNROLL_SLOTS", "2")  # whatever this machine has
    # AppTest looks through all installed packages at every run: half of these tests' time.
    monkeypatch.setattr(manifest_scanner, "scan_component_manifests", list)
    yield
    with suppress(UnrollError):  # a test of a folder that cannot be made has no runs
        manager().stop_all()
        library().close()
    st.cache_resource.clear()


@pytest.fixture(scope="session")
def _unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder with the recorded runs, which takes as long as several pages."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNROLL_HOME", str(tmp_path_factory.mktemp("unpacked")))
        RecordedRuns().close()
        return cache_home()


@pytest.fixture
def recordings(_unpacked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There are the recorded runs, as for whoever starts Unroll, and they are unpacked."""
    monkeypatch.delenv("UNROLL_RECORDED")
    shutil.copytree(_unpacked, cache_home(), dirs_exist_ok=True)


@pytest.fixture
def as_(monkeypatch):
    """Go on as somebody else, at a server of many."""

    def become(browser, *, teacher=False, shared=True):
        monkeypatch.setattr(visitor, "who", lambda: Visitor(browser, shared, teacher))
        monkeypatch.setattr(visitor, "shared", lambda: shared)

    become("a" * 64)
    return become
