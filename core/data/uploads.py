"""Reading a text that somebody brings along: plain, gzipped or zipped, and refusing the rest.

Knows nothing of the alphabet or of training; what comes out is the text as it was written. A
file is judged by its first bytes, never by its name, and is read within the bounds of
`core/bounded.py`.
"""

from __future__ import annotations

import codecs
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from core import bounded
from core.errors import TextError, shown
from core.paths import opened

MAX_BYTES = 200_000_000
"""The most bytes a text may have, before and after unpacking; a digit counts as the four at least
that it has when it is spelled out."""
ENCODINGS = {"utf-8": "UTF-8", "latin-1": "Latin-1", "cp1252": "Windows-1252"}
"""What a text may be encoded in, and what people call it. UTF-8 stands for UTF-16 and UTF-32, too,
whose mark at the start tells them."""

_DIGITS = b"0123456789"
_MARKS = {  # the longer ones first: that of UTF-32 begins as that of UTF-16
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    codecs.BOM_UTF8: "utf-8",
}
_KNOWN_BINARIES = {
    b"%PDF-": "a PDF document",
    b"{\\rtf": "an RTF document",
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF87a": "a GIF picture",
    b"GIF89a": "a GIF picture",
    b"\x7fELF": "a program",
}
_KNOWN_ARCHIVES = {
    b"\x1f\x8b": "a gzip archive",
    b"PK\x03\x04": "a zip archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!\x1a\x07": "a RAR archive",
    b"BZh91AY&SY": "a bzip2 archive",
    b"\xfd7zXZ\x00": "an xz archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
}


def read_text_file(path: str | Path, limit: int = MAX_BYTES, encoding: str = "utf-8") -> str:
    """The text in a file, as `read_text_bytes` reads it.

    Raises:
        TextError: there is no such file, it may not be read, or it holds no text.
    """
    path = Path(os.path.expanduser(path))  # unlike Path's own, never an error
    name = shown(path)
    try:
        with opened(path) as file:
            return _read(file, path.name, limit, encoding)
    except FileNotFoundError:
        raise TextError(f"There is no file {name}: check the path.") from None
    except IsADirectoryError:
        raise TextError(f"{name} is a folder: name a text file in it.") from None
    except PermissionError:
        raise TextError(f"{name} may not be read: change its permissions, or copy it.") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL character in the path
        reason = getattr(error, "strerror", None) or error
        raise TextError(f"{name} cannot be read ({reason}): check the path.") from None


def read_text_bytes(data: bytes, name: str, limit: int = MAX_BYTES, encoding: str = "utf-8") -> str:
    """The text in a file's bytes, plain or in a gzip or zip file.

    A zip file must hold one file, or one whose name ends in .txt. An archive inside an archive
    is not opened.

    Args:
        data: the file's.
        name: what messages call it.
        limit: as `MAX_BYTES`.
        encoding: one of `ENCODINGS`, for a text without a mark that tells it.

    Raises:
        TextError: the bytes are empty, too many, damaged, or no text in this encoding.
    """
    return _read(io.BytesIO(data), name, limit, encoding)


def shown_name(name: str) -> str:
    """A file name fit for a message or a title: no folders, and otherwise as `shown`."""
    return shown(name.replace("\\", "/").rstrip("/").rpartition("/")[2]) or "the file"


def _read(file: BinaryIO, name: str, limit: int, encoding: str) -> str:
    name = shown_name(name)
    data = bytearray()
    try:
        for piece in _unpacked(file, name, limit):
            data += piece
    except bounded.TooMuch:
        raise TextError(
            f"{name} holds more than {limit:,} characters with its digits spelled out: cut it, "
            "or choose another."
        ) from None
    except bounded.Encrypted:
        raise TextError(f"{name} is encrypted: pack the text without a password.") from None
    except bounded.OddlyPacked:
        raise TextError(
            f"{name} is packed by an unusual method: pack it with ordinary zip."
        ) from None
    except bounded.Refused:
        raise TextError(
            f"{name} is a damaged archive: pack it again, or upload the plain text."
        ) from None
    return _decoded(data, name, encoding)


def _unpacked(file: BinaryIO, name: str, limit: int) -> Iterator[bytes]:
    head = file.read(4)
    file.seek(0)
    if head.startswith(b"\x1f\x8b"):
        yield from bounded.gzip_chunks(file, limit, _weight)
    elif head in (b"PK\x03\x04", b"PK\x05\x06"):  # the second is a zip without files
        with bounded.Archive(file) as archive:
            yield from archive.chunks(_only_text(archive.names, name), limit, _weight)
    else:
        yield from bounded.chunks(file.read, limit, _weight)


def _weight(chunk: bytes) -> int:
    return len(chunk) + 3 * (len(chunk) - len(chunk.translate(None, _DIGITS)))


def _only_text(files: list[str], name: str) -> str:
    texts = [member for member in files if member.lower().endswith(".txt")]
    if not files:
        raise TextError(f"{name} is a zip file without any file in it: pack one text file.")
    if len(files) > 1 and len(texts) != 1:
        raise TextError(
            f"{name} is a zip file with {len(files)} files, {len(texts)} of them .txt: "
            "pack a single text file."
        )
    return files[0] if len(files) == 1 else texts[0]


def _decoded(data: bytearray, name: str, encoding: str) -> str:
    if not data:
        raise TextError(f"{name} is empty: choose a file with text in it.")
    for magic, kind in _KNOWN_BINARIES.items():
        if data.startswith(magic):
            raise TextError(f"{name} holds {kind}: save it as plain text in UTF-8.")
    for magic, kind in _KNOWN_ARCHIVES.items():
        if data.startswith(magic):
            raise TextError(
                f"{name} holds {kind}, which is not unpacked: unpack it, and choose the text in it."
            )
    marked = next((kind for mark, kind in _MARKS.items() if data.startswith(mark)), None)
    zero = data.find(b"\0") if marked in (None, "utf-8") else -1
    if zero >= 0:
        raise TextError(
            f"{name} is not a text (a zero byte at offset {zero:,}): choose a plain text file."
        )
    try:
        # utf-8-sig would drop the mark too, but then count an error's offset without it.
        return data.decode(marked or encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        called = marked.upper() if marked else ENCODINGS[encoding]
        raise TextError(
            f"{name} is not {called} (byte 0x{data[error.start]:02X} at offset "
            f"{error.start:,}): name its encoding, latin-1 or cp1252, or save it in UTF-8."
        ) from None
