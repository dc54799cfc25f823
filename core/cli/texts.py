"""The text that a command was given: a file is kept, so that it may change or go afterwards.

Knows nothing of what is done with it.
"""

from __future__ import annotations

import argparse
import sys


def add_encoding(parser: argparse.ArgumentParser) -> None:
    """How a text file is encoded, for every command that takes one."""
    parser.add_argument(
        "--encoding",
        metavar="NAME",
        help="of a text file: utf-8 (default), latin-1 or cp1252; UTF-16 and UTF-32 are known by "
        "their mark",
    )


def text_at_hand(key: str, encoding: str | None) -> str:
    """The key of the text, once a file is kept; says on stderr where much of it is lost.

    Raises:
        TextError: the file cannot be taken.
        ConfigError: the encoding is not known, or the key names no file.
    """
    from core.data.own_text import key_at_hand

    key, warning = key_at_hand(key, encoding)
    if warning:
        print(warning, file=sys.stderr)
    return key
