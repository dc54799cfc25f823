"""What the C library does with memory that was freed. Knows nothing of who asks for it.

glibc gives threads heaps of their own, up to eight a core, and what is free in one serves no other.
A server's pages and runs are threads that come and go, each with arrays: after five minutes of
thirty people a fifth of its memory was free in one heap or another. Copies of weights, 50 kB for
100 nodes, come and go between what stays and leave holes, too small to give back: 97 MB after five
minutes, and 27 where blocks of that size lie apart. Other C libraries than glibc are left alone.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from functools import cache

_HEAPS = 2
# Bytes: a block of so many lies apart, and goes back to the machine as soon as it is freed. A step
# of torch on the CPU, where its arrays are as large, takes some 5 % longer than with eight times
# as many.
_LARGE = 32 * 1024
_ARENA_MAX, _MMAP_THRESHOLD = -8, -3  # of malloc.h


@cache
def share_heaps() -> bool:
    """Let all threads that begin from now on share two heaps; whether that could be done.

    To be called before there are many: threads go on sharing all heaps that there are, and with
    more than eight of them glibc does not ask again how many are wanted. It is not done where the
    environment says how many there are to be.
    """
    mallopt = _of_glibc("mallopt")
    if mallopt is None or "MALLOC_ARENA_MAX" in os.environ:
        return False
    return bool(mallopt(_ARENA_MAX, _HEAPS) and mallopt(_MMAP_THRESHOLD, _LARGE))


def give_back() -> None:
    """Give back what is free within the heaps; takes milliseconds, and other threads go on."""
    trim = _of_glibc("malloc_trim")
    if trim is not None:
        trim(ctypes.c_size_t(0))


def _of_glibc(name: str) -> Callable[..., int] | None:
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
