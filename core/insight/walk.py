"""A text being written, with all that was on the network's mind at each character.

Knows nothing of pages. The same generator writes the same text here as in `sampling.generate`,
so a sample can be stepped through after it was read.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from core.data.alphabet import decode
from core.insight.sampling import Draw, generate, quiet
from core.networks.stepwise import CharacterModel, softmax


@dataclass(frozen=True, eq=False)
class Moment:
    """The network before one character of the text, having read all those before it."""

    character: int  # the one that comes now
    given: bool  # by the prime, not drawn
    probabilities: np.ndarray  # (V,): the network's own
    drawn_from: np.ndarray  # (V,): after temperature, top-k, top-p
    hidden: np.ndarray  # (H,): the hidden layer these came from

    @property
    def entropy_bits(self) -> float:
        """Of what is drawn from: 0 is certain, log2 27 = 4.75 is anything."""
        return entropy_bits(self.drawn_from)


@dataclass(frozen=True, eq=False)
class Walk:
    """A text and the moments between its characters: `moments[t]` comes before `text[t + 1]`."""

    text: str
    moments: tuple[Moment, ...]


def walk(
    model: CharacterModel,
    length: int,
    generator: np.random.Generator,
    *,
    prime: np.ndarray | None = None,
    draw: Draw | None = None,
) -> Walk:
    """Write `length` characters, the prime included, from a zero state, and remember.

    A text whose logits are no longer finite ends there.
    """
    draw = draw or Draw()
    given = 0 if prime is None else len(prime)
    ids = list(generate(model, generator, prime=prime, draw=draw, length=length))
    moments: list[Moment] = []
    reader = model.reader()
    with quiet():
        for place, (read, comes) in enumerate(pairwise(ids), start=1):
            reader.read(read)
            if not np.isfinite(reader.logits).all():
                break
            own = softmax(reader.logits.astype(np.float64))
            drawn_from = draw.probabilities(reader.logits)
            hidden = model.hidden_layer(read, reader.hidden)
            moments.append(Moment(comes, place < given, own, drawn_from, hidden))
    return Walk(decode(ids[: len(moments) + 1]), tuple(moments))


def entropy_bits(probabilities: np.ndarray) -> float:
    """The entropy of a distribution in bits."""
    some = probabilities[probabilities > 0]
    return max(0.0, float(-(some * np.log2(some)).sum()))
