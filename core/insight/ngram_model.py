"""Unigrams, bigrams and trigrams that predict and write: what a network has to beat.

Knows nothing of networks. The probabilities are the training text's counts, each order leaning
on the one below it as if that had been seen once more:

    p_n(x | c) = (k(c, x) + p_{n-1}(x | c')) / (k(c) + 1)         p_0(x) = 1/27

where `c` are the n - 1 characters before `x`, and `c'` is `c` without its first. After a context
that was seen often this is the plain share; after one that was never seen it is `p_{n-1}`. No
character ever has probability 0, so every text has a finite number of bits.
"""

from __future__ import annotations

import numpy as np

from core.config import ALPHABET_SIZE
from core.data.alphabet import decode
from core.data.ngrams import counts

NAMES = {1: "unigram", 2: "bigram", 3: "trigram"}
"""The orders by what they are called."""


class NgramModel:
    """The conditional probabilities of a text's n-grams, of order 1 to 3.

    Args:
        ids: the text to count, `(L,)`, `L >= 3`.
    """

    def __init__(self, ids: np.ndarray) -> None:
        lower = np.full(ALPHABET_SIZE, 1 / ALPHABET_SIZE)
        self._tables: dict[int, np.ndarray] = {}  # by order: (27,), (27, 27), (27, 27, 27)
        for order in NAMES:
            seen = counts(ids, order).reshape((ALPHABET_SIZE,) * order)
            lower = (seen + lower) / (seen.sum(-1, keepdims=True) + 1)
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
