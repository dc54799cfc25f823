"""How well a network predicts a text it was not trained on.

Knows nothing of training. The network's own state and gradients are left alone.
"""

from __future__ import annotations

import numpy as np
import torch

from core.networks.network import Network

_STREAMS = 64  # places in the text that are read side by side
_STEPS = 100


def mean_loss(network: Network, ids: np.ndarray) -> float:
    """Mean cross-entropy in nats a character over `ids`.

    The text is cut into up to 64 streams that are read side by side, each from a zero state
    carried to its end; the few characters that do not fill the streams are left out.

    Args:
        network: any architecture; its batch size does not matter.
        ids: `(L,)`, at least 2 characters.
    """
    streams, length = _layout(len(ids))
    places = np.arange(streams) * length + np.arange(length + 1)[:, None]  # (length+1, streams)
    device = network.parameters.flat.device
    text = torch.from_numpy(ids[places].astype(np.int64)).to(device)
    state = network.initial_state(streams)
    total = text.new_zeros((), dtype=torch.float64)
    for start in range(0, length, _STEPS):
        stop = min(start + _STEPS, length)
        loss, state = network.loss(text[start:stop], text[start + 1 : stop + 1], state)
        total += loss.double() * (stop - start)
    return float(total) / length


def predictions(characters: int) -> int:
    """How many characters of a text of this length `mean_loss` is a mean over."""
    streams, length = _layout(characters)
    return streams * length


def _layout(characters: int) -> tuple[int, int]:
    """How many streams, and how many predictions in each."""
    streams = max(1, min(_STREAMS, characters // _STEPS))
    return streams, (characters - 1) // streams
