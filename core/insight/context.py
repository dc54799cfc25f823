"""How much of what came before a network uses: the context curve.

At about a thousand places of a held-out text the next character's loss is measured with the whole
history, and then with everything earlier than the last k characters taken from elsewhere: the
state before those k is swapped with that of another place, half the text away, so that it stays a
state that the network knows, and the k characters are read from there:

    own text      ... t h e   c a t   s a t   o n   t h e   m | ?     all
    k = 3         (another place's state)             e _ m | ?

The smallest k whose loss is within 0.01 nats of the whole history's is the *context used*. What
is used is not what is trained: how far a gradient reaches is in `flow.py`.

Knows nothing of training. The network's weights are left alone; its buffers are not.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from core.networks.network import Network
from core.records import CONTEXT_LENGTHS, ContextRecord

_STREAMS = 128  # texts read side by side, from a zero state each
_PLACES = 8  # in each stream
_APART = 8  # characters from one place to the next
_HISTORY = 100  # characters read before the first place: far more than any k
_LENGTH = _HISTORY + _APART * (_PLACES - 1)  # characters before a stream's last place
_LONGEST = max(CONTEXT_LENGTHS)
SHORTEST = 1_000
"""Characters of held-out text from which a curve is worth measuring."""


def context_curve(network: Network, ids: np.ndarray, *, step: int = 0) -> ContextRecord | None:
    """The held-out loss by how many characters come from the text itself.

    Args:
        network: any architecture; its batch size does not matter.
        ids: a text that was not trained on, `(L,)`.
        step: the last one trained before.

    Returns:
        None where the text is shorter than 1,000 characters, or a loss is no finite number.
    """
    if len(ids) < SHORTEST:
        return None
    starts = np.linspace(0, len(ids) - _LENGTH - 1, _STREAMS).astype(np.int64)
    read = ids[starts + np.arange(_LENGTH + 1)[:, None]].astype(np.int64)
    text = torch.from_numpy(read).to(network.parameters.flat.device)  # (time, streams)
    states = _states(network, text)
    losses = _losses(network, text, states)
    if not all(map(math.isfinite, losses)):
        return None
    return ContextRecord(step, tuple(losses[:-1]), losses[-1])


def _states(network: Network, text: Tensor) -> dict[int, Tensor]:
    """The states after as many characters of each stream as a place may begin from."""
    first = _HISTORY - _LONGEST
    _, state = network.loss(text[:first], text[1 : first + 1], network.initial_state(_STREAMS))
    states = {first: state}
    for time in range(first, _LENGTH - 1):
        _, state = network.loss(text[time : time + 1], text[time + 1 : time + 2], state)
        states[time + 1] = state
    return states


def _losses(network: Network, text: Tensor, states: dict[int, Tensor]) -> list[float]:
    """Mean losses in nats of the character after each place: for each k, and for all.

    In one pass: the longest k begins, the others join where they have as many left to read.
    """
    places = range(_HISTORY, _LENGTH + 1, _APART)  # so many characters are before each

    def begin(k: int, swap: int) -> Tensor:
        state = torch.stack([states[place - k] for place in places])  # (places, streams, ...)
        return state.roll(swap, 1).flatten(0, 1)

    # What stands before each place, and at the end what follows: (longest + 1, places * streams)
    near = torch.stack([text[place - _LONGEST : place + 1] for place in places], 1).flatten(1)
    state = begin(_LONGEST, _STREAMS // 2)
    for group, (k, shorter) in enumerate(pairwise(reversed(CONTEXT_LENGTHS)), 1):
        rows = near[_LONGEST - k : _LONGEST - shorter + 1].repeat(1, group)
        _, state = network.loss(rows[:-1], rows[1:], state)
        state = torch.cat([state, begin(shorter, _STREAMS // 2)])
    # Each has one character left to read, the last k = 1, and so has the whole history.
    groups = [*reversed(state.chunk(len(CONTEXT_LENGTHS))), begin(1, 0)]
    return [float(network.loss(near[-2:-1], near[-1:], group)[0]) for group in groups]
