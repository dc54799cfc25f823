"""A trained network, one character at a time, in numpy.

For sampling and for looking inside: at batch size 1 numpy's small overhead beats a tensor
library. The tables of `arch1.py` serve here too: a character's part of every product is
looked up. Knows nothing of temperature, drawing or texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np

from core.config import TrainingConfig

FedBack = Literal["character", "distribution"]


class State(NamedTuple):
    """What a network carries from one character to the next."""

    into: np.ndarray  # (N,): the part of the next step that is known before its character
    factor: np.ndarray  # what goes through the recurrent product: (N,), or (V,) for Arch 2


class CharacterModel:
    """`U, W, b, V, c` as a function from (state, character) to (state, logits).

    Args:
        weights: float arrays by name, in the shapes of `config.parameter_shapes`.
        config: the architecture they belong to.
        fed_back: Arch 2 only: what stands for the previous output. `character` is what
            teacher forcing trained for, `distribution` is what free running trained for. The
            default follows the configuration.
    """

    def __init__(
        self,
        weights: Mapping[str, np.ndarray],
        config: TrainingConfig,
        fed_back: FedBack | None = None,
    ) -> None:
        self.config = config
        teacher = config.feedback == "teacher"
        self.fed_back: FedBack = fed_back or ("character" if teacher else "distribution")
        self._phi = np.tanh if config.activation == "tanh" else _relu
        self._gated = config.combine == "multiply"
        self._two_halves = config.combine == "concat"
        U, W, b, V, c = (np.asarray(weights[name]) for name in ("U", "W", "b", "V", "c"))
        n = config.nodes
        if self._two_halves:
            self._first = self._phi(U + b[:n])  # (V, N): the half of h that x enters
            self._first_logits = self._first @ V[:n] + c  # (V, V)
            self._bias, self._out = b[n:], V[n:]
            if config.architecture == "arch1":
                self._into = self._first @ W[:n] + self._bias  # (V, N)
                self._back = W[n:]
            else:
                self._into = np.broadcast_to(self._bias, (len(U), n))
                self._back = W
        else:
            self._first_logits = np.broadcast_to(c, (len(U), len(c)))
            self._bias, self._out, self._back = b, V, W
            self._into = np.broadcast_to(np.zeros_like(b), (len(U), n))
            self._inputs = U if self._gated else U + b
        self._back = np.ascontiguousarray(self._back)

    def start(self) -> State:
        """The zero state."""
        into = self._bias if self._two_halves else np.zeros_like(self._bias)
        return State(into, np.zeros(len(self._back), self._back.dtype))

    def step(self, state: State, character: int) -> tuple[State, np.ndarray, np.ndarray]:
        """Read one character.

        Args:
            state: from `start` or the step before.
            character: its id.

        Returns:
            The next state, the logits `(V,)` of the character to come, and the half of the
            hidden layer that the loop computes, `(N,)`.
        """
        if self.config.architecture == "arch2" and self.fed_back == "character":
            returning = self._back[character]  # p_{t-1} is x_t's own one-hot
        else:
            returning = state.factor @ self._back
        if self._gated:
            hidden = self._phi(self._inputs[character] * returning + self._bias)
        elif self._two_halves:
            hidden = self._phi(state.into + returning)
        else:
            hidden = self._phi(self._inputs[character] + returning)
        logits = hidden @ self._out
        logits += self._first_logits[character]
        if self.config.architecture == "arch1":
            return State(self._into[character], hidden), logits, hidden
        if self.fed_back == "distribution":
            return State(state.into, softmax(logits)), logits, hidden
        return state, logits, hidden

    def hidden_layer(self, character: int, looped: np.ndarray) -> np.ndarray:
        """The whole hidden layer `(H,)`, from the character and what `step` returned."""
        if self._two_halves:
            return np.concatenate((self._first[character], looped))
        return looped


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities along the last axis."""
    shifted = np.exp(logits - logits.max(-1, keepdims=True))
    shifted /= shifted.sum(-1, keepdims=True)
    return shifted


def _relu(z: np.ndarray) -> np.ndarray:
    return np.maximum(z, 0)
