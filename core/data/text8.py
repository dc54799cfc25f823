"""text8, fetched once, checked, and kept as a file of ids that opens at once.

Knows nothing of corpora or of training. Three things stand in the cache folder:

    text8.zip        as downloaded; takes its name only after its SHA-256 was right
    text8.ids.json   the length, the CRC-32 and the SHA-256 of the ids
    text8.ids.npy    the ids, uint8; written last and renamed

Whatever is missing or does not match is made again from what stands above it in the list.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.data.alphabet import encode
from core.errors import TextError
from core.paths import cache_home, replacing

Progress = Callable[[int, int], None]
"""Called with the bytes that have arrived and the bytes that will."""

_CHUNK = 1 << 16
_TIMEOUT = (10, 30)  # seconds to connect, and of silence while bytes should come


@dataclass(frozen=True)
class Source:
    """Where a text comes from and what it must be."""

    url: str
    size: int  # bytes of the zip file
    sha256: str  # of the zip file
    member: str  # the file in the zip
    characters: int  # of the member; one byte each
    md5: str  # of the member


TEXT8 = Source(
    url="http://mattmahoney.net/dc/text8.zip",
    size=31_344_016,
    sha256="a6640522afe85d1963ad56c05b0ede0a0c000dddc9671758a6cc09b7a38e5232",
    member="text8",
    characters=100_000_000,
    md5="3bea1919949baf155f99411df5fada7e",
)


def open_text8(
    progress: Progress | None = None, source: Source | None = None
) -> tuple[np.ndarray, str]:
    """The ids of text8 and their SHA-256; downloads and unpacks what is not there yet.

    The ids are a read-only memory map, uint8 of shape `(100_000_000,)`: runs and processes
    that open it share its 100 MB. `progress` is called during a download only, on the calling
    thread; an exception from it abandons the download.

    Raises:
        TextError: text8 could not be fetched, or not stored.
        UnrollError: there is no cache folder and none can be made.
    """
    source = source or TEXT8
    folder = cache_home() / "text8"
    try:
        return _open_ids(folder, source)
    except (OSError, EOFError, ValueError, KeyError, TypeError):
        pass  # not there, or not whole: make it
    archive = _fetch(folder, source, progress)
    ids = _unpack(archive, source)
    try:
        _store_ids(folder, ids)
        return _open_ids(folder, source)
    except OSError as error:
        raise TextError(
            f"text8 could not be stored in {folder} ({error.strerror}): "
            f"make room for {len(ids) / 1e6:.0f} MB there, or set UNROLL_HOME to another folder."
        ) from None


def text8_is_here() -> bool:
    """Whether text8 was fetched before, so that opening it needs no network."""
    return any((cache_home() / "text8").glob("text8.*"))


def _open_ids(folder: Path, source: Source) -> tuple[np.ndarray, str]:
    """Raises OSError, EOFError, ValueError, KeyError or TypeError unless the file is whole."""
    about = json.loads((folder / "text8.ids.json").read_text(encoding="utf-8"))
    # A memory map of a file that is too short is a ValueError.
    ids = np.load(folder / "text8.ids.npy", mmap_mode="r", allow_pickle=False)
    if ids.dtype != np.uint8 or ids.shape != (source.characters,):
        raise ValueError("not the ids of this text")
    # SHA-256 would take several times as long; this finds any damage that is not meant.
    if about["length"] != len(ids) or about["crc32"] != zlib.crc32(ids.data):
        raise ValueError("damaged")
    return ids, str(about["sha256"])


def _store_ids(folder: Path, ids: np.ndarray) -> None:
    about = {
        "length": len(ids),
        "crc32": zlib.crc32(ids.data),
        "sha256": hashlib.sha256(ids.data).hexdigest(),
    }
    with replacing(folder / "text8.ids.json") as file:
        file.write(json.dumps(about).encode())
    with replacing(folder / "text8.ids.npy") as file:
        np.save(file, ids)


def _fetch(folder: Path, source: Source, progress: Progress | None) -> Path:
    # Imported here because they take 0.1 s, and only a first visit needs them.
    import pooch
    import requests

    def download(url: str, output_file: str, _: object) -> None:
        # pooch's own downloader counts a short chunk as a whole one and takes any amount of
        # bytes; this one counts exactly and stops at the first byte too many.
        done = 0
        with (
            requests.get(url, stream=True, timeout=_TIMEOUT) as response,
            open(output_file, "wb") as file,
        ):
            response.raise_for_status()
            for chunk in response.iter_content(_CHUNK):
                file.write(chunk)
                done += len(chunk)
                if done > source.size:
                    raise ValueError("more bytes than the file has")
                if progress:
                    progress(done, source.size)

    pooch.get_logger().setLevel("WARNING")  # it would announce each download on stderr
    try:
        # Downloads to a temporary name and renames it when the hash is right; a file that is
        # there already is taken when its hash is right, and else fetched again.
        path = pooch.retrieve(
            url=source.url,
            known_hash=f"sha256:{source.sha256}",
            fname="text8.zip",
            path=folder,
            downloader=download,
        )
    except requests.HTTPError as error:
        answer = error.response.status_code if error.response is not None else "with an error"
        raise _not_fetched(source, f"the server answered {answer}") from None
    except requests.Timeout:
        raise _not_fetched(source, "the server did not answer in time") from None
    except requests.RequestException:
        raise _not_fetched(source, "there is no connection, or it broke off") from None
    except ValueError:
        raise _not_fetched(source, "what arrived is not the expected file") from None
    except OSError as error:
        raise _not_fetched(source, f"{folder}: {error.strerror}") from None
    return Path(path)


def _not_fetched(source: Source, reason: str) -> TextError:
    return TextError(
        f"text8 could not be fetched from {source.url} ({reason}); "
        "the built-in text and your own files still work."
    )


def _unpack(archive: Path, source: Source) -> np.ndarray:
    """The ids in a zip file whose SHA-256 was right; its own words on sizes are not needed."""
    ids = np.empty(source.characters, dtype=np.uint8)
    digest = hashlib.md5(usedforsecurity=False)
    filled = 0
    try:
        with zipfile.ZipFile(archive) as opened, opened.open(source.member) as member:
            while block := member.read(1 << 20):
                digest.update(block)
                ids[filled : filled + len(block)] = encode(block.decode("latin-1"))
                filled += len(block)
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, TextError):
        filled = -1
    if filled != source.characters or digest.hexdigest() != source.md5:
        raise _not_fetched(source, "the archive does not hold the expected text")
    return ids
