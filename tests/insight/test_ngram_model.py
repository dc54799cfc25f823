"""Counting as a rival: probabilities by hand, and texts that look like the counts."""

import numpy as np
import pytest

from core.config import ALPHABET_SIZE
from core.data.alphabet import SYMBOLS, encode
from core.data.ngrams import conditional_entropy, counts
from core.insight.ngram_model import NAMES, NgramModel

A, B = encode("ab").tolist()


@pytest.fixture(scope="module")
def model():
    return NgramModel(encode("abababac"))


def test_the_probabilities_lean_on_the_order_below_as_if_it_had_been_seen_once(model):
    unigram = (4 + 1 / 27) / 9  # four of eight characters are an a
    assert model.probabilities(encode(""), 1)[A] == pytest.approx(unigram)
    bigram = (3 + (3 + 1 / 27) / 9) / 5  # b three times after four a's
    assert model.probabilities(encode("a"), 2)[B] == pytest.approx(bigram)
    trigram = (2 + bigram) / 4  # after "ba" comes b twice in three times
    assert model.probabilities(encode("ba"), 3)[B] == pytest.approx(trigram)


def test_after_what_was_never_seen_the_order_below_speaks(model):
    unseen = model.probabilities(encode("zz"), 3)
    np.testing.assert_allclose(unseen, model.probabilities(encode(""), 1), rtol=1e-12)


@pytest.mark.parametrize("order", NAMES)
def test_every_distribution_is_positive_and_sums_to_one(model, order):
    for context in ("", "a", "ab", "zq", "abab"):
        chances = model.probabilities(encode(context), order)
        assert chances.shape == (ALPHABET_SIZE,)
        assert chances.min() > 0
        assert chances.sum() == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize("order", NAMES)
@pytest.mark.parametrize("text", ["ab", "abc", "a quick baba"])
def test_bits_are_those_of_each_character_after_what_stands_before_it(model, order, text):
    ids = encode(text)
    by_hand = [-np.log2(model.probabilities(ids[:t], order)[ids[t]]) for t in range(1, len(ids))]
    np.testing.assert_allclose(model.bits(ids, order), by_hand, rtol=1e-12)


@pytest.mark.parametrize("text", ["", "a"])
def test_nothing_to_predict_has_no_bits(model, text):
    assert model.bits(encode(text), 3).size == 0


@pytest.mark.parametrize("order", NAMES)
def test_on_a_long_text_of_its_own_the_mean_is_the_floor(make_corpus, order):
    ids = make_corpus(60_000).ids
    mean = NgramModel(ids).bits(ids, order).mean()
    assert mean == pytest.approx(conditional_entropy(counts(ids, order)) / np.log(2), abs=0.01)


@pytest.mark.parametrize("order", NAMES)
def test_a_sample_has_the_length_the_alphabet_and_the_counts(make_corpus, order):
    ids = make_corpus(30_000).ids
    model = NgramModel(ids)
    text = model.sample(20_000, order, np.random.default_rng(0))
    assert len(text) == 20_000
    assert set(text) <= set(SYMBOLS)
    assert text == model.sample(20_000, order, np.random.default_rng(0))
    assert model.bits(encode(text), order).mean() == pytest.approx(
        model.bits(ids, order).mean(), abs=0.05
    )
