"""Text out of a network: from logits to a drawn character, and on to the next.

Knows nothing of training, files or pages. Randomness is the caller's generator.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from core.config import ALPHABET_SIZE
from core.data.alphabet import decode
from core.networks.stepwise import CharacterModel, softmax


def first_character(generator: np.random.Generator) -> int:
    """The article's start: a random distribution over the alphabet, then one draw from it."""
    return draw(generator.dirichlet(np.ones(ALPHABET_SIZE)), generator)


def draw(probabilities: np.ndarray, generator: np.random.Generator) -> int:
    """One id, drawn with these probabilities."""
    sums = probabilities.cumsum()
    # The sum of float32 probabilities may fall short of 1; scaling keeps the last id in reach.
    return int(sums.searchsorted(generator.random() * sums[-1], side="right"))


def generate(
    model: CharacterModel, generator: np.random.Generator, first: int | None = None
) -> Iterator[int]:
    """Draw characters without end, from a zero state.

    Args:
        first: the id to begin with; the article's start without it. It is yielded first.
    """
    character = first_character(generator) if first is None else first
    state = model.start()
    while True:
        yield character
        state, logits, _ = model.step(state, character)
        character = draw(softmax(logits), generator)


def sample(model: CharacterModel, length: int, generator: np.random.Generator) -> str:
    """A text of `length` characters, started as in the article."""
    stream = generate(model, generator)
    ids = [next(stream) for _ in range(length)]
    return decode(np.array(ids, np.uint8))
