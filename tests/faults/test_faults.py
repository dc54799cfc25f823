"""Faults that cut across rooms, each really provoked: a sentence, little memory, and no trace.

A row of `BOMBS` is a file that would fill the memory, one of `TOO_MUCH` a wish.
The other tests are about disks and bytes.
"""

import errno
import gzip
import io
import os
import random
import sqlite3
import subprocess
import tracemalloc
import zipfile
from contextlib import closing, suppress
from types import SimpleNamespace

import psutil
import pytest

from core.cli.main import main
from core.data.own_text import take_file
from core.errors import StoreError, UnrollError, shown
from core.paths import data_home
from core.storage.locks import FileLock
from core.storage.store import Store
from core.storage.zip_export import export_run
from core.storage.zip_format import PROBE_FIGURES
from core.storage.zip_import import import_run
from dashboard.library import Library

TINY = ("--steps=12", "--nodes=4", "--batch-size=4", "--unrollings=5", "--report-every=6")
MEGABYTE = 2**20


@pytest.fixture
def trained(tmp_path):
    """The id of a run in the user's store, on a text of the user's own."""
    path = tmp_path / "notes.txt"
    path.write_text("Für große Leute: the cat sat on the mat. " * 40, encoding="utf-8")
    assert main(["train", "--text", str(path), "--device=cpu", "--probe-every=6", *TINY]) == 0
    with closing(Store()) as store:
        return store.runs()[0].id


@pytest.fixture
def exported(trained):
    """That run as a .zip."""
    file = io.BytesIO()
    with closing(Store()) as store:
        export_run(store, trained, file)
    return file.getvalue()


def with_member(archive, name, pieces, method=zipfile.ZIP_DEFLATED):
    """The archive with another member in the place of one."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(out, "w", method) as new:
        for member in old.namelist():
            if member != name:
                new.writestr(member, old.read(member))
        with new.open(name, "w") as file:
            for piece in pieces:
                file.write(piece)
    return out.getvalue()


# -- what would fill the memory --------------------------------------------------------------

COLUMNS = (*PROBE_FIGURES, *(f"flow_{lag}" for lag in range(101)))
BOMBS = {
    "bzip2": ("config.json", [b" " * MEGABYTE] * 100, zipfile.ZIP_BZIP2, "another method"),
    "brackets": ("config.json", [b"[],"] * 1_100_000, 8, "more than 1,000,000 values"),
    "blanks": ("config.json", [b" " * MEGABYTE] * 33, 8, "more than 32 MB"),
    "events": ("events.json", [b" " * MEGABYTE] * 5, 8, "more than 4 MB"),
    "one line": ("metrics.csv", [b"0," * 500_000] * 20, 8, "a line of more than 65,536 bytes"),
    "figures": (
        "probes.csv",
        [f"{','.join(COLUMNS)}\n".encode(), *[b",".join([b"0"] * len(COLUMNS)) + b"\n"] * 25_000],
        8,
        "more than 2,500,000 figures",
    ),
    "a text": ("text.txt", [b"a" * MEGABYTE] * 20, 8, "more than 19 MB"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_an_archive_is_refused_before_it_fills_the_memory(exported, name):
    member, pieces, method, words = BOMBS[name]
    bomb = with_member(exported, member, pieces, method)
    with closing(Store()) as store:
        tracemalloc.start()
        try:
            with pytest.raises(StoreError, match=words):
                import_run(store, bomb)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert len(store.runs()) == 1
    assert peak < 150 * MEGABYTE


def test_digits_that_would_be_spelled_out_are_counted_while_they_unpack(tmp_path):
    path = tmp_path / "sevens.gz"
    with gzip.open(path, "wb", 1) as file:
        for _ in range(190):
            file.write(b"7" * 1_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(UnrollError, match="more than 200,000,000 characters with its digits"):
            take_file(path)
        assert tracemalloc.get_traced_memory()[1] < 120 * MEGABYTE
    finally:
        tracemalloc.stop()


@pytest.mark.skipif(os.name != "posix", reason="devices and pipes are POSIX's")
@pytest.mark.parametrize("thing", ["/dev/zero", "pipe"])
def test_what_has_no_end_is_not_imported(thing, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    assert main(["runs", "import", thing]) == 2
    assert "it is not a regular file" in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="devices and pipes are POSIX's")
@pytest.mark.parametrize("option", ["--output", "--script"])
@pytest.mark.parametrize("thing", ["/dev/full", "pipe", "link"])
def test_nothing_is_exported_over_what_is_no_file(trained, option, thing, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    os.symlink("pipe", "link")
    before = os.lstat(thing).st_mode
    assert main(["runs", "export", trained, option, thing]) == 2
    assert os.lstat(thing).st_mode == before


def test_no_damage_to_an_archive_gets_past_the_sentences(exported):
    chance = random.Random(5)
    with closing(Store()) as store:
        for _ in range(100):
            damaged = bytearray(exported)
            for _ in range(chance.randint(1, 3)):
                damaged[chance.randrange(len(damaged))] = chance.randrange(256)
            with suppress(UnrollError):
                import_run(store, bytes(damaged))


# -- what would take hours, or more than the machine has -------------------------------------

TOO_MUCH = {
    "a configuration too big": (
        ("train", "--unrollings=200", "--batch-size=1024", "--nodes=1024", "--no-store"),
        "unrollings=200 with batch_size=1024 and nodes=1024 needs about ",
    ),
    "cells too big for so many workers": (
        ("sweep", "--lags=100", "--batch-size=1024", "--nodes=1024", "--seeds=4", "--workers=2"),
        "in each of 2 workers needs about ",
    ),
    "too many workers": (("sweep", "--workers=100000"), "workers=100,000 is not allowed"),
    "too many cells": (
        ("sweep", "--seeds=50", f"--lags={','.join(map(str, range(1, 101)))}"),
        "the grid has 10,000 cells; 2,000 are allowed",
    ),
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_what_is_too_much_is_refused_before_anything_is_allocated(name, monkeypatch, capsys):
    command, words = TOO_MUCH[name]
    half = SimpleNamespace(available=500 * MEGABYTE)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: half)
    tracemalloc.start()
    try:
        assert main([*command]) == 2
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    refusal = capsys.readouterr().err
    assert words in refusal
    assert len(refusal.splitlines()) == 1
    assert peak < 400 * MEGABYTE


# -- wrong bytes and disks that take no more -------------------------------------------------


def test_flipped_bytes_in_the_store_are_sentences(trained, tmp_path, capsys):
    path = data_home() / "runs.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole, chance = path.read_bytes(), random.Random(7)
    for number in range(200):
        for part in data_home().glob("runs*sqlite*"):
            part.unlink()
        damaged = bytearray(whole)
        # Every other time among the names and the list, where little is blank.
        damaged[chance.randrange(len(whole) if number % 2 else 12_000)] ^= chance.randrange(1, 256)
        path.write_bytes(damaged)
        target = str(tmp_path / "out.zip")
        for command in (["list"], ["show", trained], ["export", trained, target]):
            assert main(["runs", *command]) in (0, 1, 2)


def test_a_wrong_byte_in_a_name_sets_the_store_aside_and_the_product_goes_on(trained, capsys):
    path = data_home() / "runs.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path.write_bytes(path.read_bytes().replace(b"configurations", b"configuration\xe2"))
    capsys.readouterr()
    assert main(["runs", "list"]) == 0
    printed = capsys.readouterr()
    assert "It was set aside as runs-damaged-" in printed.err
    assert "There are no runs yet" in printed.out
    assert len(list(data_home().glob("runs-damaged-*.sqlite"))) == 1


def test_a_damaged_row_costs_one_run_and_not_the_list(trained, capsys):
    main(["train", "--device=cpu", *TINY])
    with closing(sqlite3.connect(data_home() / "runs.sqlite")) as connection:
        connection.execute("UPDATE runs SET status = 'run?ing' WHERE id = ?", (trained,))
        connection.commit()
    capsys.readouterr()
    assert main(["runs", "list"]) == 1
    printed = capsys.readouterr()
    assert f"What the list knows of run {trained} is damaged" in printed.err
    assert len(printed.out.splitlines()) == 2


def read_only(monkeypatch):
    """Every disk on which a store lies takes no more, whoever asks."""

    def refuse(self, *, wait):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(FileLock, "acquire", refuse)


def test_a_store_on_a_read_only_disk_can_be_read_and_exported(
    trained, tmp_path, monkeypatch, capsys
):
    read_only(monkeypatch)
    monkeypatch.chdir(tmp_path)
    capsys.readouterr()
    for command in ("list", "show", "export"):
        assert main(["runs", command, *([] if command == "list" else [trained])]) == 0
    assert zipfile.is_zipfile(tmp_path / f"{trained}.zip")
    for command in (["runs", "delete", trained], ["train", *TINY]):
        assert main(command) == 2
        assert "cannot be written (Read-only file system)" in capsys.readouterr().err


def test_a_page_over_a_read_only_store_shows_its_runs_and_records_none(trained, monkeypatch):
    read_only(monkeypatch)
    library = Library()
    try:
        assert [row.id for row in library.shelf().runs()] == [trained]
        assert library.writer is None
        assert "Runs are not recorded: of a long one the last 524,288 steps" in library.problem
    finally:
        library.close()


@pytest.mark.skipif(os.name != "posix", reason="an open file cannot be deleted elsewhere")
def test_a_page_over_a_store_that_was_deleted_shows_the_one_that_is_there(trained):
    library = Library()
    try:
        assert library.stored(trained).snapshot.step == 12
        library.shelf().path.unlink()
        assert library.shelf().runs() == []
        assert library.stored(trained) is None
        (notice,) = library.notices
        assert "was deleted or replaced while the dashboard or a command had it open" in notice
    finally:
        library.close()


@pytest.fixture
def full_disk(tmp_path):
    """A folder on a disk of its own of three megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)]
    if os.name != "posix" or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("only the administrator may mount a disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_store_on_a_full_disk_can_be_read_and_exported(
    full_disk, exported, tmp_path, monkeypatch, capsys
):
    with closing(Store(full_disk)) as store:
        run_id = import_run(store, exported)
    monkeypatch.setenv("UNROLL_HOME", str(full_disk))
    with suppress(OSError), open(full_disk / "fill", "wb", buffering=0) as file:
        while file.write(bytes(1_024)):
            pass
    assert main(["runs", "list"]) == 0
    assert run_id in capsys.readouterr().out
    assert main(["runs", "export", run_id, "-o", str(tmp_path / "out.zip")]) == 0
    assert zipfile.is_zipfile(tmp_path / "out.zip")


def test_metrics_on_a_full_disk_lack_rows_and_cost_no_training(full_disk, capsys):
    metrics = full_disk / "m.csv"
    with suppress(OSError), open(full_disk / "fill", "wb", buffering=0) as file:
        while file.write(bytes(1_024)):
            pass
    assert main(["train", "--device=cpu", *TINY, "--metrics", str(metrics)]) == 1
    printed = capsys.readouterr()
    assert printed.out.startswith("finished after 12 steps")
    assert printed.err.splitlines()[-1].startswith(
        f"{shown(metrics)} lacks rows, since it could not be written (No space left on device)"
    )


# -- a text of one's own ---------------------------------------------------------------------


def test_a_text_by_path_is_the_same_text_wherever_its_run_goes(
    trained, exported, tmp_path, monkeypatch
):
    (tmp_path / "notes.txt").write_text("Something else altogether. " * 99)
    with closing(Store()) as store:
        row = store.get(trained)
    key = row.config.text
    assert key == f"own:{row.text_sha256[:12]}"
    with zipfile.ZipFile(io.BytesIO(exported)) as archive:
        readme = archive.read("README.txt").decode()
        assert f"text={key}" in readme  # the same as a link
        assert len(archive.read("text.txt")) == row.text_length

    assert main(["runs", "resume", trained, "--steps=20"]) == 0
    monkeypatch.setenv("UNROLL_HOME", str(tmp_path / "elsewhere"))
    (tmp_path / "run.zip").write_bytes(exported)
    assert main(["runs", "import", str(tmp_path / "run.zip")]) == 0
    assert main(["runs", "resume", trained, "--steps=20"]) == 0
    with closing(Store()) as store:
        there = store.get(trained)
    assert (there.config.text, there.text_sha256, there.step) == (key, row.text_sha256, 20)
