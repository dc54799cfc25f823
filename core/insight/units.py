"""Which hidden unit does what: a layer read along a text, and held against simple features.

Knows nothing of colours. A unit's value at t is taken after the character x_t was read; each
feature is about x_t and what came before it, never about what comes after:

    inside a word       x_t is a letter
    after a space       x_{t-1} is the space
    after a vowel       x_{t-1} is one of a e i o u
    position in word    letters since the last space, x_t counted; 0 at a space

Under concat the first N units see x_t alone; the others see what came back: what came before x_t,
or, where the true output comes back, x_t again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.data.alphabet import SYMBOLS
from core.networks.stepwise import CharacterModel

_VOWELS = np.array([SYMBOLS.index(letter) for letter in "aeiou"])
_LEAST_SPREAD = 1e-6  # of a unit's values; below it the unit is constant, and rounding is all


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A unit that goes with a feature."""

    feature: str
    unit: int
    correlation: float  # -1 to 1


def read_units(model: CharacterModel, ids: np.ndarray) -> np.ndarray:
    """The hidden layer after each character of a text, `(L, H)`, from a zero state."""
    found = np.empty((len(ids), model.config.hidden_size), np.float32)
    reader = model.reader()
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        for place, character in enumerate(np.asarray(ids).tolist()):
            reader.read(character)
            found[place] = model.hidden_layer(character, reader.hidden)
    return found


def features(ids: np.ndarray) -> dict[str, np.ndarray]:
    """What could be said of each character, by name: float arrays `(L,)`.

    Before the first character stands nothing: neither a space nor a vowel.
    """
    ids = np.asarray(ids)
    letter = ids != 0
    before = np.concatenate(([-1], ids[:-1].astype(np.int64))) if len(ids) else ids
    places = np.arange(1, len(ids) + 1)
    last_space = np.maximum.accumulate(np.where(letter, 0, places)) if len(ids) else places
    return {
        "inside a word": letter.astype(float),
        "after a space": (before == 0).astype(float),
        "after a vowel": np.isin(before, _VOWELS).astype(float),
        "position in word": (places - last_space).astype(float),
    }


def correlations(values: np.ndarray, feature: np.ndarray) -> np.ndarray:
    """Pearson's r of each unit with a feature, `(H,)` for values `(L, H)`.

    0 for a unit that never changes, and for a feature that never does.
    """
    values = values.astype(np.float64)
    off = values - values.mean(0)
    spread = np.sqrt((off**2).mean(0))
    feature_off = feature - feature.mean()
    feature_spread = np.sqrt((feature_off**2).mean())
    with np.errstate(divide="ignore", invalid="ignore"):
        found = (off * feature_off[:, None]).mean(0) / (spread * feature_spread)
    moving = (spread > _LEAST_SPREAD) & (feature_spread > _LEAST_SPREAD) & np.isfinite(found)
    return np.where(moving, found, 0.0).clip(-1, 1)


def suggestions(values: np.ndarray, ids: np.ndarray, each: int = 3) -> list[Suggestion]:
    """The units most correlated with each feature, strongest first, either sign.

    Args:
        values: from `read_units`, `(L, H)`.
        ids: the text they were read on, `(L,)`.
        each: how many a feature.
    """
    found = []
    for name, feature in features(ids).items():
        r = correlations(values, feature)
        for unit in np.argsort(-np.abs(r), kind="stable")[:each]:
            if r[unit]:
                found.append(Suggestion(name, int(unit), float(r[unit])))
    return found
