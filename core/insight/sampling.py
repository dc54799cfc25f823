"""Text out of a network: from logits to a drawn character, and on to the next.

Knows nothing of training, files or pages. Randomness is the caller's generator.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.config import ALPHABET_SIZE
from core.data.alphabet import decode
from core.errors import ConfigError
from core.networks.stepwise import CharacterModel, softmax

_DRAWN_AT_ONCE = 50  # characters; fetching random numbers one by one costs as much as a product

# Weights on their way to a divergence are finite and give logits that are not: a text ends
# there, without a warning. `_choose` provokes the first two on its own.
_QUIET = {"over": "ignore", "under": "ignore", "invalid": "ignore"}


@dataclass(frozen=True)
class Draw:
    """How the next character is chosen from the network's logits.

    Attributes:
        temperature: the logits are divided by it; 0 always takes the likeliest.
        top_k: only the k likeliest characters; 0 takes all.
        top_p: only the likeliest characters that together reach this probability; 1 takes all.
        as_published: the article's listing of Arch 2, which takes the softmax of a softmax: the
            network's probabilities are treated as if they were logits. At temperature 1 no
            character is then more than e times as likely as another.

    Raises:
        ConfigError: a value that is not allowed.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    as_published: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.temperature <= 2:
            raise ConfigError(
                f"temperature={self.temperature:g} is not allowed: choose a number from 0 to 2."
            )
        if not 0 <= self.top_k <= ALPHABET_SIZE:
            raise ConfigError(
                f"top_k={self.top_k} is not allowed: choose a whole number from 0 (all) to "
                f"{ALPHABET_SIZE}."
            )
        if not 0 < self.top_p <= 1:
            raise ConfigError(
                f"top_p={self.top_p:g} is not allowed: choose a number above 0, up to 1 (all)."
            )

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """The distribution that is drawn from, `(V,)` float64, for logits `(V,)`."""
        logits = logits.astype(np.float64)
        if self.as_published:
            logits = softmax(logits)
        if self.temperature == 0:
            return np.eye(len(logits))[logits.argmax()]
        # Shifted first, because a tiny temperature would make several logits infinite.
        chances = softmax((logits - logits.max()) / self.temperature)
        if self.top_k or self.top_p < 1:
            order = np.argsort(-chances, kind="stable")
            kept = self.top_k or len(order)
            if self.top_p < 1:
                # Up to and including the character that reaches top_p.
                reached = int(np.searchsorted(chances[order].cumsum(), self.top_p)) + 1
                kept = min(kept, reached)
            chances[order[kept:]] = 0
            chances /= chances.sum()
        return chances

    @property
    def plain(self) -> bool:
        """Whether the network's own distribution is drawn from, as it is."""
        return self.temperature == 1 and self.whole and not self.as_published

    @property
    def whole(self) -> bool:
        """Whether every character may come."""
        return self.top_k == 0 and self.top_p == 1


def first_character(generator: np.random.Generator) -> int:
    """The article's start: a random distribution over the alphabet, then one draw from it."""
    return pick(generator.dirichlet(np.ones(ALPHABET_SIZE)), generator.random())


def pick(probabilities: np.ndarray, uniform: float) -> int:
    """The id at which the summed probabilities pass `uniform`, a number from 0 up to 1."""
    # In float32 a number just below 1 would be rounded up to it, and name an id past the last.
    sums = probabilities.cumsum(dtype=np.float64)
    # Scaled, because the sum of rounded probabilities may fall short of 1.
    return int(sums.searchsorted(uniform * sums[-1], side="right"))


def generate(
    model: CharacterModel,
    generator: np.random.Generator,
    *,
    prime: np.ndarray | None = None,
    draw: Draw | None = None,
    length: int | None = None,
) -> Iterator[int]:
    """Draw characters from a zero state, until the logits are no longer finite, or for good.

    Args:
        prime: ids read first, `(L,)`; they are yielded first, too. The article's start
            without any.
        draw: how to choose; from the network's own distribution without it.
        length: end after so many characters, the prime included.
    """
    draw = draw or Draw()
    left = math.inf if length is None else length
    primer = [] if prime is None else [int(i) for i in prime]
    state = model.start()
    for character in primer or [first_character(generator)]:
        if left <= 0:
            return
        left -= 1
        with np.errstate(**_QUIET):
            state, logits, _ = model.step(state, character)
        yield character
    while left > 0:
        uniforms = generator.random(min(left, _DRAWN_AT_ONCE)).tolist()
        characters, state, logits = _go_on(model, state, logits, draw, uniforms)
        yield from characters
        if len(characters) < len(uniforms):
            return
        left -= len(characters)


def sample(
    model: CharacterModel,
    length: int,
    generator: np.random.Generator,
    *,
    prime: np.ndarray | None = None,
    draw: Draw | None = None,
) -> str:
    """A text of `length` characters, counted with the prime; shorter if `generate` ends."""
    stream = generate(model, generator, prime=prime, draw=draw, length=length)
    return decode(np.fromiter(stream, np.uint8))


def sample_side_by_side(
    model: CharacterModel, count: int, length: int, generator: np.random.Generator
) -> list[str]:
    """`count` texts of `length` characters, started as in the article.

    All advance together, so that a character costs a small part of what it costs alone. Draws
    come from the network's own distribution. A text whose logits are no longer finite ends.
    """
    ids = np.empty((length, count), np.uint8)
    lengths = np.full(count, length)
    character = np.array([first_character(generator) for _ in range(count)])
    state = model.start(count)
    for place, now in enumerate(ids, start=1):
        now[:] = character
        with np.errstate(**_QUIET):
            state, logits, _ = model.step(state, character)
            sums = softmax(logits).cumsum(1)  # (count, V)
        lengths[~np.isfinite(sums[:, -1]) & (lengths > place)] = place
        passed = sums <= generator.random((count, 1)) * sums[:, -1:]
        character = passed.sum(1)
    return [decode(text[:end]) for text, end in zip(ids.T, lengths, strict=True)]


def _go_on(
    model: CharacterModel,
    state: np.ndarray,
    logits: np.ndarray,
    draw: Draw,
    uniforms: list[float],
) -> tuple[list[int], np.ndarray, np.ndarray]:
    """Draw a character for each random number; returns them, and where the model stands.

    Fewer characters if the logits are no longer finite.
    """
    characters = []
    with np.errstate(**_QUIET):
        for uniform in uniforms:
            character = choose(logits, draw, uniform)
            if character is None:
                break
            characters.append(character)
            state, logits, _ = model.step(state, character)
    return characters, state, logits


def choose(logits: np.ndarray, draw: Draw, uniform: float) -> int | None:
    """The next character, as `draw.probabilities` has it; None if the logits are not finite.

    Args:
        uniform: a random number from 0 up to 1.
    """
    if draw.temperature and draw.whole and not draw.as_published:
        # exp without the usual shift by the largest logit, which costs a third of a step. The
        # sum tells when the shift was needed after all.
        scaled = logits if draw.temperature == 1 else logits / draw.temperature
        sums = np.exp(scaled).cumsum()
        total = float(sums[-1])
        if 1e-30 < total < 1e30:
            return int(sums.searchsorted(uniform * total, side="right"))
    if not np.isfinite(logits).all():
        return None
    return pick(draw.probabilities(logits), uniform)
