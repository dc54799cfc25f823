"""How much of what came before a network uses: the context curve.

At about a thousand places of a held-out text the next character's loss is measured with the whole
history, and then with everything earlier than the last k characters taken from elsewhere: the
state before those k is swapped with that of another place, half the text away, so that it stays a
state that the network knows, and the k characters are read from there:

    own text      ... t h e   c a t   s a t   o n   t h e   m | ?     all
    k = 3         (another place's state)             e _ m | ?

The smallest k whose loss is within 0.01 nats of the whole history's is the *context used*. What
is used is not what is trained: how far a gradient reaches is in `flow.py`.

Knows nothing of training.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from core.networks.stepwise import CharacterModel
from core.records import CONTEXT_LENGTHS, ContextRecord

_STREAMS = 128  # texts read side by side, from a zero state each
_PLACES = 8  # in each stream
_APART = 8  # characters from one place to the next
_HISTORY = 100  # characters read before the first place: far more than any k
_LENGTH = _HISTORY + _APART * (_PLACES - 1)  # characters before a stream's last place
_LONGEST = max(CONTEXT_LENGTHS)
SHORTEST = 1_000
"""Characters of held-out text from which a curve is worth measuring."""


def context_curve(model: CharacterModel, ids: np.ndarray, *, step: int = 0) -> ContextRecord | None:
    """The held-out loss by how many characters come from the text itself.

    Args:
        model: any architecture.
        ids: a text that was not trained on, `(L,)`.
        step: the last one trained before.

    Returns:
        None where the text is shorter than 1,000 characters, or a loss is no finite number.
    """
    if len(ids) < SHORTEST:
        return None
    starts = np.linspace(0, len(ids) - _LENGTH - 1, _STREAMS).astype(np.int64)
    text = ids[starts + np.arange(_LENGTH + 1)[:, None]].astype(np.int64)  # (time, streams)
    with np.errstate(over="ignore", invalid="ignore"):  # weights about to diverge
        losses = _losses(model, text, _states(model, text))
    if not all(map(math.isfinite, losses)):
        return None
    return ContextRecord(step, tuple(losses[:-1]), losses[-1])


def _states(model: CharacterModel, text: np.ndarray) -> dict[int, np.ndarray]:
    """The states after as many characters of each stream as a place may begin from."""
    first = _HISTORY - _LONGEST
    reader = model.reader(_STREAMS)
    reader.read_all(text[:first])
    states = {first: reader.state.copy()}
    for time in range(first, _LENGTH - 1):
        reader.read_all(text[time : time + 1])
        states[time + 1] = reader.state.copy()
    return states


def _losses(model: CharacterModel, text: np.ndarray, states: dict[int, np.ndarray]) -> list[float]:
    """Mean losses in nats of the character after each place: for each k, and for all.

    In one pass: the longest k begins, the others join where they have as many left to read.
    """
    places = range(_HISTORY, _LENGTH + 1, _APART)  # so many characters are before each

    def begin(k: int, swap: int) -> np.ndarray:
        state = np.stack([states[place - k] for place in places])  # (places, streams, N)
        return np.roll(state, swap, 1).reshape(-1, state.shape[2])

    # What stands before each place, and at the end what follows: (longest + 1, places * streams)
    near = np.stack([text[place - _LONGEST : place + 1] for place in places], 1)
    near = near.reshape(len(near), -1)
    state = begin(_LONGEST, _STREAMS // 2)
    for group, (k, shorter) in enumerate(pairwise(reversed(CONTEXT_LENGTHS)), 1):
        rows = np.tile(near[_LONGEST - k : _LONGEST - shorter], (1, group))
        reader = model.reader(len(state))
        reader.state[:] = state
        reader.read_all(rows)
        state = np.concatenate([reader.state, begin(shorter, _STREAMS // 2)])
    # Each has one character left to read, the last k = 1, and so has the whole history.
    # One after the other: a product's last bit may depend on where a row stands among the others,
    # and so would differences between equal states.
    *by_length, whole = (
        _last_loss(model, group, near[-2:])
        for group in (*np.split(state, len(CONTEXT_LENGTHS)), begin(1, 0))
    )
    return [*reversed(by_length), whole]


def _last_loss(model: CharacterModel, state: np.ndarray, text: np.ndarray) -> float:
    reader = model.reader(len(state))
    reader.state[:] = state
    return float(reader.losses(text).mean())
