"""What the training text knows by counting, worked out once for all sessions.

Knows nothing of networks. A text that is not on this machine is not fetched from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import streamlit as st

from core.data.corpora import Corpus, load_corpus
from core.data.ngrams import NgramModel
from core.data.text8 import text8_is_here
from core.errors import TextError
from core.insight.score import vocabulary

_SHORTEST = 40  # characters; below, there is nothing held out


@dataclass(frozen=True, eq=False)
class TextFacts:
    """A text, and what is counted in the part of it that networks train on."""

    corpus: Corpus

    @cached_property
    def ngrams(self) -> NgramModel:
        """n-gram probabilities of the training part."""
        return NgramModel(self.corpus.training)

    @cached_property
    def words(self) -> frozenset[str]:
        """Every word of the training part."""
        return vocabulary(self.corpus.training)


def text_facts(key: str | None) -> TextFacts:
    """The facts of the text with this key; None stands for one that nobody may open.

    Raises:
        TextError: the text is not at hand.
    """
    if key is None:
        raise TextError(
            "The text that these weights were trained on is not on this machine, so nothing "
            "can be counted in it."
        )
    if key == "text8" and not text8_is_here():
        raise TextError(
            "These weights were trained on text8, which is not on this machine yet: start a run "
            "on it, and it is fetched."
        )
    facts = _facts(key)
    if len(facts.corpus) < _SHORTEST:
        raise TextError(f"The text has {len(facts.corpus)} characters: too few to count in.")
    return facts


@st.cache_resource(max_entries=4, show_spinner="Reading the text")
def _facts(key: str) -> TextFacts:
    return TextFacts(load_corpus(key))
