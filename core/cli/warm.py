"""Compile the fast engine ahead of time: for a class image, or before a lesson."""

from __future__ import annotations

import argparse
from time import perf_counter

from core.errors import UnrollError


def add_options(parser: argparse.ArgumentParser) -> None:
    """None."""
    parser.description = (
        "Compiles what the compiled engine runs, which takes some twenty to eighty seconds, and "
        "keeps it in the user's cache folder until this copy of Unroll, Python, its libraries or "
        "the processor is another one. The dashboard, when its first page is opened, and the "
        "other commands do the same in the background; until it is done, torch trains."
    )


def run(options: argparse.Namespace) -> int:
    """Compile; returns the exit status."""
    from core.engines.warm import compile_all
    from core.networks.compiled import cache

    began = perf_counter()
    try:
        compile_all()
    except OSError as error:
        raise UnrollError(
            f"The compiled engine cannot be kept in {cache.folder()} ({error.strerror}): make room "
            "there, or name another folder in UNROLL_COMPILED."
        ) from None
    print(f"The compiled engine is ready, after {perf_counter() - began:.1f} s: {cache.folder()}")
    return 0
