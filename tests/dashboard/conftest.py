"""What the page tests share: a server of their own, empty again after each test."""

from collections.abc import Iterator

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner

from dashboard import session


@pytest.fixture
def own_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No run outlasts its test."""
    # AppTest looks through all installed packages at every run: half of these tests' time.
    monkeypatch.setattr(manifest_scanner, "scan_component_manifests", list)
    yield
    session.manager().stop_all()
    st.cache_resource.clear()
