"""How well a network predicts a text that it was not trained on.

The text is cut into up to 64 streams that are read side by side, each from a zero state to its
end; the few characters that fill no stream are left out. Knows nothing of training.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from core.config import TrainingConfig
from core.data.streams import layout, predictions
from core.networks.stepwise import CharacterModel

_AT_ONCE = 1_000  # characters of each stream: bounds the working memory


def mean_loss(
    weights: Mapping[str, np.ndarray],
    config: TrainingConfig,
    ids: np.ndarray,
    *,
    compiled: bool | None = None,
) -> float:
    """Mean cross-entropy in nats a character; not finite where the network's outputs are not.

    Args:
        weights: `U, W, b, V, c`.
        config: the network they belong to.
        ids: the text, `(L,)`, at least 2 characters.
        compiled: see `CharacterModel`.
    """
    total = sum(float(losses.sum()) for losses in _read(weights, config, ids, compiled))
    return total / predictions(len(ids))


def character_losses(
    weights: Mapping[str, np.ndarray], config: TrainingConfig, ids: np.ndarray
) -> np.ndarray:
    """The loss in nats of each character; arguments as of `mean_loss`, which is their mean.

    Returns:
        `(streams, length)`; not finite where the network's outputs are not.
    """
    return np.concatenate(list(_read(weights, config, ids, None))).T


def _read(
    weights: Mapping[str, np.ndarray],
    config: TrainingConfig,
    ids: np.ndarray,
    compiled: bool | None,
) -> Iterator[np.ndarray]:
    """The losses `(some, streams)` of one stretch of all streams after the other."""
    streams, length = layout(len(ids))
    begins = np.arange(streams) * length
    with np.errstate(over="ignore", invalid="ignore"):  # weights about to diverge
        reader = CharacterModel(weights, config, compiled=compiled).reader(streams)
        for start in range(0, length, _AT_ONCE):
            stop = min(start + _AT_ONCE, length)
            yield reader.losses(ids[begins + np.arange(start, stop + 1)[:, None]])
