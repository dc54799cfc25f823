"""How a text becomes windows: cursors, the T × B grid they fill, and a layout that fails.

The picture moves in the browser alone: `windows.js` is its arithmetic, `mega_batch_parts.js` draws
it, and `mega_batch.js` has its buttons and sliders.
Knows no run.
"""

from __future__ import annotations

from typing import Any

from core.config import TrainingConfig, bounds
from core.data.alphabet import SYMBOLS, decode
from core.data.corpora import Corpus
from core.errors import TextError
from core.labels import FIELDS
from dashboard import session
from dashboard.learn.toy import Ask, toy
from dashboard.texts import text_facts

_SHORTEST, _LONGEST = 60, 120  # characters of the ribbon

_component = toy("mega_batch")


def own_mega_batch(ask: Ask | None = None) -> None:
    """The picture on this session's text and settings, or on the built-in text.

    Args:
        ask: lets the question be put to a room.
    """
    config = session.config()
    try:
        mega_batch(config, text_facts(config.text).corpus, key="mega_batch", ask=ask)
    except TextError:  # it is not there yet, or too short
        mega_batch(config, text_facts("builtin").corpus, key="mega_batch", ask=ask)


def mega_batch(config: TrainingConfig, text: Corpus, *, key: str, ask: Ask | None = None) -> None:
    """Draw the picture, or leave it as the reader has moved it where it stands already.

    Args:
        config: whose B and T are counted beside those of the picture.
        text: what these settings train on; the ribbon is its beginning.
        key: unique on the page.
        ask: lets the question be put to a room.

    Raises:
        TextError: less than 60 characters of the text are trained on.
    """
    _component(key=key, data=picture_of(config, text), ask=ask)


def picture_of(config: TrainingConfig, text: Corpus) -> dict[str, Any]:
    """What the picture is about.

    Keys: `text`, the longest ribbon, and `shortest`, in characters; `title` of the whole text;
    `symbols`, in the order of a one-hot vector; `labels` of B and T; `settings`, the rows of the
    table of updates: `name`, `length` of the training part in characters, `B` and `T`.

    Raises:
        TextError: less than 60 characters of the text are trained on.
    """
    if len(text.training) < _SHORTEST:
        raise TextError(
            f"{text.title} has {len(text.training)} characters to train on, and the ribbon needs "
            f"{_SHORTEST}: choose a longer text."
        )
    return {
        "text": decode(text.training[:_LONGEST]),
        "shortest": _SHORTEST,
        "title": text.title,
        "symbols": SYMBOLS,
        "labels": {"B": FIELDS["batch_size"], "T": FIELDS["unrollings"]},
        "settings": [
            {"name": name, "length": len(text.training), "B": B, "T": T}
            for name, B, T in _compared(config.batch_size, config.unrollings)
        ],
    }


def _compared(B: int, T: int) -> list[tuple[str, int, int]]:
    """The settings, and each of B and T doubled where a configuration allows that."""
    most_b, most_t = bounds("batch_size")[1], bounds("unrollings")[1]
    rows = [("your settings", B, T), ("B doubled", 2 * B, T), ("T doubled", B, 2 * T)]
    return [(name, b, t) for name, b, t in rows if b <= most_b and t <= most_t]
