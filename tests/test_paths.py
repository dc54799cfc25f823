"""Folders, and files that are whole or not there."""

import os
from pathlib import Path

import platformdirs
import pytest

from core.errors import UnrollError
from core.paths import (
    cache_home,
    data_home,
    forget_halves,
    opened,
    opened_to_write,
    replacing,
)


def test_unroll_home_holds_everything_and_is_made_when_used(tmp_path, monkeypatch):
    monkeypatch.setenv("UNROLL_HOME", str(tmp_path / "a" / "b"))
    assert not (tmp_path / "a").exists()
    assert data_home() == tmp_path / "a" / "b"
    assert cache_home() == tmp_path / "a" / "b" / "cache"
    assert cache_home().is_dir()


@pytest.mark.parametrize("home", [None, ""])
def test_without_unroll_home_the_platform_chooses(home, tmp_path, monkeypatch):
    if home is None:
        monkeypatch.delenv("UNROLL_HOME", raising=False)
    else:
        monkeypatch.setenv("UNROLL_HOME", home)
    monkeypatch.setattr(platformdirs, "user_data_path", lambda *a, **k: tmp_path / "data")
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda *a, **k: tmp_path / "cache")
    assert data_home() == tmp_path / "data"
    assert cache_home() == tmp_path / "cache"


def test_the_platform_is_asked_for_unroll(tmp_path, monkeypatch):
    monkeypatch.delenv("UNROLL_HOME", raising=False)
    monkeypatch.setattr(Path, "mkdir", lambda *a, **k: None)
    assert "unroll" in data_home().parts
    assert "unroll" in cache_home().parts


def test_a_home_that_cannot_be_made_is_a_sentence(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("UNROLL_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(UnrollError, match=r"cannot be made \(Not a directory\): set UNROLL_HOME"):
        data_home()


def test_a_replaced_file_is_whole_and_leaves_nothing_beside_it(tmp_path):
    path = tmp_path / "new" / "file"
    with replacing(path) as file:
        file.write(b"first")
        assert not path.exists()
    with replacing(path) as file:
        file.write(b"second")
        assert path.read_bytes() == b"first"
    assert path.read_bytes() == b"second"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_a_replaced_file_may_be_read_by_whoever_may_read_new_files(tmp_path):
    (tmp_path / "plain").write_bytes(b"")
    with replacing(tmp_path / "file") as file:
        file.write(b"first")
    plain, replaced = ((tmp_path / name).stat().st_mode for name in ("plain", "file"))
    assert replaced == plain


def test_what_killed_processes_have_left_half_written_is_forgotten_and_what_is_written_stays(
    tmp_path,
):
    with replacing(tmp_path / "now") as file:
        file.write(b"half")
        (now,) = tmp_path.iterdir()
        left = now.with_name(".cafe.part")
        left.write_bytes(b"half")
        os.utime(left, (0, 0))
        forget_halves(tmp_path)
        assert list(tmp_path.iterdir()) == [now]
    forget_halves(tmp_path)
    assert list(tmp_path.iterdir()) == [tmp_path / "now"]


def test_a_block_that_raises_leaves_the_old_file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def break_off() -> None:
        with replacing(path) as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        break_off()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.fixture(params=["pipe", "device", "folder", "a link to one"])
def no_file(request, tmp_path):
    """Something that is no regular file, and must be what it was afterwards."""
    path = tmp_path / "thing"
    if request.param == "pipe":
        os.mkfifo(path)
    elif request.param == "device":
        path.symlink_to(os.devnull)  # only the administrator makes devices
    elif request.param == "folder":
        path.mkdir()
    else:
        os.mkfifo(tmp_path / "pipe")
        path.symlink_to(tmp_path / "pipe")
    before = path.lstat().st_mode, path.stat().st_mode
    yield path
    assert (path.lstat().st_mode, path.stat().st_mode) == before


@pytest.mark.skipif(os.name != "posix", reason="pipes are POSIX's")
def test_only_regular_files_are_read_or_written(no_file):
    reason = "it is a folder|it is not a regular file"
    with pytest.raises(OSError, match=reason):
        opened(no_file)
    with pytest.raises(OSError, match=reason):
        opened_to_write(no_file)
    with pytest.raises(OSError, match=reason), replacing(no_file):
        pytest.fail("the block must not be entered")


@pytest.mark.skipif(os.name != "posix", reason="links need no rights there")
def test_a_link_stays_one_and_what_it_points_to_is_replaced(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there" / "file")
    with replacing(tmp_path / "link") as file:
        file.write(b"text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there" / "file").read_bytes() == b"text"


def test_a_file_that_fills_up_begins_anew(tmp_path):
    (tmp_path / "file").write_text("something longer")
    with opened_to_write(tmp_path / "file") as file:
        file.write("a\r\nb")
    with opened(tmp_path / "file") as file:
        assert file.read() == b"a\r\nb"
