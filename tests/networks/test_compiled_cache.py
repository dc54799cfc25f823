"""Which folder compiled code is looked for in: never one that numba would not find it in."""

import os
import shutil
from pathlib import Path

import pytest

from core.networks.compiled import cache

SOURCES = Path(cache.__file__).parent


@pytest.fixture
def folder_of(monkeypatch):
    """The name of the folder for sources that lie at a place."""

    def name(place):
        monkeypatch.setattr(cache, "__file__", str(place / "cache.py"))
        return cache.folder.__wrapped__().name

    return name


def test_a_copy_of_the_sources_and_a_touched_or_changed_one_have_folders_of_their_own(
    folder_of, tmp_path
):
    here = folder_of(SOURCES)
    copy = shutil.copytree(SOURCES, tmp_path / "copy", ignore=shutil.ignore_patterns("__pycache__"))
    names = [here, folder_of(copy)]
    os.utime(copy / "update.py", ns=(0, 10**18))
    names.append(folder_of(copy))
    (copy / "update.py").write_text("# another version\n")
    os.utime(copy / "update.py", ns=(0, 10**18))
    names.append(folder_of(copy))
    assert len(set(names)) == 4
    assert folder_of(SOURCES) == here
