"""The list of words."""

from core.words import WORDS


def test_words_are_in_alphabetical_order_each_with_a_sentence():
    assert list(WORDS) == sorted(WORDS, key=str.lower)
    assert all(text.endswith(".") and len(text) < 260 for text in WORDS.values())
