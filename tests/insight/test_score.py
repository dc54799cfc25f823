"""Words counted by hand, and validation bits as the trainer has them."""

import math

import numpy as np
import pytest

from core.data.alphabet import encode
from core.insight import score
from core.insight.score import WordShare, known_words, validation_bits, vocabulary
from core.training.trainer import Trainer

KNOWN = frozenset({"the", "oak", "a", "tree"})


def test_words_are_counted_without_the_first_and_the_last_of_a_text():
    texts = ["xx the oaks tree a th", "yy a tree", "one"]
    # the, oaks, tree, a; a
    assert known_words(texts, KNOWN) == WordShare(words=5, known=4, long_words=2, known_long=1)


def test_spaces_in_a_row_make_no_words():
    assert known_words(["  the   oak  "], KNOWN).words == 2


def test_shares_are_parts_of_the_words_and_none_without_any():
    share = WordShare(words=8, known=6, long_words=4, known_long=1)
    assert (share.share, share.long_share) == (0.75, 0.25)
    nothing = known_words([], KNOWN)
    assert (nothing.share, nothing.long_share) == (None, None)


@pytest.mark.parametrize("block", [1, 4, 7, 1 << 22])
def test_a_vocabulary_does_not_depend_on_where_the_text_was_cut(monkeypatch, block):
    monkeypatch.setattr(score, "_BLOCK", block)
    assert vocabulary(encode(" the oak is  the tree")) == {"the", "oak", "is", "tree"}
    assert vocabulary(encode("")) == frozenset()


@pytest.mark.parametrize(
    "settings", [{}, {"architecture": "arch2"}, {"architecture": "arch2", "feedback": "free"}]
)
def test_validation_bits_are_the_trainers(small, corpus, settings):
    trainer = Trainer(small(**settings), corpus)
    list(trainer.train())
    weights = {name: np.asarray(value) for name, value in trainer.weights().items()}
    found = validation_bits(weights, trainer.config, corpus.validation)
    assert found == pytest.approx(trainer.validation_loss() / math.log(2), rel=1e-6)
