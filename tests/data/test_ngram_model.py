"""Counting as a rival: probabilities by hand, and texts that look like the counts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config import ALPHABET_SIZE
from core.data.alphabet import SYMBOLS, encode
from core.data.ngrams import NAMES, NgramModel

A, B = encode("ab").tolist()


@pytest.fixture(scope="module")
def model():
    return NgramModel(encode("abababac"))


def test_the_probabilities_lean_on_the_order_below_by_how_many_followers_there_were(model):
    unigram = (4 + 3 / 27) / (8 + 3)  # four of eight characters are an a, of three kinds
    assert model.probabilities(encode(""), 1)[A] == pytest.approx(unigram)
    lower = (3 + 3 / 27) / 11  # b on its own
    bigram = (3 + 2 * lower) / (4 + 2)  # b three times after four a's, else c
    assert model.probabilities(encode("a"), 2)[B] == pytest.approx(bigram)
    trigram = (2 + 2 * bigram) / (3 + 2)  # after "ba" comes b twice in three times, else c
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


@given(st.lists(st.integers(0, 26), max_size=40), st.lists(st.integers(0, 26), max_size=5))
def test_the_tables_are_those_of_dictionaries(symbols, context):
    model = NgramModel(np.array(symbols, np.uint8))
    for order in range(1, min(4, len(context) + 1) + 1):
        found = model.probabilities(np.array(context, np.uint8), order)
        for x in {*symbols, 0}:
            assert found[x] == pytest.approx(slow(symbols, context, order, x), rel=1e-12)


def slow(symbols, context, order, x):
    """The formula in the docstring, read from the text every time."""
    if order == 0:
        return 1 / ALPHABET_SIZE
    c = tuple(context[len(context) - order + 1 :])
    grams = [tuple(symbols[i : i + order]) for i in range(len(symbols) - order + 1)]
    followers = [gram[-1] for gram in grams if gram[:-1] == c]
    lower = slow(symbols, context, order - 1, x)
    if not followers:
        return lower
    d = len(set(followers))
    return (followers.count(x) + d * lower) / (len(followers) + d)


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
