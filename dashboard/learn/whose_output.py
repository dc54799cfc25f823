"""Picture 4: whose output comes back in Arch 2, and a softmax of a softmax."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.config import ALPHABET_SIZE
from core.data.alphabet import SYMBOLS
from dashboard import session
from dashboard.learn.toy import Ask, toy
from dashboard.texts import text_facts

_draw = toy("whose_output")


def whose_output(ask: Ask | None = None, *, walk: bool = False) -> None:
    """Draw it. It begins with the teacher forcing of the settings, where they are of Arch 2.

    Args:
        ask: lets the question be put to a room.
        walk: with teacher forcing, and without the second softmax and its question.
    """
    config = session.config()
    feedback = config.feedback if config.architecture == "arch2" and not walk else "teacher"
    data = {"feedback": feedback, "walk": walk} | pairs_of("builtin")
    _draw(key="walk_whose_output" if walk else "whose_output", data=data, ask=ask)


def pairs_of(text: str) -> dict[str, Any]:
    """What comes after each character of a text, by counting pairs in its training part.

    Keys: `title` of the text; `symbols`, in the order of their ids; `follows`, by id the
    probabilities of the next character, all above 0.

    Raises:
        TextError: the text is not at hand.
    """
    facts = text_facts(text)
    rows = [facts.ngrams.probabilities(np.array([id_]), order=2) for id_ in range(ALPHABET_SIZE)]
    return {
        "title": facts.corpus.title,
        "symbols": SYMBOLS,
        "follows": [row.tolist() for row in rows],
    }
