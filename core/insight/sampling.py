"""Text out of a network: from logits to a drawn character, and on to the next.

Knows nothing of training, files or pages. Randomness is the caller's generator.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np

from core.config import ALPHABET_SIZE
from core.data.alphabet import decode
from core.networks.stepwise import CharacterModel, softmax


def first_character(generator: np.random.Generator) -> int:
    """The article's start: a random distribution over the alphabet, then one draw from it."""
    return draw(generator.dirichlet(np.ones(ALPHABET_SIZE)), generator)


def draw(probabilities: np.ndarray, generator: np.random.Generator) -> int:
    """One id, drawn with these probabilities."""
    # In float32 a draw just below 1 would be rounded up to it, and name an id past the last.
    sums = probabilities.cumsum(dtype=np.float64)
    # The sum of float32 probabilities may fall short of 1; scaling keeps the last id in reach.
    return int(sums.searchsorted(generator.random() * sums[-1], side="right"))


def generate(
    model: CharacterModel, generator: np.random.Generator, first: int | None = None
) -> Iterator[int]:
    """Draw characters from a zero state: without end, as long as there is something to draw from.

    A network about to diverge can have finite weights and logits that are not: the text ends
    there.

    Args:
        first: the id to begin with; the article's start without it. It is yielded first.
    """
    character = first_character(generator) if first is None else first
    state = model.start()
    while True:
        yield character
        with np.errstate(over="ignore", invalid="ignore"):
            state, logits, _ = model.step(state, character)
            probabilities = softmax(logits)
        if not np.isfinite(probabilities).all():
            return
        character = draw(probabilities, generator)


def sample(model: CharacterModel, length: int, generator: np.random.Generator) -> str:
    """A text of `length` characters (fewer if `generate` ends), started as in the article."""
    return decode(np.fromiter(islice(generate(model, generator), length), np.uint8))
