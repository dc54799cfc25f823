"""Latch texts are what their description says."""

import numpy as np
import pytest

from core.data.alphabet import encode, normalise
from core.data.latch import FILLERS, KEYS, latch_floor, latch_text
from core.data.ngrams import counts
from core.errors import TextError


@pytest.mark.parametrize("lag", [1, 2, 8, 100])
def test_each_block_is_key_fillers_echo_space(lag):
    text = latch_text(lag, length=5_000)
    assert len(text) == 5_000 // (lag + 2) * (lag + 2)
    for start in range(0, len(text), lag + 2):
        block = text[start : start + lag + 2]
        assert block[0] in KEYS
        assert block[lag] == block[0]
        assert block[lag + 1] == " "
        assert set(block[1:lag]) <= set(FILLERS)
    assert normalise(text) == text


def test_keys_and_fillers_are_drawn_evenly():
    text = latch_text(12)
    keys = np.bincount(encode(text[::14]), minlength=9)[1:9]
    assert keys.min() > 0.9 * keys.mean()
    fillers = counts(encode(text), 1)[23:27]
    assert fillers.min() > 0.97 * fillers.mean()


def test_the_seed_decides_the_text():
    assert latch_text(5, 700, seed=1) == latch_text(5, 700, seed=1)
    assert latch_text(5, 700, seed=1) != latch_text(5, 700, seed=2)


def conditional_entropy(ngram_counts):
    """Of an n-gram's last character given those before it, in nats."""
    joint = ngram_counts.reshape(-1, 27)
    totals = joint.sum(1)
    seen, contexts = joint[joint > 0], totals[totals > 0]
    return (contexts @ np.log(contexts) - seen @ np.log(seen)) / totals.sum()


def test_an_echo_at_lag_one_is_certain_from_one_character_back():
    # Key, echo, space: a pair of characters then tells all but the next key, ln 8 in 3.
    entropy = conditional_entropy(counts(encode(latch_text(1, 200_000)), 3))
    assert entropy == pytest.approx(np.log(8) / 3, abs=0.001)


@pytest.mark.parametrize("lag", [0, -3, 101])
def test_a_lag_out_of_range_is_refused(lag):
    with pytest.raises(TextError, match=f"lag={lag} is not allowed: choose a whole number from 1"):
        latch_text(lag)


def test_a_length_below_one_block_is_refused():
    with pytest.raises(TextError, match="length=13 is too short for lag=12: one block needs 14"):
        latch_text(12, length=13)


@pytest.mark.parametrize("lag", [1, 2])
def test_the_floor_is_the_entropy_of_the_text(lag):
    # In this order a history tells the place in the block and the key, and no lower one does.
    text = encode(latch_text(lag, 400_000))
    assert conditional_entropy(counts(text, lag + 2)) == pytest.approx(latch_floor(lag), abs=0.004)


@pytest.mark.parametrize("lag", [1, 8, 24])
def test_a_forgotten_key_costs_one_guess_in_eight_a_block(lag):
    cost = (latch_floor(lag, remembers=False) - latch_floor(lag)) * (lag + 2)
    assert cost == pytest.approx(np.log(8))


def test_the_floor_of_a_lag_in_numbers():
    assert latch_floor(8) == pytest.approx((np.log(8) + 7 * np.log(4)) / 10)
