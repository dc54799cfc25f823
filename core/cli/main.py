"""Finds the command, runs it, and turns every expected error into one sentence.

Exit status: 0 done, 1 done in part, 2 a bad option or file, 130 interrupted before anything
was done.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from core.cli import probe, runs, sample, surprise, sweep, train, warm
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


class _Parser(argparse.ArgumentParser):
    """An argument parser that complains in one line."""

    def error(self, message: str) -> NoReturn:
        words = " ".join(map(shown, message.split()))  # some are the user's
        self.exit(2, f"{self.prog}: {words}; --help lists what is allowed.\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; returns the exit status."""
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
        return 2
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
