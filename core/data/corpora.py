"""Corpora: the texts to train on, found by a short key and held as ids.

Knows nothing of networks, windows or batches. The keys:

    builtin        the English that comes with Python, about 387,000 characters
    text8          100,000,000 characters of Wikipedia, downloaded when first asked for
    latch:<lag>    a made-up text in which a character depends on another `lag` before it;
                   latch:<lag>:<seed> is another draw of it, seed 0 the same one
    own:<12 hex>   a text that `keep` stored, by the first digits of its SHA-256
    anything else  the path of a text file, plain or in a gzip or zip file
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
from collections import deque
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from weakref import WeakValueDictionary

import numpy as np

from core.data.alphabet import decode, encode, ids_of, normalise, normalised_blocks
from core.data.latch import MAX_LAG, latch_of, latch_text
from core.data.text8 import Progress, open_text8
from core.data.uploads import MAX_BYTES, read_text_file, shown_name
from core.errors import TextError, shown
from core.paths import data_home, opened, replacing

_LONGEST_TITLE = 4_096  # bytes of the file that holds it
# The ids of kept texts that somebody holds, by file, its time and its size.
_in_memory: WeakValueDictionary[tuple[str, int, int], np.ndarray] = WeakValueDictionary()
# The newest few are held here, too: a class trains on one text, and between two runs nobody has it.
_newest: deque[np.ndarray] = deque(maxlen=3)
_LONGEST_HELD = 20_000_000  # characters, each a byte


@dataclass(frozen=True, eq=False)
class Corpus:
    """A text as ids, the last part of it held out. Never changes once made."""

    key: str  # finds it again
    title: str  # for people
    ids: np.ndarray  # (len,) uint8, made read-only here
    known_sha256: str | None = None  # spares computing it

    def __post_init__(self) -> None:
        # A plain view of the same memory, also of a memory map: no copy.
        ids = np.ascontiguousarray(self.ids, dtype=np.uint8).view(np.ndarray)
        ids.setflags(write=False)
        object.__setattr__(self, "ids", ids)

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def sha256(self) -> str:
        """Of the ids, in hexadecimal: names the text by its content."""
        return self.known_sha256 or hashlib.sha256(self.ids.data).hexdigest()

    @property
    def held_out(self) -> int:
        """How many characters at the end are never trained on: a twentieth, 100,000 at most."""
        return min(len(self) // 20, 100_000)

    @property
    def training(self) -> np.ndarray:
        """The characters to train on, a view of shape `(len - held_out,)`."""
        return self.ids[: len(self) - self.held_out]

    @property
    def validation(self) -> np.ndarray:
        """The characters held out, a view of shape `(held_out,)`."""
        return self.ids[len(self) - self.held_out :]


def load_corpus(key: str, progress: Progress | None = None) -> Corpus:
    """The corpus that a key names; `progress` follows a download of text8.

    Raises:
        TextError: the key names no text, or the text cannot be fetched or read.
    """
    if key == "builtin":
        return _builtin()
    if key == "text8":
        ids, sha256 = open_text8(progress)
        return Corpus("text8", "text8, Wikipedia's English", ids, sha256)
    if key.startswith("latch:"):
        return _latch(key)
    if key.startswith("own:"):
        return _kept(key)
    path = file_of(key)
    return replace(own_corpus(read_text_file(path), path.name), key=str(path))


def names_file(key: str) -> bool:
    """Whether a key is the path of a file, and no text that is found by its name or its hash."""
    return key not in ("builtin", "text8") and not key.startswith(("latch:", "own:"))


def own_key(sha256: str) -> str:
    """The key under which `keep` stores the text with this SHA-256.

    Where that is empty, nobody knows the text, and the key is one that finds none.
    """
    return f"own:{sha256[:12]:0<12}"


def is_kept(key: str) -> bool:
    """Whether `keep` stored the text with this key here."""
    return _is_own(key) and _kept_file(key).exists()


def file_of(key: str) -> Path:
    """The file that a key names, by its absolute path.

    Raises:
        TextError: it names none.
    """
    # os.path, because Path raises on "~nobody" and on a folder that may not be entered.
    path = Path(os.path.expanduser(key)).absolute()
    # A single word that names no file is more likely a key misspelt than a path; an empty one
    # would be the present folder.
    is_word = "/" not in key and "\\" not in key
    if not key.strip() or (is_word and not os.path.exists(path)):
        raise TextError(
            f"There is no text {shown(key)!r}: choose builtin, text8, latch:<lag>, or the path of "
            "a text file."
        )
    return path


def own_corpus(raw: str, title: str, *, accents: bool = True) -> Corpus:
    """A corpus from a text as somebody wrote it. Its key finds it only after `keep`.

    Args:
        raw: the text.
        title: what people call it.
        accents: False normalises as former versions did; see `normalise`.

    Raises:
        TextError: nothing of the text is in the alphabet, or spelled digits made it too long.
    """
    title = shown_name(title)
    pieces: list[np.ndarray] = []
    length = 0
    for block in normalised_blocks(raw, accents=accents):
        length += len(block)
        if length > MAX_BYTES:
            raise TextError(
                f"{title} has more than {MAX_BYTES:,} characters with its digits spelled out: cut "
                "it, or choose another."
            )
        pieces.append(ids_of(block))
    ids = np.concatenate(pieces) if pieces else np.empty(0, np.uint8)
    if not ids.any():  # nothing but spaces
        raise TextError(
            f"Nothing is left of {title} after normalising, which keeps a to z and digits: "
            "choose a text in Latin letters."
        )
    corpus = Corpus("", title, ids)
    return replace(corpus, key=own_key(corpus.sha256), known_sha256=corpus.sha256)


def keep(corpus: Corpus, *, rename: bool = True) -> Corpus:
    """Store a corpus under the data folder; the one returned has the key that finds it again.

    The files are named by the text's hash alone: nothing that a user typed becomes a path.

    Args:
        corpus: the text.
        rename: whether a text that is kept already takes over this title.

    Raises:
        TextError: the folder cannot be written.
    """
    key = own_key(corpus.sha256)
    path = _kept_file(key)
    if not rename and path.exists():
        corpus = replace(corpus, title=_kept_title(key))
    try:
        # The title first: a text without its title would be found, not the other way round.
        with replacing(_title_file(key)) as file:
            file.write(json.dumps({"title": corpus.title}).encode())
        packed = gzip.compress(decode(corpus.ids).encode(), compresslevel=3, mtime=0)
        with replacing(path) as file:
            file.write(packed)
    except OSError as error:
        raise TextError(
            f"The text could not be stored in {path.parent} ({error.strerror}): "
            "make room there, or set UNROLL_HOME to another folder."
        ) from None
    return replace(corpus, key=key, known_sha256=corpus.sha256)


def drop(key: str) -> None:
    """Delete a text that `keep` stored; nothing where there is none.

    Raises:
        TextError: it cannot be deleted.
    """
    if not is_kept(key):
        return
    try:
        # The text first, as it is found by: a title alone is none.
        _kept_file(key).unlink(missing_ok=True)
        _title_file(key).unlink(missing_ok=True)
    except OSError as error:
        raise TextError(
            f"The text could not be deleted ({error.strerror}): check the permissions of "
            f"{_kept_folder()}."
        ) from None


def kept_titles() -> dict[str, str]:
    """The keys of all texts that `keep` stored, and their titles, in the titles' order."""
    keys = (f"own:{path.name[:12]}" for path in _kept_folder().glob("*.txt.gz"))
    titles = {key: _kept_title(key) for key in keys}
    return dict(sorted(titles.items(), key=lambda item: (item[1].lower(), item[0])))


def require_length(corpus: Corpus, batch_size: int, unrollings: int) -> None:
    """Refuse a corpus that is too short for one window and for a validation loss.

    Raises:
        TextError: the training part has less than `B * (T + 1)` characters, or the held-out
            part less than 2.
    """
    needed = batch_size * (unrollings + 1)
    if len(corpus.training) < needed:
        raise TextError(
            f"unrollings={unrollings} with batch_size={batch_size} needs {needed:,} characters; "
            f"this text has {len(corpus.training):,}. Lower either, or pick a longer text."
        )
    if corpus.held_out < 2:
        raise TextError(
            f"Validation needs 2 held-out characters, the end of a text of 40; this text has "
            f"{len(corpus)}. Pick a longer text."
        )


@lru_cache(maxsize=1)
def _builtin() -> Corpus:
    # The manual pages behind Python's help(): English prose that every machine here has. Its
    # wording, and so its hash, differs a little between versions of Python.
    from pydoc_data.topics import topics

    # Its two ß stay spaces, as ever: runs were trained on it.
    text = normalise("\n".join(topics[name] for name in sorted(topics)), accents=False)
    return Corpus("builtin", "Python's own manual (built in)", encode(text))


def _latch(key: str) -> Corpus:
    drawn = latch_of(key)
    if drawn is None:
        raise TextError(
            f"{shown(key)!r} is no latch text: write latch:<lag> with a lag from 1 to {MAX_LAG}, "
            "for example latch:12."
        )
    lag, seed = drawn
    if key.count(":") == 1:
        return Corpus(f"latch:{lag}", f"Latch, lag {lag}", encode(latch_text(lag)))
    title = f"Latch, lag {lag}, text {seed}"
    return Corpus(f"latch:{lag}:{seed}", title, encode(latch_text(lag, seed=seed)))


def _is_own(key: str) -> bool:
    return re.fullmatch(r"own:[0-9a-f]{12}", key) is not None


def _kept_folder() -> Path:
    return data_home() / "texts"


def _kept_file(key: str) -> Path:
    return _kept_folder() / f"{key.removeprefix('own:')}.txt.gz"


def _title_file(key: str) -> Path:
    return _kept_folder() / f"{key.removeprefix('own:')}.json"


def _kept(key: str) -> Corpus:
    if not _is_own(key):
        raise TextError(f"{shown(key)!r} is no text's key: write own: and 12 hexadecimal digits.")
    if not is_kept(key):
        raise TextError(f"{key} is not stored here: upload the text again, or choose another.")
    try:
        corpus = Corpus(key, _kept_title(key), _kept_ids(_kept_file(key)))
    except TextError:
        corpus = None
    if corpus is None or own_key(corpus.sha256) != key:
        raise TextError(f"The stored text {key} is damaged: upload the text again.")
    return corpus


def _kept_ids(path: Path) -> np.ndarray:
    """What a file holds, once for all who have it: thirty runs on one text share its memory.

    The three that were read last stay when nobody has them, if they have up to 20 MB.

    Raises:
        TextError: it cannot be read.
    """
    try:
        about = path.stat()
    except OSError:
        return encode(read_text_file(path))  # which says why
    stamp = (str(path), about.st_mtime_ns, about.st_size)
    ids = _in_memory.get(stamp)
    if ids is None:
        ids = _in_memory[stamp] = encode(read_text_file(path))
    if len(ids) <= _LONGEST_HELD and not any(ids is one for one in _newest):
        _newest.append(ids)
    return ids


def _kept_title(key: str) -> str:
    try:
        with opened(_title_file(key)) as file:
            title = json.loads(file.read(_LONGEST_TITLE))["title"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        title = None
    return title if isinstance(title, str) else f"Own text {key.removeprefix('own:')}"
