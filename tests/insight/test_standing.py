"""The sentence about a loss says what the lines say, and what the context curve says."""

from dataclasses import asdict

import pytest

from core.data.ngrams import cached_floors
from core.insight.standing import context_in_words, standing, used_in_words
from core.records import ContextRecord

TEXT8 = {"uniform": 3.296, "unigram": 2.858, "bigram": 2.366, "trigram": 2.018, "fourgram": 1.673}
"""Nats per character on its first 5 million."""


@pytest.mark.parametrize(
    ("loss", "sentence"),
    [
        (1e30, "Worse than guessing evenly: it is sure of characters that do not come."),
        (3.31, "Worse than guessing evenly: it is sure of characters that do not come."),
        (3.30, "At what guessing evenly reaches."),
        (3.2, "Below what guessing evenly reaches, above counting 1 character."),
        (2.86, "At what counting 1 character reaches."),
        (2.6, "Below what counting 1 character reaches, above counting 2 characters."),
        (2.376, "At what counting 2 characters reaches."),  # Arch 2 after 6,000 steps
        (2.2, "Below what counting 2 characters reaches, above counting 3 characters."),
        (1.9, "Below what counting 3 characters reaches, above counting 4 characters."),
        (0.5, "Below what counting 4 characters reaches."),
    ],
)
def test_a_loss_on_text8_stands_where_the_lines_put_it(loss, sentence):
    assert standing(loss, TEXT8) == sentence


@pytest.mark.parametrize("line", TEXT8)
def test_a_loss_within_a_hundredth_of_a_line_is_at_it(line):
    for offset in (-0.009, 0, 0.009):
        assert standing(TEXT8[line] + offset, TEXT8).startswith("At what ")
    for offset in (-0.011, 0.011):
        assert not standing(TEXT8[line] + offset, TEXT8).startswith("At what ")


def test_lines_that_cross_are_told_as_they_lie():
    short = TEXT8 | {"trigram": 2.5, "fourgram": 2.7}  # 4 characters overfit a short text
    assert standing(2.6, short) == "Below what counting 4 characters reaches, above counting " + (
        "2 characters."
    )


def test_no_loss_alone_speaks_of_what_came_before():
    for loss in (3.5, 3.296, 2.9, 2.366, 2.2, 1.8, 1.0):
        said = standing(loss, TEXT8)
        assert not any(word in said for word in ("memory", "uses", "used", "remember"))


def curve(*losses, full):
    return ContextRecord(1_500, (*losses, *[full] * (8 - len(losses))), full)


def test_the_context_curve_says_what_is_used_and_what_it_is_worth():
    found = curve(2.0, 1.9, 1.8, 1.7, 1.6, full=1.57)
    assert found.used == 13
    assert context_in_words(found) == (
        "At step 1,500 it used about 9 to 13 characters: with the last one alone it would lose "
        "0.43 nats more."
    )
    assert standing(1.58, TEXT8, found) == (
        f"Below what counting 4 characters reaches. {context_in_words(found)}"
    )


def test_a_flat_curve_says_that_history_is_worth_nothing_measurable():
    found = curve(2.291, full=2.29)
    assert found.used == 1
    assert context_in_words(found) == (
        "At step 1,500 it used the last character alone: what came before that was worth nothing "
        "measurable."
    )


def test_a_curve_that_never_gets_there_says_more_than():
    found = curve(*[2.0] * 8, full=1.5)
    assert found.used is None
    assert "more than 34 characters" in context_in_words(found)


def test_between_two_lengths_that_were_tried_the_words_know_no_better():
    lengths = [curve(*[2.0] * too_short, full=1.6) for too_short in range(9)]
    assert [used_in_words([used]) for used in lengths] == [
        "1 character",
        "about 2 characters",
        "about 3 characters",
        "about 4 to 5 characters",
        "about 6 to 8 characters",
        "about 9 to 13 characters",
        "about 14 to 21 characters",
        "about 22 to 34 characters",
        "more than 34 characters",
    ]


def test_what_several_runs_use_is_told_as_a_range():
    eight, thirteen = curve(2.0, 1.9, 1.8, 1.7, full=1.6), curve(2.0, 1.9, 1.8, 1.7, 1.65, full=1.6)
    assert used_in_words([thirteen, eight]) == "about 6 to 13 characters"
    beyond = curve(*[2.0] * 8, full=1.5)
    assert used_in_words([eight, beyond]) == "about 6 to more than 34 characters"
    assert used_in_words([]) == "an unknown number"


def test_a_texts_own_lines_are_all_it_needs(corpus):
    floors = asdict(cached_floors(corpus))
    assert standing(floors["uniform"], floors) == "At what guessing evenly reaches."
