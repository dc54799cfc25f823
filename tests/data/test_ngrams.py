"""n-gram counts and the lines they draw, against closed forms and known figures."""

import json
import math
from collections import Counter
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.data import ngrams
from core.data.corpora import Corpus, load_corpus
from core.data.ngrams import (
    NgramFloors,
    NgramModel,
    cached_floors,
    counts,
    floors,
    kept_floors,
)
from core.data.streams import predictions
from core.errors import TextError

TEXT8_START = Path(__file__).parents[3] / "shared" / "data" / "text8-first-5M.gz"

EVERY = ("uniform", "unigram", "bigram", "trigram", "fourgram")

texts = st.lists(st.integers(0, 26), min_size=4, max_size=60)


def as_ids(symbols: list[int]) -> np.ndarray:
    return np.array(symbols, dtype=np.uint8)


def slow_counts(symbols: list[int], order: int) -> Counter:
    return Counter(
        tuple(symbols[start : start + order]) for start in range(len(symbols) - order + 1)
    )


@given(texts, st.integers(1, 4))
def test_counts_are_those_of_the_dictionaries(symbols, order):
    found = counts(as_ids(symbols), order)
    assert found.shape == (27**order,)
    assert found.sum() == max(0, len(symbols) - order + 1)
    by_gram = found.reshape((27,) * order)
    for gram, count in slow_counts(symbols, order).items():
        assert by_gram[gram] == count


def test_five_in_a_row_are_counted_too():
    by_gram = counts(as_ids([26, 26, 26, 26, 26, 26, 1]), 5).reshape((27,) * 5)
    assert by_gram[26, 26, 26, 26, 26] == 2
    assert by_gram[26, 26, 26, 26, 1] == 1
    assert by_gram.sum() == 3


@pytest.mark.parametrize("block", [1, 3, 10])
def test_the_borders_of_blocks_lose_no_ngram(block, monkeypatch):
    ids = np.random.default_rng(0).integers(0, 27, 50).astype(np.uint8)
    whole = counts(ids, 4)
    monkeypatch.setattr(ngrams, "_BLOCK", block)
    np.testing.assert_array_equal(counts(ids, 4), whole)


def counted(symbols) -> NgramFloors:
    return floors(Corpus("test", "Test", as_ids(symbols)))


def test_a_text_of_one_character_is_all_but_certain():
    found = counted([5] * 10_000)
    assert found.uniform == math.log(27)
    assert 0 < found.unigram < 2e-4
    assert 0 < found.fourgram < 2e-4


def test_a_periodic_text_is_all_but_certain_from_one_character_back():
    found = counted(list(range(27)) * 400)
    assert found.unigram == pytest.approx(math.log(27), abs=1e-2)
    assert max(found.bigram, found.trigram, found.fourgram) < 0.01


def test_a_text_that_needs_two_characters_back_says_so():
    # a a b b a a b b ...: one character back leaves a coin toss, two leave nothing.
    found = counted([1, 1, 2, 2] * 5_000)
    assert found.unigram == pytest.approx(math.log(2), abs=1e-2)
    assert found.bigram == pytest.approx(math.log(2), abs=1e-2)
    assert found.trigram < 1e-3


def test_what_a_counter_has_not_seen_costs_it_more_than_guessing():
    # Even noise: what fits the training part does not fit the rest, the less so the longer.
    found = counted(np.random.default_rng(0).integers(0, 27, 100_000))
    assert math.log(27) - 0.01 < found.unigram < found.bigram < found.trigram < found.fourgram


def test_the_held_out_characters_are_not_counted():
    # The training part never has a z, the held-out part has nothing else.
    found = counted([1] * 1_900 + [26] * 100)
    assert found.unigram > 6


def test_lines_are_over_the_very_characters_that_validation_predicts(make_corpus):
    corpus = make_corpus(30_000)  # 1,500 held out: 15 streams of 99, so 14 characters are left
    assert predictions(corpus.held_out) == 15 * 99
    bits = NgramModel(corpus.training).bits(corpus.validation[: 15 * 99 + 1], 3)
    assert len(bits) == 15 * 99
    assert floors(corpus).trigram == pytest.approx(bits.mean() * math.log(2))


def test_the_lines_of_three_texts_are_those_of_an_independent_counter():
    if not TEXT8_START.exists():
        pytest.skip("the first 5 million characters of text8 are not on this machine")
    corpus = load_corpus(str(TEXT8_START))
    assert len(corpus) == 5_000_000
    expected = (3.2958, 2.8578, 2.3661, 2.0177, 1.6734)
    assert astuple(floors(corpus)) == pytest.approx(expected, abs=0.001)
    own = Corpus("own", "Own", corpus.ids[1_000_000:1_100_000])
    expected = (3.2958, 2.8456, 2.4611, 2.1708, 2.0562)
    assert astuple(floors(own)) == pytest.approx(expected, abs=0.001)
    expected = (3.2958, 2.8175, 2.2847, 1.7810, 1.3335)
    # The manual differs a little between versions of Python.
    assert astuple(floors(load_corpus("builtin"))) == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("order", [0, 6])
def test_an_order_out_of_range_is_refused(order):
    with pytest.raises(TextError, match=f"order={order} is not allowed: choose from 1 to 5"):
        counts(as_ids([1, 2, 3]), order)


def test_floors_of_a_text_with_nothing_held_out_are_refused():
    with pytest.raises(TextError, match=r"needs 2 held-out characters, .* this text has 39"):
        counted([1, 2, 3] * 13)


@pytest.fixture
def corpus() -> Corpus:
    return Corpus("test", "Test", as_ids([1, 2, 3, 1, 2, 4, 0] * 30))


@pytest.fixture
def kept_file(corpus, home) -> Path:
    return home / "cache" / "floors" / f"{corpus.sha256}.held-out.json"


def test_floors_are_computed_once(corpus, kept_file, monkeypatch):
    computed = cached_floors(corpus)
    assert computed == floors(corpus)
    assert json.loads(kept_file.read_text())["bigram"] == computed.bigram
    monkeypatch.setattr(ngrams, "floors", None)  # calling it would fail
    assert cached_floors(corpus) == computed


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"{}",
        b'{"uniform": 1.0}',
        b'{"uniform": 3.2, "unigram": NaN, "bigram": 1.0, "trigram": 1.0, "fourgram": 1.0}',
        b'{"uniform": 3.2, "unigram": "2", "bigram": 1.0, "trigram": 1.0, "fourgram": 1.0}',
        b'{"uniform": 3.2, "unigram": 99.0, "bigram": 1.0, "trigram": 1.0, "fourgram": 1.0}',
    ],
)
def test_a_damaged_file_is_ignored_and_written_again(damage, corpus, kept_file):
    kept_file.parent.mkdir(parents=True)
    kept_file.write_bytes(damage)
    assert cached_floors(corpus) == floors(corpus)
    assert json.loads(kept_file.read_text())["uniform"] == math.log(27)


def test_a_cache_that_cannot_be_written_does_no_harm(corpus, home, monkeypatch):
    home.write_text("in the way of the folder")
    assert cached_floors(corpus) == floors(corpus)
    monkeypatch.setenv("UNROLL_HOME", str(home.parent / "other"))
    (home.parent / "other" / "cache").mkdir(parents=True)
    (home.parent / "other" / "cache" / "floors").write_text("in the way")
    assert cached_floors(corpus) == floors(corpus)


def test_what_a_former_version_kept_is_left_alone(corpus, home):
    old = home / "cache" / "floors" / f"{corpus.sha256}.json"
    old.parent.mkdir(parents=True)
    old.write_text(json.dumps(dict.fromkeys(EVERY, 1.0)))
    assert kept_floors(corpus.sha256) is None
    assert cached_floors(corpus) == floors(corpus) == kept_floors(corpus.sha256)
