"""How surprised a network is by each character of a given text.

Knows nothing of how the text was typed or normalised; it takes ids. The network starts from a
zero state and is given the first character, so a text of L characters has L - 1 surprises:

    bits_t = -log2 p(x_t | x_1 ... x_{t-1})
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.config import TrainingConfig
from core.errors import TextError, WeightsError
from core.networks.stepwise import CharacterModel, FedBack


@dataclass(frozen=True, eq=False)
class Surprise:
    """What a text costs."""

    bits: np.ndarray  # (L-1,): of each character but the first

    @property
    def log_likelihood_nats(self) -> float:
        """ln of the probability of the text after its first character."""
        return -float(self.bits.sum()) * math.log(2)

    @property
    def bits_per_character(self) -> float:
        """The mean over the characters that were predicted."""
        return float(self.bits.mean())


def surprise(
    weights: Mapping[str, np.ndarray],
    config: TrainingConfig,
    ids: np.ndarray,
    fed_back: FedBack | None = None,
) -> Surprise:
    """Read a text with a network, in double precision.

    Args:
        weights: `U, W, b, V, c`, as `CharacterModel` takes them.
        ids: the text, `(L,)`, `L >= 2`.
        fed_back: Arch 2 only; see `CharacterModel`.

    Raises:
        TextError: the text has fewer than two characters.
        WeightsError: the network's outputs grow past every finite number.
    """
    if len(ids) < 2:
        raise TextError(
            f"A surprise needs a character to read and one to predict; this text has {len(ids)}: "
            "give at least 2."
        )
    exact = {name: np.asarray(value, np.float64) for name, value in weights.items()}
    model = CharacterModel(exact, config, fed_back)
    with np.errstate(over="ignore", invalid="ignore"):
        logits = model.reader().read_all(np.asarray(ids[:-1]))  # (L-1, V)
    fine = np.isfinite(logits).all(1)
    if not fine.all():
        raise WeightsError(
            f"After {int(fine.argmin()) + 1:,} characters of this text the network's outputs are "
            "no longer finite numbers; choose weights from before the run went astray."
        )
    shifted = logits - logits.max(1, keepdims=True)
    log_chances = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))  # (L-1, V)
    found = np.take_along_axis(log_chances, np.asarray(ids[1:], np.int64)[:, None], 1)[:, 0]
    return Surprise(np.maximum(0.0, -found / math.log(2)))
