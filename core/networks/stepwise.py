"""A trained network, one character at a time, in numpy.

For sampling and for looking inside: at batch size 1 numpy's small overhead beats a tensor
library. The tables of `arch1.py` serve here too, and the two products that follow a hidden
layer, into the next step and into the logits, are one:

    hidden = φ(state + inputs[x])       concat: φ(state); multiply: φ(state ∘ inputs[x] + b)
    state', logits = hidden [back | out] + after[x]

Knows nothing of temperature, drawing or texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from core.config import TrainingConfig

FedBack = Literal["character", "distribution"]


class CharacterModel:
    """`U, W, b, V, c` as a function from (state, character) to (state, logits).

    One text at a time, with a state of shape `(N,)` and characters that are ids; or `B` texts
    side by side, with states `(B, N)` and id arrays `(B,)`.

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
        U, W, b, V, c = (np.asarray(weights[name]) for name in ("U", "W", "b", "V", "c"))
        n = self._nodes = config.nodes
        self._gate = self._inputs = self._distribution_back = None
        self._first = np.zeros((len(U), 0), U.dtype)  # the half of h that x alone decides
        self._start = np.zeros(n, U.dtype)
        back, out = W, V
        into, logits = np.zeros_like(U), np.broadcast_to(c, (len(U), len(c)))  # after[x]
        if config.combine == "concat":
            self._first = self._phi(U + b[:n])
            self._start, out = b[n:], V[n:]
            logits = self._first @ V[:n] + c
            if config.architecture == "arch1":
                back = W[n:]
                into = self._first @ W[:n] + b[n:]
            else:
                back = np.zeros((n, n), U.dtype)  # what comes back is not the hidden layer
                into = np.broadcast_to(b[n:], U.shape)
                if self.fed_back == "character":
                    self._inputs = W  # p_{t-1} is x_t's own one-hot
                else:
                    self._distribution_back = W
        elif config.combine == "add":
            self._inputs = U + b
        else:
            self._gate, self._bias = U, b
        self._products = np.ascontiguousarray(np.concatenate((back, out), 1))  # (N, N+V)
        self._after = np.ascontiguousarray(np.concatenate((into, logits), 1))  # (V, N+V)

    def start(self, batch_size: int | None = None) -> np.ndarray:
        """The zero state: `(N,)`, or `(batch_size, N)`."""
        if batch_size is None:
            return self._start
        return np.tile(self._start, (batch_size, 1))

    def step(
        self, state: np.ndarray, character: int | np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Read one character.

        Args:
            state: from `start` or the step before.
            character: its id; `(B,)` for B texts.

        Returns:
            The next state, the logits `(V,)` of the character to come, and the half of the
            hidden layer that the loop computes, `(N,)`; each `(B, ...)` for B texts.
        """
        if self._gate is not None:
            hidden = self._phi(self._gate[character] * state + self._bias)
        elif self._inputs is not None:
            hidden = self._phi(state + self._inputs[character])
        else:
            hidden = self._phi(state)
        both = hidden @ self._products
        both += self._after[character]
        state, logits = both[..., : self._nodes], both[..., self._nodes :]
        if self._distribution_back is not None:
            state = state + softmax(logits) @ self._distribution_back
        return state, logits, hidden

    def hidden_layer(self, character: int | np.ndarray, looped: np.ndarray) -> np.ndarray:
        """The whole hidden layer `(H,)`, from the character and what `step` returned."""
        return np.concatenate((self._first[character], looped), -1)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities along the last axis."""
    shifted = np.exp(logits - logits.max(-1, keepdims=True))
    shifted /= shifted.sum(-1, keepdims=True)
    return shifted


def _relu(z: np.ndarray) -> np.ndarray:
    return np.maximum(z, 0)
