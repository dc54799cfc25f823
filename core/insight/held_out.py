"""What each character of a held-out text costs a network: for two networks that read the same.

Knows nothing of training. The mean is that of validation, which reads the text in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from core.config import TrainingConfig
from core.networks.stepwise import CharacterModel

_STREAMS = 64  # as in `evaluation.py`: read side by side, each from a zero state
_LEAST = 100  # characters in a stream


def character_losses(
    weights: Mapping[str, np.ndarray], config: TrainingConfig, ids: np.ndarray
) -> np.ndarray:
    """The loss in nats of each character, in the streams that the text is cut into.

    Args:
        weights: `U, W, b, V, c`.
        config: the network they belong to.
        ids: the text, at least 2 characters; the few that fill no stream are left out.

    Returns:
        `(streams, length)`; not finite where the network's outputs are not.
    """
    streams = max(1, min(_STREAMS, len(ids) // _LEAST))
    length = (len(ids) - 1) // streams
    text = ids[np.arange(streams)[:, None] * length + np.arange(length + 1)]  # (S, length+1)
    rows, losses = np.arange(streams), np.empty((streams, length))
    with np.errstate(over="ignore", invalid="ignore"):  # weights about to diverge
        reader = CharacterModel(weights, config).reader(streams)
        for at in range(length):
            reader.read(text[:, at])
            shifted = reader.logits - reader.logits.max(1, keepdims=True)  # (S, V)
            losses[:, at] = np.log(np.exp(shifted).sum(1)) - shifted[rows, text[:, at + 1]]
    return losses
