"""A trained network, one character at a time, in numpy.

For sampling and for looking inside: at batch size 1 numpy's small overhead beats a tensor
library. The tables of `arch1.py` serve here too, and the two products that follow a hidden
layer, into the next step and into the logits, are one:

    hidden = φ(state + inputs[x])       concat: φ(state); multiply: φ(state ∘ inputs[x] + b)
    state', logits = hidden [back | out | 0] + after[x]

Knows nothing of temperature, drawing or texts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from core.config import TrainingConfig

FedBack = Literal["character", "distribution"]

# The columns of the joint product are rounded up to it: a product with rows of whole cache
# lines takes a third less.
_ALIGNMENT = 16


@dataclass(frozen=True, eq=False)
class Reader:
    """A text being read, or B side by side, in memory that every `read` fills anew.

    Attributes:
        read: reads a character: its id, or ids `(B,)`.
        state: `(N,)` or `(B, N)`; zero at first. May be written to.
        logits: of the character to come, `(V,)` or `(B, V)`; none before the first `read`.
        hidden: the half of the hidden layer that the loop computes, like `state`.
    """

    read: Callable[[int | np.ndarray], None]
    state: np.ndarray
    logits: np.ndarray
    hidden: np.ndarray


class CharacterModel:
    """`U, W, b, V, c` as tables and one product, to read with.

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
        U, W, b, V, c = (np.asarray(weights[name]) for name in ("U", "W", "b", "V", "c"))
        relu = partial(np.maximum, np.zeros((), U.dtype))  # a Python 0 takes twice as long
        self._phi = np.tanh if config.activation == "tanh" else relu
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
        self._products = _side_by_side(back, out)  # (N, S)
        self._after = _side_by_side(into, logits)  # (V, S)

    def reader(self, batch_size: int | None = None) -> Reader:
        """What reads a text from the zero state on, or `batch_size` texts side by side."""
        rows = () if batch_size is None else (batch_size,)
        n, symbols = self._nodes, len(self._after)
        both = np.empty((*rows, self._products.shape[1]), self._products.dtype)
        state, logits = both[..., :n], both[..., n : n + symbols]
        hidden = np.empty((*rows, n), both.dtype)
        state[:] = self._start

        # In local names, which a character is read faster with than with attributes.
        add, phi, product, products = np.add, self._phi, hidden.dot, self._products
        after = self._after if rows else list(self._after)
        gate, inputs, back = self._gate, self._inputs, self._distribution_back

        def read(character: int | np.ndarray) -> None:
            if gate is not None:
                np.multiply(state, gate[character], out=hidden)
                phi(add(hidden, self._bias, out=hidden), out=hidden)
            elif inputs is not None:
                phi(add(state, inputs[character], out=hidden), out=hidden)
            else:
                phi(state, out=hidden)
            product(products, out=both)
            add(both, after[character], out=both)
            if back is not None:
                add(state, softmax(logits) @ back, out=state)

        return Reader(read, state, logits, hidden)

    def hidden_layer(self, character: int | np.ndarray, looped: np.ndarray) -> np.ndarray:
        """The whole hidden layer `(H,)`, from the character and a reader's `hidden`."""
        return np.concatenate((self._first[character], looped), -1)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities along the last axis."""
    shifted = np.exp(logits - logits.max(-1, keepdims=True))
    shifted /= shifted.sum(-1, keepdims=True)
    return shifted


def _side_by_side(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """[left right 0], its rows whole cache lines."""
    padding = np.zeros((len(left), -(left.shape[1] + right.shape[1]) % _ALIGNMENT), left.dtype)
    return np.concatenate((left, right, padding), 1)
