"""The sentence about a loss says what the floors say."""

from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.data.ngrams import cached_floors
from core.insight.standing import standing

TEXT8 = {"uniform": 3.296, "unigram": 2.854, "bigram": 2.375, "trigram": 1.986}
"""Nats per character on its first 5 million."""

SENTENCES = {
    "worse": "Worse than guessing evenly: it is sure of characters that do not come.",
    "nothing": "It has learned nothing yet: every character is equally likely to it.",
    "frequencies": "It is learning how often each character comes.",
    "unigram": "At the unigram floor: it knows how often each character comes, and no more.",
    "above": "Above the bigram floor: it does not yet use all that the last character tells.",
    "bigram": "At the bigram floor: it uses the last character, and no memory.",
    "memory": "Below the bigram floor: it remembers more than the last character.",
    "trigram": "At the trigram floor: its memory is worth two characters.",
    "below": "Below the trigram floor: its memory is worth more than two characters.",
}
RANKS = {sentence: rank for rank, sentence in enumerate(SENTENCES.values())}


@pytest.mark.parametrize(
    ("loss", "which"),
    [
        (1e30, "worse"),
        (3.4, "worse"),
        (3.32, "nothing"),
        (3.27, "nothing"),
        (3.2, "frequencies"),
        (2.88, "unigram"),
        (2.83, "unigram"),
        (2.6, "above"),
        (2.4, "bigram"),
        (2.376, "bigram"),  # Arch 2 under teacher forcing after 6,000 steps
        (2.35, "bigram"),
        (2.2, "memory"),
        (2.0, "trigram"),
        (1.96, "trigram"),
        (1.9, "below"),
        (0.0, "below"),
    ],
)
def test_a_loss_on_text8_stands_where_the_floors_put_it(loss, which):
    assert standing(loss, TEXT8) == SENTENCES[which]


@pytest.mark.parametrize("floor", ["unigram", "bigram", "trigram"])
def test_a_loss_within_three_hundredths_of_a_floor_is_at_it(floor):
    for offset in (-0.029, 0, 0.029):
        assert standing(TEXT8[floor] + offset, TEXT8) == SENTENCES[floor]
    for offset in (-0.031, 0.031):
        assert standing(TEXT8[floor] + offset, TEXT8) != SENTENCES[floor]


@given(st.lists(st.floats(0, 5), min_size=2), st.lists(st.floats(0, 3.296), min_size=3, max_size=3))
def test_a_lower_loss_never_reads_as_less_learned(losses, floors):
    trigram, bigram, unigram = sorted(floors)
    floors = {"uniform": 3.296, "unigram": unigram, "bigram": bigram, "trigram": trigram}
    ranks = [RANKS[standing(loss, floors)] for loss in sorted(losses, reverse=True)]
    assert ranks == sorted(ranks)


def test_a_texts_own_floors_are_all_it_needs(corpus):
    floors = asdict(cached_floors(corpus))
    assert standing(floors["bigram"], floors) == SENTENCES["bigram"]
    assert standing(floors["uniform"], floors) == SENTENCES["nothing"]
