"""Finds the command, runs it, and turns every expected error into one sentence.

Exit status: 0 all that was asked is done, 1 it is done in part (a run diverged or was stopped, a
cell failed, one of several runs is not known, an answer found no room), 2 a bad option or file,
130 interrupted before anything was done, 141 the reader of the answer went away.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Sequence
from typing import NoReturn

from core.cli import probe, runs, sample, surprise, sweep, train, warm
from core.cli.ending import INTERRUPTED, REFUSED, heard
from core.cli.signals import terminated_as_interrupted
from core.engines.warm import compile_in_background
from core.errors import UnrollError, shown

_COMMANDS = {
    "train": train,
    "runs": runs,
    "probe": probe,
    "sample": sample,
    "surprise": surprise,
    "sweep": sweep,
    "warm": warm,
}


_LONGEST_COMPLAINT = 400  # characters; the longest list of choices has half as many


class _Parser(argparse.ArgumentParser):
    """An argument parser that complains in one line."""

    def error(self, message: str) -> NoReturn:
        words = " ".join(map(shown, message.split()))  # some are the user's, and may be many
        words = textwrap.shorten(words, _LONGEST_COMPLAINT, placeholder=" …")
        self.exit(REFUSED, f"{self.prog}: {words}; --help lists what is allowed.\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; returns the exit status."""
    return heard(lambda: _run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    parser = _Parser(prog="python -m core", description="Vanilla character RNNs.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, module in _COMMANDS.items():
        summary = str(module.__doc__).splitlines()[0]
        command = commands.add_parser(name, help=summary, description=summary)
        module.add_options(command)
    options = parser.parse_args(arguments)
    if options.command != "warm":
        compile_in_background()
    try:
        with terminated_as_interrupted():
            return _COMMANDS[options.command].run(options)
    except UnrollError as error:
        print(error, file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return INTERRUPTED
