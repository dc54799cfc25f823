"""How a text is to be drawn: widgets in, checked values out. Knows nothing of networks' insides."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from core.config import TrainingConfig
from core.data.alphabet import encode, normalise
from core.insight.sampling import Draw
from core.networks.stepwise import CharacterModel, FedBack
from dashboard.sample.sources import Taken
from dashboard.widgets.held import held
from dashboard.widgets.plain import plain

LONGEST = 10_000
MOST_SAMPLES = 6
_LONGEST_PRIME = 500
_FED_BACK: tuple[FedBack, ...] = ("distribution", "character")


@dataclass(frozen=True)
class Drawing:
    """What the widgets say."""

    draw: Draw
    prime: str  # normalised; "" is the article's start
    length: int  # characters, the prime included
    seed: int
    count: int
    fed_back: FedBack | None  # None for Arch 1

    @property
    def prime_ids(self) -> np.ndarray | None:
        """As `generate` takes it."""
        return encode(self.prime) if self.prime else None

    def model(self, taken: Taken) -> CharacterModel:
        """The network, fed back as chosen."""
        return CharacterModel(taken.weights, taken.config, self.fed_back)

    def generator(self, number: int = 0) -> np.random.Generator:
        """Of the sample with this number, from 0."""
        return np.random.default_rng(self.seed + number)


def reading_settings(panel: str, config: TrainingConfig) -> Drawing:
    """Where nothing is written to taste: what is fed back is the only choice."""
    return Drawing(Draw(), "", 0, 0, 1, _fed_back(panel, config))


def draw_settings(panel: str, config: TrainingConfig) -> Drawing:
    """Draw the widgets of a panel."""
    key = partial(_key, panel)
    raw = held(
        st.text_input,
        "Prime",
        placeholder="empty: the article's random start",
        max_chars=_LONGEST_PRIME,
        help="The text that the network reads before it writes. Left empty, a character is "
        "drawn from a random distribution, as the article does.",
        **key("prime"),
    )
    prime = normalise(raw) if raw else ""
    if prime != raw:
        st.caption(f"Read as “{plain(prime)}”")
    temperature = held(
        st.slider,
        "Temperature",
        0.0,
        2.0,
        1.0,
        step=0.05,
        help="0 always takes the likeliest character; 1 draws from the network's own "
        "distribution; 2 flattens it.",
        **key("temperature"),
    )
    left, right = st.columns(2)
    length = held(left.number_input, "Length", 2, LONGEST, 400, step=100, **key("length"))
    seed = held(
        right.number_input,
        "Seed",
        0,
        2**31,
        help="The same seed writes the same text.",
        **key("seed"),
    )
    with st.expander("More"):
        top_k, top_p, count = _seldom_changed(panel)
    fed_back = _fed_back(panel, config)
    as_published = held(
        st.toggle,
        "Double softmax, as published",
        help="The article's listing of Arch 2 takes the softmax of a softmax before it draws. "
        "No character can then have more than 9.5 % at temperature 1.",
        **key("as_published"),
    )
    draw = Draw(temperature, top_k, top_p, as_published)
    # A prime leaves room for one character to be written, whatever the length says.
    return Drawing(draw, prime, max(length, len(prime) + 1), seed, count, fed_back)


def _key(panel: str, name: str) -> dict[str, Any]:
    return {"key": f"sample_{name}_{panel}", "persist_state": "session"}


def _seldom_changed(panel: str) -> tuple[int, float, int]:
    """Top k, top p, and how many samples."""
    left, right = st.columns(2)
    top_k = held(
        left.number_input,
        "Top k",
        0,
        27,
        0,
        help="Only the k likeliest; 0 takes all.",
        **_key(panel, "top_k"),
    )
    top_p = held(
        right.number_input,
        "Top p",
        0.01,
        1.0,
        1.0,
        0.05,
        help="Only the likeliest that together reach this; 1 takes all.",
        **_key(panel, "top_p"),
    )
    count = held(
        st.number_input,
        "Samples at once",
        1,
        MOST_SAMPLES,
        1,
        help="With this seed and those that follow it.",
        **_key(panel, "count"),
    )
    return top_k, top_p, count


def _fed_back(panel: str, config: TrainingConfig) -> FedBack | None:
    if config.architecture != "arch2":
        return None
    trained: FedBack = "character" if config.feedback == "teacher" else "distribution"
    chosen = held(
        st.segmented_control,
        "Fed back",
        _FED_BACK,
        default=trained,
        required=True,
        help="What stands for the previous output while it writes. The article feeds the "
        "network's own distribution back; teacher forcing has trained it for the character.",
        **_key(panel, "fed_back"),
    )
    st.caption("As in training." if chosen == trained else "Not what it was trained for.")
    return chosen
