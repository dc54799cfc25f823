"""Step 1: texts in the order of what counting reaches on them. Counted here, nothing is trained."""

from __future__ import annotations

from dataclasses import asdict

import streamlit as st

from core.data.alphabet import decode
from core.data.corpora import is_kept, load_corpus
from core.data.latch import latch_floor
from core.data.ngrams import cached_floors
from dashboard import session
from dashboard.learn.walk.questions import Order, Outcome, Prediction
from dashboard.learn.walk.step import Answered
from dashboard.widgets.plain import plain
from dashboard.widgets.verbatim import verbatim

_TEXTS = ("latch:8", "builtin", "latch:2", "latch:16")
_SHOWN = 80  # characters of each: a line
_ABOUT = (
    "A latch text is made: a key of 8 letters, fillers of 4 others, the key again after so many "
    "characters as its lag, a space."
)


def question() -> Order:
    """The texts by their keys."""
    best = "Which text can a counter predict best?"
    return Order(
        f"{best} Order them by their trigram floor, lowest first: press one after the other.",
        {key: _title(key) for key in _keys()},
        first=f"{best} The one with the lowest trigram floor.",
    )


def draw(answered: Answered) -> None:
    """How each of them begins."""
    st.caption(_ABOUT)
    for key in _keys():
        st.markdown(f"**{plain(_title(key))}**")
        verbatim(_beginning(key).replace(" ", "␣"))


def outcome(prediction: Prediction) -> Outcome:
    """The order that counting gives."""
    counted = {key: _floors(key) for key in prediction}
    order = sorted(counted, key=lambda key: counted[key]["trigram"])
    rows = [
        (
            _title(key),
            f"{counted[key]['bigram']:.2f}",
            f"{counted[key]['trigram']:.2f}",
            f"{latch_floor(_lag(key)):.2f}" if key.startswith("latch:") else "–",
        )
        for key in order
    ]
    return Outcome(
        right=order == list(prediction),
        sentences="Counted on the training part, scored on the held-out part, in nats, lowest "
        "first.\nA low floor is not an easy text: the fillers of a latch text are drawn at random, "
        "and nobody does better on them than ln 4. What is left to learn is to count "
        "where the block ends, and the key that comes back there: a counter of 3 sees it at lag 2 "
        "and no further, a perfect reader always.",
        table=(("text", "bigram", "trigram", "perfect reader"), *rows),
    )


def _keys() -> tuple[str, ...]:
    own = session.config().text
    return (*_TEXTS, own) if own.startswith("own:") and is_kept(own) else _TEXTS


def _lag(key: str) -> int:
    return int(key.split(":")[1])


@st.cache_data(max_entries=20, show_spinner=False)
def _title(key: str) -> str:
    return load_corpus(key).title


@st.cache_data(max_entries=20, show_spinner=False)
def _beginning(key: str) -> str:
    return decode(load_corpus(key).training[:_SHOWN])


@st.cache_data(max_entries=20, show_spinner=False)
def _floors(key: str) -> dict[str, float]:
    return asdict(cached_floors(load_corpus(key)))
