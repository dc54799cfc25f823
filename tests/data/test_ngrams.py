"""n-gram floors, against closed forms, a slow transcription and text8's known figures."""

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
from core.data.ngrams import NgramFloors, cached_floors, conditional_entropy, counts, floors
from core.errors import TextError

TEXT8_START = Path(__file__).parents[3] / "shared" / "data" / "text8-first-5M.gz"

texts = st.lists(st.integers(0, 26), min_size=4, max_size=60)


def as_ids(symbols: list[int]) -> np.ndarray:
    return np.array(symbols, dtype=np.uint8)


def slow_counts(symbols: list[int], order: int) -> Counter:
    return Counter(
        tuple(symbols[start : start + order]) for start in range(len(symbols) - order + 1)
    )


def slow_entropy(symbols: list[int], order: int) -> float:
    """- sum p(c, x) ln p(x | c), with dictionaries."""
    joint = slow_counts(symbols, order)
    context = Counter()
    for gram, count in joint.items():
        context[gram[:-1]] += count
    total = sum(joint.values())
    return -sum(k / total * math.log(k / context[gram[:-1]]) for gram, k in joint.items())


@given(texts)
def test_floors_are_those_of_the_dictionaries(symbols):
    found = astuple(floors(as_ids(symbols)))
    expected = [math.log(27)] + [slow_entropy(symbols, order) for order in (1, 2, 3, 4)]
    assert found == pytest.approx(expected, abs=1e-9)


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


def test_a_text_of_one_character_is_certain():
    assert floors(as_ids([5] * 100)) == NgramFloors(math.log(27), 0.0, 0.0, 0.0, 0.0)


def test_a_periodic_text_is_certain_from_one_character_back():
    found = floors(as_ids(list(range(27)) * 40))
    assert found.unigram == pytest.approx(math.log(27))
    assert (found.bigram, found.trigram, found.fourgram) == (0.0, 0.0, 0.0)


def test_a_text_that_needs_two_characters_back_says_so():
    # a a b b a a b b ...: one character back leaves a coin toss, two leave nothing.
    found = floors(as_ids([1, 1, 2, 2] * 5_000))
    assert found.unigram == pytest.approx(math.log(2))
    assert found.bigram == pytest.approx(math.log(2), abs=1e-6)
    assert found.trigram == 0.0


def test_even_noise_stays_at_ln_27():
    found = floors(np.random.default_rng(0).integers(0, 27, 2_000_000).astype(np.uint8))
    assert found.uniform == math.log(27)
    assert found.unigram == pytest.approx(math.log(27), abs=1e-4)
    # The counts fit the noise: about (27 - 1) * 27 / 2M nats too low for pairs.
    assert found.bigram == pytest.approx(math.log(27), abs=5e-4)
    assert found.bigram >= found.trigram >= found.fourgram


def test_the_start_of_text8_has_its_known_floors():
    if not TEXT8_START.exists():
        pytest.skip("the first 5 million characters of text8 are not on this machine")
    corpus = load_corpus(str(TEXT8_START))
    assert len(corpus) == 5_000_000
    expected = (3.296, 2.854, 2.375, 1.986, 1.579)
    assert astuple(floors(corpus.ids)) == pytest.approx(expected, abs=0.0005)


def test_no_counts_have_no_entropy():
    assert conditional_entropy(counts(as_ids([1]), 2)) == 0.0


@pytest.mark.parametrize("order", [0, 6])
def test_an_order_out_of_range_is_refused(order):
    with pytest.raises(TextError, match=f"order={order} is not allowed: choose from 1 to 5"):
        counts(as_ids([1, 2, 3]), order)


def test_floors_of_three_characters_are_refused():
    with pytest.raises(TextError, match="n-gram floors need 4 characters; this text has 3"):
        floors(as_ids([1, 2, 3]))


@pytest.fixture
def corpus() -> Corpus:
    return Corpus("test", "Test", as_ids([1, 2, 3, 1, 2, 4, 0] * 30))


@pytest.fixture
def kept_file(corpus, home) -> Path:
    return home / "cache" / "floors" / f"{corpus.sha256}.json"


def test_floors_are_computed_once(corpus, kept_file, monkeypatch):
    computed = cached_floors(corpus)
    assert computed == floors(corpus.ids)
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
        b'{"uniform": 3.2, "unigram": 9.0, "bigram": 1.0, "trigram": 1.0, "fourgram": 1.0}',
    ],
)
def test_a_damaged_file_is_ignored_and_written_again(damage, corpus, kept_file):
    kept_file.parent.mkdir(parents=True)
    kept_file.write_bytes(damage)
    assert cached_floors(corpus) == floors(corpus.ids)
    assert json.loads(kept_file.read_text())["uniform"] == math.log(27)


def test_a_cache_that_cannot_be_written_does_no_harm(corpus, home, monkeypatch):
    home.write_text("in the way of the folder")
    assert cached_floors(corpus) == floors(corpus.ids)
    monkeypatch.setenv("UNROLL_HOME", str(home.parent / "other"))
    (home.parent / "other" / "cache").mkdir(parents=True)
    (home.parent / "other" / "cache" / "floors").write_text("in the way")
    assert cached_floors(corpus) == floors(corpus.ids)
