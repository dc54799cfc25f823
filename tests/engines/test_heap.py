"""How many heaps the C library gives to many threads, and what it gives back."""

import os
import platform
import subprocess
import sys

import psutil
import pytest

from core.engines.heap import give_back, share_heaps

HEAPS = """
import ctypes, re, sys
from threading import Barrier, Thread

from core.engines.heap import share_heaps

assert share_heaps() or "alone" in sys.argv
here = Barrier(9)


def allocate():
    kept = bytearray(20_000)
    here.wait()
    here.wait()


threads = [Thread(target=allocate) for _ in range(8)]
for thread in threads:
    thread.start()
here.wait()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
told = libc.fopen(sys.argv[1].encode(), b"w")
libc.malloc_info(0, ctypes.c_void_p(told))
libc.fclose(ctypes.c_void_p(told))
here.wait()
print(len(re.findall("<heap nr", open(sys.argv[1]).read())))
"""


def environment():
    """This one, without what it says of heaps."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}


def heaps_of_eight_threads(tmp_path, *arguments, **more):
    command = [sys.executable, "-c", HEAPS, str(tmp_path / "heaps.xml"), *arguments]
    ended = subprocess.run(
        command, env=environment() | more, capture_output=True, text=True, check=True
    )
    return int(ended.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of glibc alone")
def test_eight_threads_share_two_heaps_unless_the_environment_says_how_many(tmp_path):
    assert heaps_of_eight_threads(tmp_path) == 2
    assert heaps_of_eight_threads(tmp_path, "alone", MALLOC_ARENA_MAX="5") == 5


def test_other_systems_are_left_alone(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not share_heaps.__wrapped__()


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of glibc alone")
def test_what_is_free_between_blocks_in_use_goes_back_to_the_machine():
    pieces = [bytearray(20_000) for _ in range(5_000)]  # too small to be given back one by one
    del pieces[:-1]  # those below the last one could not shrink the heap
    before = psutil.Process().memory_info().rss
    give_back()
    assert psutil.Process().memory_info().rss < before - 50_000_000


BETWEEN = """
import psutil

from core.engines.heap import share_heaps

share_heaps()
copies, kept = [], []
for _ in range(1_000):  # of the weights of 100 nodes, and what is noted beside each
    copies.append(bytearray(50_800))
    kept.append(bytearray(600))
before = psutil.Process().memory_info().rss
del copies
print(before - psutil.Process().memory_info().rss)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of glibc alone")
def test_copies_of_weights_leave_no_holes_between_what_stays():
    command = [sys.executable, "-c", BETWEEN]
    ended = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    assert int(ended.stdout) > 45_000_000
