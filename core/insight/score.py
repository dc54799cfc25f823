"""How good a network's text is, in two numbers that can be compared with counting.

Knows nothing of runs. Each number comes with the size of the sample it was measured on.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from core.config import TrainingConfig
from core.data.alphabet import decode
from core.insight.held_out import mean_loss

LONG_WORD = 4
"""Letters from which a word counts as long: chance alone writes most shorter ones."""

_BLOCK = 1 << 22  # characters whose words are looked at together: bounds the working memory


@dataclass(frozen=True, slots=True)
class WordShare:
    """How many of a text's words occur in another."""

    words: int
    known: int
    long_words: int  # of `LONG_WORD` letters or more
    known_long: int

    @property
    def share(self) -> float | None:
        """0 to 1; None where there are no words."""
        return self.known / self.words if self.words else None

    @property
    def long_share(self) -> float | None:
        """`share` of the long words."""
        return self.known_long / self.long_words if self.long_words else None


def vocabulary(ids: np.ndarray) -> frozenset[str]:
    """Every word of a text."""
    words: set[str] = set()
    rest = ""
    for start in range(0, len(ids), _BLOCK):
        *whole, rest = (rest + decode(ids[start : start + _BLOCK])).split(" ")
        words.update(whole)
    words.add(rest)
    return frozenset(words - {""})


def known_words(texts: Iterable[str], known: frozenset[str]) -> WordShare:
    """Hold generated texts against a vocabulary.

    The first and the last word of each text are left out: the one may have been started by
    another hand, the other is cut off.
    """
    found = [word for text in texts for word in text.split(" ")[1:-1] if word]
    long_ones = [word for word in found if len(word) >= LONG_WORD]
    return WordShare(
        words=len(found),
        known=sum(word in known for word in found),
        long_words=len(long_ones),
        known_long=sum(word in known for word in long_ones),
    )


def validation_bits(
    weights: Mapping[str, np.ndarray], config: TrainingConfig, ids: np.ndarray
) -> float:
    """Mean bits per character on a text that was not trained on; see `mean_loss`.

    Args:
        weights: `U, W, b, V, c`.
        ids: `(L,)`, at least 2 characters.
    """
    return mean_loss(weights, config, ids) / math.log(2)
