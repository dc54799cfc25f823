"""A text of one's own, from where it comes to where it is kept: read, judged, normalised, stored.

Every page and command takes texts through here, so that a run never depends on a file that stays
where it was. Knows nothing of runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.data.corpora import (
    Corpus,
    file_of,
    is_kept,
    keep,
    names_file,
    own_corpus,
    own_key,
)
from core.data.preview import NEXT_TO_NOTHING, NormalisingPreview, preview
from core.data.uploads import ENCODINGS, read_text_file
from core.errors import ConfigError, TextError, shown

_SHORTEST = 40
"""Characters: the end of fewer is too short to validate on."""


@dataclass(frozen=True, eq=False)
class OwnText:
    """A text that was taken.

    Attributes:
        corpus: kept here; its key finds it again.
        preview: what normalising did to it.
    """

    corpus: Corpus
    preview: NormalisingPreview


def take(raw: str, title: str, may_rename: Callable[[str], bool] = lambda key: True) -> OwnText:
    """Keep a text as somebody wrote it.

    Args:
        raw: the text.
        title: what they call it.
        may_rename: from a text's key to whether it takes over this title if it is kept already.

    Raises:
        TextError: it has next to no letters a to z, is too short to validate on, too long, or
            cannot be stored.
    """
    corpus, seen = own_corpus(raw, title), preview(raw)
    if seen.share_kept < NEXT_TO_NOTHING:
        raise TextError(
            f"Only {seen.share_kept:.1%} of {corpus.title} is letters a to z and digits: choose a "
            "text in Latin letters."
        )
    if len(corpus) < _SHORTEST:
        raise TextError(
            f"{corpus.title} has {len(corpus)} characters after normalising and {_SHORTEST} are "
            "needed: choose a longer text."
        )
    return OwnText(keep(corpus, rename=may_rename(corpus.key)), seen)


def take_file(
    path: str | Path,
    encoding: str = "utf-8",
    may_rename: Callable[[str], bool] = lambda key: True,
) -> OwnText:
    """Keep the text in a file; `may_rename` as for `take`.

    Raises:
        TextError: it cannot be read, or as `take`.
    """
    return take(read_text_file(path, encoding=encoding), Path(path).name, may_rename)


def key_at_hand(key: str, encoding: str | None = None) -> tuple[str, str]:
    """The key of a text that stays as it is: of one that a path names, once it is kept.

    Args:
        key: as for `load_corpus`.
        encoding: of the file, one of `ENCODINGS`; None means UTF-8.

    Returns:
        The key, and a sentence to show the user, or an empty one.

    Raises:
        TextError: the file cannot be taken; see `take_file`.
        ConfigError: the encoding is not known, or the key names no file.
    """
    if encoding is not None and encoding not in ENCODINGS:
        raise ConfigError(
            f"encoding={shown(encoding)} is not allowed: choose one of {', '.join(ENCODINGS)}; "
            "UTF-16 and UTF-32 are known by their mark."
        )
    if not names_file(key):
        if encoding is not None:
            raise ConfigError(
                f"encoding={encoding} is for text files, and {shown(key)} is none: leave it out."
            )
        return key, ""
    taken = take_file(file_of(key), encoding or "utf-8")
    return taken.corpus.key, taken.preview.warning


def recalled(key: str, sha256: str) -> str:
    """The key of a recorded run's text, which a former version may have read from a file.

    The file is taken, and kept, if it is still the text with this hash, normalised by the rule
    that was in force then.

    Args:
        key: the run's.
        sha256: of the text that it was trained on; empty where it never began.

    Raises:
        TextError: the text is not here any more.
    """
    if not names_file(key):
        return key
    if sha256 and is_kept(own_key(sha256)):
        return own_key(sha256)
    if not sha256:
        return take_file(key).corpus.key
    raw, title = read_text_file(key), Path(key).name
    for accents in (True, False):  # False is the rule of former versions
        corpus = own_corpus(raw, title, accents=accents)
        if corpus.sha256 == sha256:
            return keep(corpus).key
    raise TextError(
        f"{shown(key)} is not the text that this run began with: bring the old one back, or choose "
        "another text for a new run."
    )
