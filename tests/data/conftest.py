"""What the tests of texts share: a home of their own, so that no test sees the user's files."""

from pathlib import Path

import pytest
from hypothesis import settings

# A deadline measures the machine that runs the tests, not the code.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    monkeypatch.setenv("UNROLL_HOME", str(folder))
    return folder
