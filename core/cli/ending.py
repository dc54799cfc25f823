"""How a command ends: its exit status, and what becomes of an answer that nobody takes.

Knows no command.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from core.errors import UnrollError

DONE = 0
IN_PART = 1
REFUSED = 2
INTERRUPTED = 130  # as a shell has it for a program that SIGINT ended: 128 + 2
UNREAD = 141  # and for SIGPIPE: 128 + 13


def managed(action: Callable[[], object]) -> bool:
    """Do one of several things; whether it could be done. If not, stderr has the reason."""
    try:
        action()
    except UnrollError as error:
        print(error, file=sys.stderr)
        return False
    return True


def status_of(done: Iterable[bool]) -> int:
    """The exit status after several things, each of which was done or not."""
    done = list(done)
    if all(done):
        return DONE
    return IN_PART if any(done) else REFUSED


def heard(command: Callable[[], int]) -> int:
    """Run a command whose output may find no reader, or no room; returns the exit status.

    A reader that went (`| head`) is nobody's error: the end is silent. A full disk is told on
    stderr.
    """
    with _listening("stdout") as answer, _listening("stderr") as remarks:
        try:
            try:
                return command()
            finally:
                for stream in (answer, remarks):
                    stream.flush()
        except _Unheard as error:
            if error.errno == errno.EPIPE:
                return UNREAD
            with suppress(_Unheard):
                remarks.write(
                    f"The answer could not be written ({error.strerror}): make room there, or "
                    "send it elsewhere.\n"
                )
            return IN_PART


class _Unheard(OSError):
    """Standard output or error takes no more. Told from errors of other files by its class."""


class _Told:
    """Standard output or error, None where it was closed from the start."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self._lost: _Unheard | None = None

    def write(self, text: str) -> int:
        """As a stream does."""
        with self._unheard():
            return self._stream.write(text) if self._stream else len(text)

    def flush(self) -> None:
        """As a stream does."""
        with self._unheard():
            if self._stream:
                self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @contextmanager
    def _unheard(self) -> Iterator[None]:
        if self._lost:  # argparse, for one, makes nothing of the first time
            raise self._lost
        try:
            yield
        except OSError as error:
            if self._stream:  # what is left in its buffer would fail again when Python ends
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, self._stream.fileno())
                os.close(nowhere)
            self._lost = _Unheard(error.errno, error.strerror)
            raise self._lost from None


@contextmanager
def _listening(name: str) -> Iterator[_Told]:
    """Let one of the two streams be told from other files while a command runs."""
    before = getattr(sys, name)
    told = _Told(before)
    setattr(sys, name, told)
    try:
        yield told
    finally:
        setattr(sys, name, before)
