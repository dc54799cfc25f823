"""Reading a text that somebody brings along: plain, gzipped or zipped, and refusing the rest.

Knows nothing of the alphabet or of training; what comes out is the text as it was written. A
file is judged by its first bytes, never by its name, and nothing is unpacked past the limit,
whatever its header says about its size.
"""

from __future__ import annotations

import gzip
import io
import os
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from core.errors import TextError

MAX_BYTES = 200_000_000
"""The most bytes a text may have, before and after unpacking."""

_CHUNK = 1 << 20

_KNOWN_BINARIES = {
    b"%PDF-": "a PDF document",
    b"{\\rtf": "an RTF document",
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF87a": "a GIF picture",
    b"GIF89a": "a GIF picture",
    b"\x7fELF": "a program",
    b"\x1f\x8b": "a gzip archive",
    b"PK\x03\x04": "a zip archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!\x1a\x07": "a RAR archive",
    b"BZh91AY&SY": "a bzip2 archive",
    b"\xfd7zXZ\x00": "an xz archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"\xff\xfe": "a text in UTF-16",
    b"\xfe\xff": "a text in UTF-16",
}


def read_text_file(path: str | Path, limit: int = MAX_BYTES) -> str:
    """The text in a file, as `read_text_bytes` reads it.

    Raises:
        TextError: there is no such file, it may not be read, or it holds no text.
    """
    path = Path(os.path.expanduser(path))  # unlike Path's own, never an error
    try:
        if path.is_dir():
            raise TextError(f"{path} is a folder: name a text file in it.")
        # A device or a pipe might never end, or never begin.
        if path.exists() and not path.is_file():
            raise TextError(f"{path} is not an ordinary file: name a text file.")
        with path.open("rb") as file:
            data = _read_up_to(file.read, limit, path.name)
    except FileNotFoundError:
        raise TextError(f"There is no file {path}: check the path.") from None
    except PermissionError:
        raise TextError(f"{path} may not be read: change its permissions, or copy it.") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL character in the path
        reason = getattr(error, "strerror", None) or error
        raise TextError(f"{path} cannot be read ({reason}): check the path.") from None
    return read_text_bytes(data, path.name, limit)


def read_text_bytes(data: bytes, name: str, limit: int = MAX_BYTES) -> str:
    """The text in a file's bytes: UTF-8 with or without a mark, plain or in a gzip or zip file.

    A zip file must hold one file, or one whose name ends in .txt. An archive inside an archive
    is not opened. `name` is used in messages only.

    Raises:
        TextError: the bytes are empty, too many, damaged, or no UTF-8 text.
    """
    name = shown_name(name)
    if len(data) > limit:
        raise _too_big(name, limit)
    if data.startswith(b"\x1f\x8b"):
        data = _from_gzip(data, name, limit)
    elif data.startswith((b"PK\x03\x04", b"PK\x05\x06")):  # the second is a zip without files
        data = _from_zip(data, name, limit)
    return _decoded(data, name)


def shown_name(name: str) -> str:
    """A file name fit for a message or a title: no folders, no control characters, 80 at most."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return "".join(c for c in last if c.isprintable())[:80].strip() or "the file"


def _from_gzip(data: bytes, name: str, limit: int) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            return _read_up_to(file.read, limit, name)
    except (OSError, EOFError, zlib.error):
        raise _damaged(name) from None


def _from_zip(data: bytes, name: str, limit: int) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            member = _only_text(archive, name)
            with archive.open(member) as file:
                return _read_up_to(file.read, limit, name)
    except (zipfile.BadZipFile, OSError, EOFError, zlib.error, ValueError, NotImplementedError):
        raise _damaged(name) from None


def _only_text(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    files = [
        member
        for member in archive.infolist()
        # macOS adds this folder, with a shadow of each file, to the archives it makes.
        if not member.filename.endswith("/") and not member.filename.startswith("__MACOSX/")
    ]
    texts = [member for member in files if member.filename.lower().endswith(".txt")]
    if not files:
        raise TextError(f"{name} is a zip file without any file in it: pack one text file.")
    if len(files) > 1 and len(texts) != 1:
        raise TextError(
            f"{name} is a zip file with {len(files)} files, {len(texts)} of them .txt: "
            "pack a single text file."
        )
    member = files[0] if len(files) == 1 else texts[0]
    if member.flag_bits & 1:
        raise TextError(f"{name} is encrypted: pack the text without a password.")
    # For the other methods zipfile cannot stop in the middle of a block, however far it expands.
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise TextError(f"{name} is packed by an unusual method: pack it with ordinary zip.")
    return member


def _read_up_to(read: Callable[[int], bytes], limit: int, name: str) -> bytes:
    """All of a file in chunks, stopping at the first that passes the limit."""
    data = bytearray()
    while chunk := read(_CHUNK):
        data += chunk
        if len(data) > limit:
            raise _too_big(name, limit)
    return bytes(data)


def _decoded(data: bytes, name: str) -> str:
    if not data:
        raise TextError(f"{name} is empty: choose a file with text in it.")
    for magic, kind in _KNOWN_BINARIES.items():
        if data.startswith(magic):
            raise TextError(f"{name} holds {kind}: save it as plain text in UTF-8.")
    zero = data.find(b"\0")
    if zero >= 0:
        raise TextError(
            f"{name} is not a text (a zero byte at offset {zero:,}): choose a plain text file."
        )
    try:
        # utf-8-sig would drop the mark too, but then count an error's offset without it.
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise TextError(
            f"{name} is not UTF-8 (byte 0x{data[error.start]:02X} at offset {error.start:,}): "
            "save it as plain text in UTF-8."
        ) from None


def _too_big(name: str, limit: int) -> TextError:
    return TextError(f"{name} holds more than {limit:,} bytes of text: cut it, or choose another.")


def _damaged(name: str) -> TextError:
    return TextError(f"{name} is a damaged archive: pack it again, or upload the plain text.")
