"""Texts: what is counted in each, once for all sessions, and what a visitor may do with their own.

Knows nothing of networks. A text that is not on this machine is not fetched from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import streamlit as st

from core.data.corpora import Corpus, drop, kept_titles, load_corpus, names_file
from core.data.ngrams import NgramModel
from core.data.text8 import text8_is_here
from core.errors import RunError, TextError
from core.insight.score import vocabulary
from dashboard import visitor
from dashboard.server import library, limits, manager

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


# -- texts of one's own ------------------------------------------------------------------------


def listed(chosen: str = "") -> dict[str, str]:
    """The titles of the texts of their own that this visitor finds, by key.

    Args:
        chosen: a key that they have from a run or a link, and so may see the title of.
    """
    titles = kept_titles()
    return {key: title for key, title in titles.items() if is_own(key) or key == chosen}


def is_own(key: str) -> bool:
    """Whether a text is for this visitor to delete: one that they brought; alone, any."""
    who = visitor.who()
    if not key.startswith("own:"):
        return False
    return not who.limited or key in _brought(who.browser)


def may_read(key: str | None) -> bool:
    """Whether to lay a text out before this visitor: not one that somebody else brought along."""
    if key is None or not visitor.who().limited:
        return True
    return is_own(key) or not (key.startswith("own:") or names_file(key))


def require_text(characters: int, key: str | None = None) -> None:
    """Refuse a text of one's own that is too long here, or one too many, before it is kept.

    Args:
        characters: how long it is.
        key: its own, where that is known: what this visitor has brought before is none too many.

    Raises:
        UnrollError: it is, or its owner is not known.
    """
    who = visitor.who()
    who.require_known()
    if who.limited:
        limits().require_text(characters)
        kept = kept_titles().keys() & _brought(who.browser)
        if key not in kept:
            limits().require_texts(len(kept))


def may_rename(key: str) -> bool:
    """Whether a text that is brought again takes over its title: not from somebody else."""
    who = visitor.who()
    return not who.limited or visitor.classroom().owners_of(key) == {who.browser}


def note(key: str) -> None:
    """Let this visitor find a text again."""
    who = visitor.who()
    if who.shared and who.browser is not None and key.startswith("own:"):
        visitor.classroom().note_text(who.browser, key)


def delete(key: str) -> None:
    """Delete a text of one's own; for others who brought it, or train on it, it stays.

    Raises:
        UnrollError: it is not theirs, a run of theirs needs it, or it cannot be deleted.
    """
    who = visitor.who()
    if not is_own(key):
        raise RunError("This text was brought along in another browser, which alone deletes it.")
    rows, here = library().shelf().runs(), manager().runs()
    users = {row.id: row.browser for row in rows if row.settings["text"] == key}
    active = [run for run in here if run.snapshot.status.active]  # not all of them are stored
    users |= {run.run_id: run.browser for run in active if run.snapshot.config.text == key}
    needed = [run_id for run_id, browser in users.items() if who.commands(browser)]
    if needed:
        others = f" and {len(needed) - 1} more" if len(needed) > 1 else ""
        raise RunError(
            f"Run {needed[0]}{others} was trained on this text: delete it on the Runs page first."
        )
    if who.shared and who.browser is not None:
        visitor.classroom().forget_text(who.browser, key)
    brought = who.limited and visitor.classroom().owners_of(key)
    if not users and not brought:
        drop(key)


def _brought(browser: str | None) -> frozenset[str]:
    return visitor.classroom().texts_of(browser) if browser else frozenset()
