"""A sentence of one's own, coloured by what each character costs, here and under counting."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.data.alignment import align
from core.data.alphabet import encode, normalise
from core.data.ngrams import NAMES
from core.errors import UnrollError
from core.insight.surprise import surprise
from core.labels import TERMS
from core.palette import CRIMSON, GREEN
from dashboard.sample.draw_settings import Drawing
from dashboard.sample.sources import Taken
from dashboard.texts import text_facts
from dashboard.widgets.coloured_text import Mark, Row, coloured_text
from dashboard.widgets.held import held
from dashboard.widgets.plain import plain

_EXAMPLE = "The statement that follows is executed when the function returns."
_LONGEST = 2_000
_FULL_COLOUR = 8.0  # bits
_FULL_GAIN = 4.0  # bits
_ROWS = {
    "network": "This network",
    "fourgram": "4-grams",
    "trigram": "Trigrams",
    "bigram": "Bigrams",
    "unigram": "Unigrams",
}


def surprise_panel(taken: Taken, drawing: Drawing) -> None:
    """A text area, and the text in colours."""
    raw = held(
        st.text_area,
        "Your text",
        _EXAMPLE,
        max_chars=_LONGEST,
        key="sample_sentence",
        help="The network reads a to z and spaces. What it cannot read is struck out below.",
        persist_state="session",
    )
    ids = encode(normalise(raw))
    try:
        bits = {"network": surprise(taken.weights, taken.config, ids, drawing.fed_back).bits}
    except UnrollError as error:
        st.info(plain(str(error)))
        return
    try:
        ngrams = text_facts(taken.text).ngrams
        bits |= {name: ngrams.bits(ids, order) for order, name in reversed(NAMES.items())}
    except UnrollError as error:
        st.caption(plain(str(error)))
    tips = _tips(normalise(raw), bits)
    rows = [
        Row(_marks(raw, cost / _FULL_COLOUR, tips), _ROWS[name], _total(cost))
        for name, cost in bits.items()
    ]
    coloured_text(
        rows, key="sample_surprise", positive=CRIMSON, legend=("0 bits", "8 bits or more")
    )
    if "trigram" in bits:
        gain = bits["trigram"] - bits["network"]
        mean = _short(gain.mean(), "+")
        st.markdown(f"**Against counting 3 characters**: {mean} bits per character")
        coloured_text(
            [Row(_marks(raw, gain / _FULL_GAIN, tips))],
            key="sample_gain",
            positive=GREEN,
            negative=CRIMSON,
            legend=("trigrams were 4 bits better", "the network was"),
        )
        st.caption(
            "An n-gram sees n − 1 characters back. Its probabilities are the training text's "
            "counts, each order leaning on the one below it the more, the more different "
            "characters have followed. The first character is given to all of them."
        )


def _total(bits: np.ndarray) -> str:
    return f"{_short(bits.mean())} bits per character over {len(bits):,} characters"


def _short(bits: float, sign: str = "") -> str:
    """ReLU can reach any height, and 50 digits say no more than two."""
    return format(bits, f"{sign}.3f" if abs(bits) < 1_000 else f"{sign}.2e")


def _tips(text: str, bits: dict[str, np.ndarray]) -> list[str]:
    """What each character cost everyone, in a line."""
    lines = [f"{_shown(text[0])}: given"]
    for at, character in enumerate(text[1:]):
        costs = ", ".join(
            f"{TERMS.get(name, name)} {_short(cost[at])}" for name, cost in bits.items()
        )
        lines.append(f"{_shown(character)}: {costs} bits")
    return lines


def _shown(character: str) -> str:
    return "space" if character == " " else character


def _marks(raw: str, levels: np.ndarray, tips: list[str]) -> list[Mark]:
    """The text as it was typed: what was read in colours, what was not struck out."""
    marks: list[Mark] = []
    read = 0
    for piece in align(raw):
        if piece.removed:
            marks.append(Mark(piece.text, tip="removed before reading", kind="removed"))
            continue
        for character in piece.text:
            level = None if read == 0 else float(np.clip(levels[read - 1], -1, 1))
            marks.append(Mark(character, level, tips[read], "given" if read == 0 else ""))
            read += 1
    return marks
