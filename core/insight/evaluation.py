"""How well a network predicts a text it was not trained on.

Knows nothing of training. The network's own state and gradients are left alone.
"""

from __future__ import annotations

import numpy as np
import torch

from core.data.streams import layout
from core.networks.network import Network

_STEPS = 100  # read at once


def mean_loss(network: Network, ids: np.ndarray) -> float:
    """Mean cross-entropy in nats a character over `ids`.

    The text is cut into up to 64 streams that are read side by side, each from a zero state
    carried to its end; the few characters that do not fill the streams are left out.

    Args:
        network: any architecture; its batch size does not matter.
        ids: `(L,)`, at least 2 characters.
    """
    streams, length = layout(len(ids))
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
