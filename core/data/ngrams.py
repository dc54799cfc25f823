"""Counting as a rival: n-grams of a text that predict and write, and the lines that they draw.

Knows nothing of networks. The model is interpolated Witten-Bell: after a context c of n - 1
characters the n-gram's count leans on the order below, the more so the more different
characters have followed c:

    p_n(x | c) = (k(c, x) + d(c) p_{n-1}(x | c')) / (k(c) + d(c))         p_0(x) = 1/27

with k(c, x) the n-gram's count, k(c) its sum over x, d(c) how many different x have followed c,
and c' the context without its first character. Where c was never seen it is p_{n-1}. No
character ever has probability 0, so every text has a finite loss.

The *floors*, the lines under a loss, are what this model reaches, counted on a text's training
part, on the very characters that the validation loss is a mean over. So a network's loss and its
lines are alike: nobody has seen these characters. They are no bounds on memory: how much of what
came before a network uses is measured by taking that away; see `insight/context.py`.
"""

from __future__ import annotations

import json
import math
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np

from core.config import ALPHABET_SIZE
from core.data.alphabet import decode
from core.data.corpora import Corpus
from core.data.streams import predictions
from core.errors import TextError, UnrollError
from core.paths import cache_home, opened, replacing

MAX_ORDER = 5
"""The largest n that `counts` takes: 27 ** 5 counts are 115 MB; one more would be 3 GB."""
NAMES = {1: "unigram", 2: "bigram", 3: "trigram", 4: "fourgram"}
"""The orders of the model by what they are called in code."""

_HIGHEST = max(NAMES)
_BLOCK = 1 << 21  # n-grams counted at once; bounds the working memory to about 30 MB
_LONGEST_FILE = 4_096  # bytes that kept floors take
_LONGEST_LOSS = 40.0  # nats: more than any character costs after 10^17 others


@dataclass(frozen=True, slots=True)
class NgramFloors:
    """What a counter reaches on the held-out characters, in nats per character."""

    uniform: float  # ln 27: knows nothing
    unigram: float  # has counted how often each character comes
    bigram: float  # has counted pairs: sees 1 character back
    trigram: float  # sees 2
    fourgram: float  # sees 3


def counts(ids: np.ndarray, order: int) -> np.ndarray:
    """How often each n-gram comes in the text, `order` being n, from 1 to 5.

    Returns:
        int64 of shape `(27 ** order,)`; the n-gram with ids `i_1 ... i_n` stands at the number
        that they spell in base 27, so `.reshape((27,) * order)[i_1, ..., i_n]` reads it. All
        zero for a text shorter than n.

    Raises:
        TextError: the order is not allowed.
    """
    if not 1 <= order <= MAX_ORDER:
        raise TextError(f"order={order} is not allowed: choose from 1 to {MAX_ORDER}.")
    ids = np.asarray(ids)
    total = np.zeros(ALPHABET_SIZE**order, dtype=np.int64)
    windows = len(ids) - order + 1
    for start in range(0, windows, _BLOCK):
        size = min(_BLOCK, windows - start)
        # The codes of n-grams that start in this block; int32 holds 27 ** 5.
        codes = ids[start : start + size].astype(np.int32)  # (size,)
        for offset in range(1, order):
            codes *= ALPHABET_SIZE
            codes += ids[start + offset : start + offset + size]
        total += np.bincount(codes, minlength=len(total))
    return total


class NgramModel:
    """The conditional probabilities of a text's n-grams, of order 1 to 4.

    Args:
        ids: the text to count, `(L,)`.
    """

    def __init__(self, ids: np.ndarray) -> None:
        lower = np.full(ALPHABET_SIZE, 1 / ALPHABET_SIZE)
        self._tables: dict[int, np.ndarray] = {}  # by order: (27,), (27, 27), ...
        for order, seen in _counts_by_order(ids).items():
            followers = np.count_nonzero(seen, axis=-1)[..., None]  # d(c)
            evidence = seen.sum(-1, keepdims=True) + followers
            # Where a context was never seen both are 0, and the order below speaks alone.
            mixed = (seen + followers * lower) / np.maximum(evidence, 1)
            lower = np.where(evidence > 0, mixed, lower)
            self._tables[order] = lower

    def probabilities(self, context: np.ndarray, order: int) -> np.ndarray:
        """Of the next character, `(27,)`, after the ids of `context`, of which the last
        `order - 1` count; where there are fewer, the order is as much lower."""
        order = min(order, len(context) + 1)
        return self._tables[order][tuple(context[len(context) - order + 1 :])]

    def bits(self, ids: np.ndarray, order: int) -> np.ndarray:
        """-log2 p of each character but the first, `(L-1,)`; the first one is given."""
        ids = np.asarray(ids, np.int64)
        found = np.empty(max(0, len(ids) - 1))
        # The second character has one before it: enough for a bigram, not for a trigram.
        for place in range(1, min(order - 1, len(ids))):
            found[place - 1] = self.probabilities(ids[:place], order)[ids[place]]
        first = max(1, order - 1)  # from here on there is a whole context
        if len(ids) > first:
            windows = np.lib.stride_tricks.sliding_window_view(
                ids[first - order + 1 :], order
            )  # (L-first, order)
            found[first - 1 :] = self._tables[order][tuple(windows.T)]
        return -np.log2(found)

    def sample(self, length: int, order: int, generator: np.random.Generator) -> str:
        """A text drawn character by character."""
        sums = {n: table.cumsum(-1) for n, table in self._tables.items()}
        ids: list[int] = []
        for uniform in generator.random(length).tolist():
            reach = min(order, len(ids) + 1)
            row = sums[reach][tuple(ids[len(ids) - reach + 1 :])]
            ids.append(int(row.searchsorted(uniform * row[-1], side="right")))
        return decode(np.array(ids, np.uint8))


def floors(corpus: Corpus) -> NgramFloors:
    """What counting the training part reaches on the characters that validation is a mean over.

    Raises:
        TextError: less than 2 characters are held out.
    """
    if corpus.held_out < 2:
        raise TextError(
            "Counting needs 2 held-out characters, the end of a text of 40; this text has "
            f"{len(corpus)}. Pick a longer text."
        )
    model = NgramModel(corpus.training)
    scored = corpus.validation[: predictions(corpus.held_out) + 1]
    found = {
        name: float(model.bits(scored, order).mean()) * math.log(2) for order, name in NAMES.items()
    }
    return NgramFloors(uniform=math.log(ALPHABET_SIZE), **found)


def cached_floors(corpus: Corpus) -> NgramFloors:
    """`floors` of the corpus, counted once and kept on disk under the text's SHA-256.

    A kept file that cannot be read or makes no sense is counted again; a folder that cannot
    be written costs the next caller the time, nothing else.

    Raises:
        TextError: less than 2 characters are held out.
    """
    if (kept := kept_floors(corpus.sha256)) is not None:
        return kept
    found = floors(corpus)
    with suppress(OSError, UnrollError), replacing(_kept_file(corpus.sha256)) as file:
        file.write(json.dumps(asdict(found)).encode())
    return found


def kept_floors(sha256: str) -> NgramFloors | None:
    """The floors of the text with this SHA-256, if it was counted on this machine before."""
    with suppress(OSError, ValueError, TypeError, UnrollError):
        return _read(_kept_file(sha256))
    return None


def _read(path: Path) -> NgramFloors:
    with opened(path) as file:
        return checked_floors(json.loads(file.read(_LONGEST_FILE)))


def _kept_file(sha256: str) -> Path:
    # Files without the ending are of former versions, and hold the whole text's own entropies.
    return cache_home() / "floors" / f"{sha256}.held-out.json"


def _counts_by_order(ids: np.ndarray) -> dict[int, np.ndarray]:
    """The counts of order 1 to 4 by order, each in its own number of dimensions of 27."""
    joint = counts(ids, _HIGHEST)
    found = {_HIGHEST: joint.reshape((ALPHABET_SIZE,) * _HIGHEST)}
    # One pass over the text serves all orders: the n-grams are the ends of the (n+1)-grams,
    # and the text's first n characters, which end no (n+1)-gram.
    for order in range(_HIGHEST - 1, 0, -1):
        joint = joint.reshape(ALPHABET_SIZE, -1).sum(axis=0)  # (27 ** order,)
        found[order] = joint.reshape((ALPHABET_SIZE,) * order)
        if len(ids) >= order:
            found[order][tuple(ids[:order])] += 1
    return dict(sorted(found.items()))


def checked_floors(kept: object) -> NgramFloors:
    """Floors out of plain values, as a file holds them.

    Raises:
        ValueError: a name is missing or unknown, or a value is no loss.
    """
    names = [field.name for field in fields(NgramFloors)]
    if not isinstance(kept, dict) or sorted(kept) != sorted(names):
        raise ValueError("not the floors of a text")
    for value in kept.values():
        # A comparison with NaN is false, so this refuses it too.
        if not isinstance(value, float) or not 0 <= value <= _LONGEST_LOSS:
            raise ValueError("not a loss of counting")
    return NgramFloors(**kept)
