"""A trained network that reads: one character at a time, or whole texts side by side.

For sampling, for measuring and for looking inside. The tables of `arch1.py` serve here too, and
the two products that follow a hidden layer, into the next step and into the logits, are one:

    hidden = φ(state ∘ gate[x] + inputs[x])
    state', logits = hidden [back | out | 0] + after[x]

Only multiply has a gate, and concat adds no inputs. Long texts are read by compiled code where it
is there; character by character numpy's small overhead beats it.

Knows nothing of temperature, drawing or texts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property, partial
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np

from core.config import TrainingConfig
from core.networks.compiled import cache
from core.networks.layout import NAMES

if TYPE_CHECKING:
    from core.networks.compiled.reading import Tables

FedBack = Literal["character", "distribution"]

# The columns of the joint product are rounded up to it: a product with rows of whole cache
# lines takes a third less.
_ALIGNMENT = 16
# Compiled code takes half a second to load, in which numpy reads far more characters than these. It
# goes by the number alone, so that what is read twice is read in the same way.
_MANY = 5_000


class CharacterModel:
    """`U, W, b, V, c` as tables and one product, to read with.

    Args:
        weights: float arrays by name, in the shapes of `config.parameter_shapes`.
        config: the architecture they belong to.
        fed_back: Arch 2 only: what stands for the previous output. `character` is what
            teacher forcing trained for, `distribution` is what free running trained for. The
            default follows the configuration.
        compiled: whether texts are read by compiled code; long ones if it is there, by default.

    Attributes:
        start: the state before the first character, `(N,)`.
        gate, inputs, after, products, distribution_back: the tables of the equations above, and
            what a distribution that comes back is multiplied by; of no rows where a network does
            without.
    """

    @np.errstate(over="ignore", invalid="ignore")  # weights about to diverge, or a stranger's
    def __init__(
        self,
        weights: Mapping[str, np.ndarray],
        config: TrainingConfig,
        fed_back: FedBack | None = None,
        *,
        compiled: bool | None = None,
    ) -> None:
        self.config = config
        self._compiled = compiled
        teacher = config.feedback == "teacher"
        self.fed_back: FedBack = fed_back or ("character" if teacher else "distribution")
        U, W, b, V, c = (np.array(weights[name], order="C") for name in NAMES)
        relu = partial(np.maximum, np.zeros((), U.dtype))  # a Python 0 takes twice as long
        self.phi = np.tanh if config.activation == "tanh" else relu
        n = self.nodes = config.nodes
        self.gate = self.inputs = self.distribution_back = U[:0]
        self._first = np.zeros((len(U), 0), U.dtype)  # the half of h that x alone decides
        self.start = np.zeros(n, U.dtype)
        back, out = W, V
        into, logits = np.zeros_like(U), np.broadcast_to(c, (len(U), len(c)))  # after[x]
        if config.combine == "concat":
            self._first = self.phi(U + b[:n])
            self.start, out = b[n:], V[n:]
            logits = self._first @ V[:n] + c
            if config.architecture == "arch1":
                back = W[n:]
                into = self._first @ W[:n] + b[n:]
            else:
                back = np.zeros((n, n), U.dtype)  # what comes back is not the hidden layer
                into = np.broadcast_to(b[n:], U.shape)
                if self.fed_back == "character":
                    self.inputs = W  # p_{t-1} is x_t's own one-hot
                else:
                    self.distribution_back = W
        elif config.combine == "add":
            self.inputs = U + b
        else:
            self.gate, self.inputs = U, np.tile(b, (len(U), 1))
        self.products = _side_by_side(back, out)  # (N, S)
        self.after = _side_by_side(into, logits)  # (V, S)

    def is_compiled(self, characters: int) -> bool:
        """Whether compiled code is to read so many."""
        if self._compiled is not None:
            return self._compiled
        return characters >= _MANY and cache.ready()

    @cached_property
    def tables(self) -> Tables:
        """The same for compiled code."""
        from core.networks.compiled.reading import Tables

        return Tables(
            self.config.activation == "relu",
            self.gate,
            self.inputs,
            self.after,
            self.products,
            self.distribution_back,
        )

    def reader(self, batch_size: int | None = None) -> Reader:
        """What reads a text from the zero state on, or `batch_size` texts side by side."""
        return Reader(self, batch_size)

    def hidden_layer(self, character: int | np.ndarray, looped: np.ndarray) -> np.ndarray:
        """The whole hidden layer `(H,)`, from the character and a reader's `hidden`."""
        return np.concatenate((self._first[character], looped), -1)


class Reader:
    """A text being read, or B side by side, in memory that every character fills anew.

    Attributes:
        read: reads a character: its id, or ids `(B,)`.
        state: `(N,)` or `(B, N)`; zero at first. May be written to.
        logits: of the character to come, `(V,)` or `(B, V)`; none before the first `read`.
        hidden: the half of the hidden layer that the loop computes, like `state`.
    """

    def __init__(self, model: CharacterModel, batch_size: int | None) -> None:
        self._model = model
        rows = () if batch_size is None else (batch_size,)
        n, symbols = model.nodes, len(model.after)
        self._both = np.empty((*rows, model.products.shape[1]), model.products.dtype)
        self.state, self.logits = self._both[..., :n], self._both[..., n : n + symbols]
        self.hidden = np.empty((*rows, n), self._both.dtype)
        self.state[:] = model.start
        self.read: Callable[[int | np.ndarray], None] = self._by_numpy()

    def read_all(self, text: np.ndarray) -> np.ndarray:
        """Read `(T,)`, or `(T, B)`: the logits after each character, `(T, V)` or `(T, B, V)`."""
        logits = np.empty((*text.shape, self.logits.shape[-1]), self._both.dtype)
        if self._model.is_compiled(text.size):
            from core.networks.compiled import reading

            both, hidden = np.atleast_2d(self._both, self.hidden)
            ids = np.ascontiguousarray(text.reshape(len(text), -1), np.int64)
            into = logits.reshape(*ids.shape, -1)
            reading.read_all(self._model.tables, ids, both, hidden, into)
            return logits
        for read, found in zip(text, logits, strict=True):
            self.read(read)
            found[:] = self.logits
        return logits

    def losses(self, text: np.ndarray) -> np.ndarray:
        """Read `(T+1, B)` but for the last of each: what all but the first cost, in nats.

        Returns:
            `(T, B)` float64; not finite where the network's outputs are not.
        """
        found = np.empty((len(text) - 1, text.shape[1]))
        if self._model.is_compiled(text.size):
            from core.networks.compiled import reading

            ids = np.ascontiguousarray(text, np.int64)
            reading.losses(self._model.tables, ids, self._both, self.hidden, found)
            return found
        rows = np.arange(text.shape[1])
        for costs, (read, comes) in zip(found, pairwise(text), strict=True):
            self.read(read)
            shifted = self.logits - self.logits.max(1, keepdims=True)  # (B, V)
            costs[:] = np.log(np.exp(shifted).sum(1)) - shifted[rows, comes]
        return found

    def write(self, character: int, noise: np.ndarray) -> np.ndarray:
        """Read a character, then draw one after the other and read each but the last.

        The one is drawn whose logit plus noise is the largest; where none is finite it ends.

        Args:
            character: an id.
            noise: `(L, V)`, in the model's dtype.

        Returns:
            The ids drawn, `(L,)` or fewer.
        """
        ids = np.empty(len(noise), np.int64)
        if self._model.is_compiled(len(noise)):
            from core.networks.compiled import reading

            tables = self._model.tables
            drawn = reading.write(tables, int(character), noise, self._both, self.hidden, ids)
            return ids[:drawn]
        read, logits, add = self.read, self.logits, np.add
        for place, sums in enumerate(noise):  # a character's noise, and then what it is chosen by
            read(character)
            add(logits, sums, out=sums)
            character = int(sums.argmax())
            ids[place] = character
        finite = np.isfinite(noise.max(1))  # of the chosen ones
        return ids if finite.all() else ids[: finite.argmin()]

    def _by_numpy(self) -> Callable[[int | np.ndarray], None]:
        # In local names, which a character is read faster with than with attributes.
        model, state, logits, hidden, both = (
            self._model,
            self.state,
            self.logits,
            self.hidden,
            self._both,
        )
        add, phi, product, products = np.add, model.phi, hidden.dot, model.products
        after = model.after if both.ndim == 2 else list(model.after)
        gate, inputs, back = model.gate, model.inputs, model.distribution_back
        gated, added, fed_back = len(gate) > 0, len(inputs) > 0, len(back) > 0

        def read(character: int | np.ndarray) -> None:
            if gated:
                np.multiply(state, gate[character], out=hidden)
                phi(add(hidden, inputs[character], out=hidden), out=hidden)
            elif added:
                phi(add(state, inputs[character], out=hidden), out=hidden)
            else:
                phi(state, out=hidden)
            product(products, out=both)
            add(both, after[character], out=both)
            if fed_back:
                add(state, softmax(logits) @ back, out=state)

        return read


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities along the last axis."""
    shifted = np.exp(logits - logits.max(-1, keepdims=True))
    shifted /= shifted.sum(-1, keepdims=True)
    return shifted


def _side_by_side(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """[left right 0], its rows whole cache lines."""
    padding = np.zeros((len(left), -(left.shape[1] + right.shape[1]) % _ALIGNMENT), left.dtype)
    return np.concatenate((left, right, padding), 1)
