"""Text out of a network: from logits to a drawn character, and on to the next.

A character is drawn with the Gumbel-max trick (Gumbel 1954; Maddison et al. 2014, arXiv:1411.0030):
if every logit gets noise of its own, -log of an exponentially distributed number, then the
largest sum belongs to character i as often as softmax(logits) says. That takes two calls into
NumPy, where summing up probabilities takes five, and the noise is made ahead in one go.

Knows nothing of training, files or pages. Randomness is the caller's generator.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from core.config import ALPHABET_SIZE
from core.data.alphabet import decode
from core.errors import ConfigError
from core.networks.stepwise import CharacterModel, Reader, softmax

_DRAWN_AT_ONCE = 200  # characters; fetching random numbers one by one costs as much as a product


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

    def noise(self, generator: np.random.Generator, *shape: int) -> np.ndarray:
        """What is added to the scores: `(*shape, V)` float64.

        That of the distribution at this temperature, times the temperature: so it is the noise
        that is scaled, once for many characters, and not the logits.
        """
        # In float32 one number in some millions would be exactly 0, and its noise infinite.
        return -self.temperature * np.log(generator.standard_exponential((*shape, ALPHABET_SIZE)))

    def scores(self, logits: np.ndarray) -> np.ndarray:
        """What the noise is added to: the logits, -∞ for a character that may not come."""
        if self.unrestricted:
            return logits
        shown = softmax(logits.astype(np.float64)) if self.as_published else logits
        return np.where(self.probabilities(logits) > 0, shown, -np.inf)

    @property
    def plain(self) -> bool:
        """Whether the network's own distribution is drawn from, as it is."""
        return self.temperature == 1 and self.unrestricted

    @cached_property
    def unrestricted(self) -> bool:
        """Whether every character may come, as the network has it, but for the temperature."""
        return self.top_k == 0 and self.top_p == 1 and not self.as_published


def quiet() -> np.errstate:
    """No warnings from NumPy in here.

    Weights on their way to a divergence are finite and give logits that are not: a text ends
    there, and says nothing.
    """
    return np.errstate(over="ignore", under="ignore", invalid="ignore")


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
    left: float = math.inf if length is None else length
    given = [first_character(generator)] if prime is None or not len(prime) else prime.tolist()
    if left <= 0:
        return
    yield from given[: int(min(left, len(given)))]
    left -= len(given)
    reader = model.reader()
    with quiet():
        for character in given[:-1]:
            reader.read(character)
    character = given[-1]
    write = reader.write if draw.unrestricted else partial(_write_restricted, reader, draw)
    while left > 0:
        noise = draw.noise(generator, int(min(left, _DRAWN_AT_ONCE)))
        with quiet():
            characters = write(character, noise.astype(reader.logits.dtype)).tolist()
        yield from characters
        if len(characters) < len(noise):
            return
        character = characters[-1]
        left -= len(characters)


def _write_restricted(reader: Reader, draw: Draw, character: int, noise: np.ndarray) -> np.ndarray:
    """`Reader.write` of a distribution that is not the network's own."""
    ids = np.empty(len(noise), np.int64)
    for place, sums in enumerate(noise):
        reader.read(character)
        scores = draw.scores(reader.logits) + sums
        character = int(scores.argmax())
        if not np.isfinite(scores[character]):
            return ids[:place]
        ids[place] = character
    return ids


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
    draw, reader = Draw(), model.reader(count)
    for place, now in enumerate(ids, start=1):
        now[:] = character
        with quiet():
            reader.read(character)
            noise = draw.noise(generator, count)  # (count, V)
            sums = reader.logits + noise.astype(reader.logits.dtype)
        character = sums.argmax(1)
        lengths[~np.isfinite(sums.max(1)) & (lengths > place)] = place
    return [decode(text[:end]) for text, end in zip(ids.T, lengths, strict=True)]
