"""How well a network remembers: read on a latch text that it was not trained on.

Knows nothing of training. The unseen text of a lag is always the same, so that networks compare.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from core.data.alphabet import encode
from core.data.latch import LATCH_SEEDS, latch_text
from core.networks.stepwise import CharacterModel, softmax

_UNSEEN_SEED = LATCH_SEEDS  # beyond the last that a training text may have
_STREAMS = 200  # read side by side ...
_BLOCKS = 6  # ... so many blocks each, of which the first only fills the state


def echo_recall(model: CharacterModel, lag: int) -> float:
    """The share of 1,000 echoes whose key gets the highest probability.

    Chance is 1/8 for who knows that it is a key. 1,200 blocks are read as 200 streams; the
    first block of each is not counted: it only brings the state from zero to where it always is.
    """
    hits = count = 0
    for at, logits, target in _read(model, lag):
        if at % (lag + 2) == lag:
            hits += int((logits.argmax(-1) == target).sum())
            count += len(target)
    return hits / count


def latch_loss(model: CharacterModel, lag: int) -> float:
    """The mean loss in nats over the same blocks, over all their characters."""
    total, count = 0.0, 0
    with np.errstate(over="ignore", invalid="ignore"):  # weights about to diverge
        for _, logits, target in _read(model, lag):
            likely = softmax(logits)[np.arange(len(target)), target]
            total -= float(np.log(likely + 1e-30).sum())
            count += len(target)
    return total / count


def _read(model: CharacterModel, lag: int) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Read the unseen text: where each counted character stands, its logits, and itself.

    Yields `at`, logits `(streams, V)` and targets `(streams,)`.
    """
    text = _unseen_text(lag).T  # (length, streams)
    with np.errstate(over="ignore", invalid="ignore"):
        logits = model.reader(text.shape[1]).read_all(text[:-1])
    for at in range(lag + 2, len(text)):
        yield at, logits[at - 1], text[at]


@lru_cache(maxsize=4)
def _unseen_text(lag: int) -> np.ndarray:
    """`(streams, blocks * (lag + 2))` ids, every stream from the start of a block."""
    length = _STREAMS * _BLOCKS * (lag + 2)
    return encode(latch_text(lag, length, seed=_UNSEEN_SEED)).reshape(_STREAMS, -1)
