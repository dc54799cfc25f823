"""Bytes from anywhere, counted as they come: nothing is read, unpacked or parsed past a limit.

Every archive, every compressed text and every file from elsewhere is read through here. What a
header says of a size is never believed. Knows nothing of what the bytes mean: whoever asks words
the refusal, for which a `Refused` holds the reason.
"""

from __future__ import annotations

import gzip
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, BinaryIO, Self

_CHUNK = 1 << 20  # bytes that are read at once
_LARGEST_DIRECTORY = 1 << 20  # bytes of a zip's list of members: some 15,000 of them
_END_OF_ZIP = b"PK\x05\x06"
_ZIP64 = b"PK\x06\x07"
_BROKEN = (  # what a damaged archive makes zipfile, gzip and zlib raise
    *(zipfile.BadZipFile, zlib.error, EOFError, OSError),
    *(ValueError, RuntimeError, IndexError, struct.error),
)


class Refused(Exception):
    """What is read is not taken; the message is a clause, such as "it is encrypted"."""


class TooMuch(Refused):
    """It holds more than is allowed."""


class Encrypted(Refused):
    """It needs a password."""


class OddlyPacked(Refused):
    """It is packed by a method that cannot be unpacked within bounds."""


class Damaged(Refused):
    """It is not whole, or not what it begins as."""


def chunks(
    read: Callable[[int], bytes], most: int, weigh: Callable[[bytes], int] = len
) -> Iterator[bytes]:
    """What `read` gives, about a megabyte at a time.

    Args:
        read: takes the number of bytes wanted; gives none at the end.
        most: what all chunks may weigh together.
        weigh: what a chunk counts for; its bytes, if left out.

    Raises:
        TooMuch: they weigh more; the chunk that does is not handed out.
    """
    weight = 0
    while chunk := read(_CHUNK):
        weight += weigh(chunk)
        if weight > most:
            raise TooMuch(f"it holds more than {size(most)}")
        yield chunk


def line_blocks(pieces: Iterable[bytes], longest: int) -> Iterator[bytes]:
    """The same bytes cut at line ends: each block holds whole lines, the last may lack its end.

    Raises:
        TooMuch: a line has more than `longest` bytes.
    """
    rest = b""
    for piece in pieces:
        head, end, rest_of_piece = piece.rpartition(b"\n")
        if end:
            yield rest + head + end
            rest = rest_of_piece
        else:
            rest += piece
        if len(rest) > longest:
            raise TooMuch(f"it has a line of more than {longest:,} bytes")
    if rest:
        yield rest


def parse_json(data: bytes | bytearray, most_values: int) -> Any:
    """The value that JSON spells, if it is not too many values.

    A value may take a hundred times the memory that its text takes, so that values are counted,
    and before anything is parsed: each follows a comma or opens something.

    Raises:
        TooMuch: there may be more than `most_values` values.
        ValueError: it is not JSON in UTF-8, or nested without end.
    """
    if sum(map(data.count, (b",", b"[", b"{"))) > most_values:
        raise TooMuch(f"it holds more than {most_values:,} values")
    try:
        return json.loads(data)
    except RecursionError:
        raise ValueError("nested without end") from None


def gzip_chunks(file: BinaryIO, most: int, weigh: Callable[[bytes], int] = len) -> Iterator[bytes]:
    """What a gzip file unpacks to, as `chunks` counts it.

    Raises:
        TooMuch: it is more than `most`.
        Damaged: it is not whole.
    """
    with gzip.GzipFile(fileobj=file) as unpacked:
        yield from chunks(_guarded(unpacked.read), most, weigh)


class Archive:
    """A zip file whose members can be read within bounds; close it, or use it in a `with`.

    Members that are stored or deflated are read. For the other methods Python cannot stop in the
    middle of a block, however far it expands.

    Args:
        file: open for reading, and left open; it must be seekable.

    Raises:
        Damaged: it is no zip file.
        TooMuch: its list of members is longer than any of ours.
    """

    def __init__(self, file: BinaryIO) -> None:
        try:
            _require_short_directory(file)
            self._zip = zipfile.ZipFile(file)
        except _BROKEN:
            raise Damaged("it is not a whole .zip file") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._zip.close()

    @property
    def names(self) -> list[str]:
        """The files in it, without folders and without what macOS adds to its archives."""
        return [
            name
            for name in self._zip.namelist()
            if not name.endswith("/") and not name.startswith("__MACOSX/")
        ]

    def chunks(self, name: str, most: int, weigh: Callable[[bytes], int] = len) -> Iterator[bytes]:
        """What a member unpacks to, as `chunks` counts it.

        Raises:
            TooMuch: it is more than `most`.
            Encrypted, OddlyPacked, Damaged: it cannot be unpacked.
        """
        member = self._zip.getinfo(name)
        if member.flag_bits & 1:
            raise Encrypted("it is encrypted")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise OddlyPacked("it is packed by another method than ordinary zip")
        if member.file_size > most:  # a header that says too little is found out by counting
            raise TooMuch(f"it holds more than {size(most)}")
        with _unpacking():
            file = self._zip.open(member)
        with file:
            yield from chunks(_guarded(file.read), most, weigh)

    def read(self, name: str, most: int) -> bytes:
        """All of a member.

        Raises:
            Refused: as `chunks`.
        """
        return b"".join(self.chunks(name, most))


def size(most: int) -> str:
    """A number of bytes in words: "64 MB"."""
    return f"{most // 2**20:,} MB" if most >= 2**20 else f"{most:,} bytes"


@contextmanager
def _unpacking() -> Iterator[None]:
    try:
        yield
    except _BROKEN:
        raise Damaged("it is a damaged archive") from None


def _guarded(read: Callable[[int], bytes]) -> Callable[[int], bytes]:
    def guarded(wanted: int) -> bytes:
        with _unpacking():
            return read(wanted)

    return guarded


def _require_short_directory(file: BinaryIO) -> None:
    """zipfile reads the whole list of members at once, whatever its length."""
    start = max(0, file.seek(0, io.SEEK_END) - 2**16 - 22)
    file.seek(start)
    tail = file.read()
    at = tail.rfind(_END_OF_ZIP)
    if at < 0 or at + 22 > len(tail):
        raise Damaged("it is not a whole .zip file")
    length = int.from_bytes(tail[at + 12 : at + 16], "little")
    if length > _LARGEST_DIRECTORY or tail[max(0, at - 20) : max(0, at - 16)] == _ZIP64:
        raise TooMuch("it lists more files than any that is read here")
