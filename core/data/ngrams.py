"""n-gram counts of a text, and the floors that they put under a loss.

Knows nothing of networks. The floor of order n is the conditional entropy of a character given
the n - 1 before it, under the text's own (maximum-likelihood) n-gram counts:

    H_n = - 1/M  sum over n-grams (c, x) of  k(c, x) ln( k(c, x) / k(c) ),   k(c) = sum_x k(c, x)

with M n-grams in the text, in nats per character. No predictor that looks at n characters or
fewer, the predicted one among them, does better on this very text. A network whose loss goes
below the bigram floor uses memory.
"""

from __future__ import annotations

import json
import math
from contextlib import suppress
from dataclasses import asdict, dataclass, fields

import numpy as np

from core.config import ALPHABET_SIZE
from core.data.corpora import Corpus
from core.errors import TextError, UnrollError
from core.paths import cache_home, replacing

MAX_ORDER = 5
"""The largest n that `counts` takes: 27 ** 5 counts are 115 MB; one more would be 3 GB."""

_BLOCK = 1 << 21  # n-grams counted at once; bounds the working memory to about 30 MB


@dataclass(frozen=True, slots=True)
class NgramFloors:
    """What a predictor could reach with so little, in nats per character."""

    uniform: float  # ln 27: knows nothing
    unigram: float  # knows how often each character comes
    bigram: float  # sees 1 character back
    trigram: float  # 2
    fourgram: float  # 3


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


def conditional_entropy(ngram_counts: np.ndarray) -> float:
    """Entropy of an n-gram's last character given those before it, in nats.

    `ngram_counts` is what `counts` returns, for any order. 0 when nothing was counted.
    """
    joint = ngram_counts.reshape(-1, ALPHABET_SIZE)  # (contexts, 27)
    total = joint.sum()
    if total == 0:
        return 0.0
    # sum k(c) ln k(c) - sum k(c, x) ln k(c, x) is the formula above with its logarithm split.
    # The maximum keeps a rounding error from making a certain next character less than certain.
    return max(0.0, float(_k_ln_k(joint.sum(axis=1)) - _k_ln_k(joint)) / float(total))


def floors(ids: np.ndarray) -> NgramFloors:
    """The n-gram floors of a whole text.

    Raises:
        TextError: the text has fewer than 4 characters.
    """
    if len(ids) < 4:
        raise TextError(f"n-gram floors need 4 characters; this text has {len(ids)}.")
    joint = counts(ids, 4)
    found = {4: conditional_entropy(joint)}
    # One pass over the text serves all orders: the n-grams are the ends of the (n+1)-grams,
    # and the text's first n characters, which end no (n+1)-gram.
    for order in (3, 2, 1):
        joint = joint.reshape(ALPHABET_SIZE, -1).sum(axis=0)  # (27 ** order,)
        first = 0
        for symbol in ids[:order].tolist():
            first = first * ALPHABET_SIZE + symbol
        joint[first] += 1
        found[order] = conditional_entropy(joint)
    return NgramFloors(
        uniform=math.log(ALPHABET_SIZE),
        unigram=found[1],
        bigram=found[2],
        trigram=found[3],
        fourgram=found[4],
    )


def cached_floors(corpus: Corpus) -> NgramFloors:
    """`floors` of the corpus, computed once and kept on disk under the text's SHA-256.

    A kept file that cannot be read or makes no sense is computed again; a folder that cannot
    be written costs the next caller the time, nothing else.

    Raises:
        TextError: the text has fewer than 4 characters.
    """
    try:
        path = cache_home() / "floors" / f"{corpus.sha256}.json"
    except UnrollError:
        return floors(corpus.ids)
    with suppress(OSError, ValueError, TypeError):
        return _checked(json.loads(path.read_text(encoding="utf-8")))
    found = floors(corpus.ids)
    with suppress(OSError), replacing(path) as file:
        file.write(json.dumps(asdict(found)).encode())
    return found


def _checked(kept: object) -> NgramFloors:
    names = [field.name for field in fields(NgramFloors)]
    if not isinstance(kept, dict) or sorted(kept) != sorted(names):
        raise ValueError("not the floors of a text")
    highest = math.log(ALPHABET_SIZE)
    for value in kept.values():
        # A comparison with NaN is false, so this refuses it too.
        if not isinstance(value, float) or not 0 <= value <= highest + 1e-9:
            raise ValueError("not an entropy")
    return NgramFloors(**kept)


def _k_ln_k(some_counts: np.ndarray) -> float:
    seen = some_counts[some_counts > 0].astype(np.float64)
    return float(np.dot(seen, np.log(seen)))
