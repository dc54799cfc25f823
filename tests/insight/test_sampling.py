"""Drawing text: the seed decides it, the network's own distribution shapes it."""

from itertools import islice

import numpy as np
import pytest

from core.config import ALPHABET_SIZE, TrainingConfig
from core.data.alphabet import SYMBOLS, encode
from core.errors import ConfigError
from core.insight.sampling import (
    Draw,
    first_character,
    generate,
    pick,
    sample,
    sample_side_by_side,
)
from core.networks.stepwise import CharacterModel, softmax

ALMOST_ONE = 1 - 2**-53  # the largest number that a generator gives
# 26 degrees of freedom: a fair draw exceeds it once in ten thousand seeds. The seeds are fixed.
CHI_SQUARE_26 = 61.7


def make(seed=0, scale=1.0, shift=0.0, dtype=np.float32, **settings):
    config = TrainingConfig(nodes=6, **settings)
    generator = np.random.default_rng(seed)
    weights = {
        name: (scale * generator.normal(size=shape)).astype(dtype)
        for name, shape in config.parameter_shapes.items()
    }
    weights["c"] += dtype(shift)
    return CharacterModel(weights, config)


def rng(seed=0):
    return np.random.default_rng(seed)


def logits_after(model, character):
    reader = model.reader()
    reader.read(character)
    return reader.logits


def chi_square(drawn, probabilities):
    found = np.bincount(drawn, minlength=ALPHABET_SIZE)
    wanted = len(drawn) * probabilities
    return float(((found - wanted) ** 2 / wanted).sum())


def exploding(compiled=None):
    """Finite weights whose hidden layer doubles at every step until it is infinite."""
    config = TrainingConfig(nodes=2, combine="add", activation="relu")
    weights = {name: np.zeros(s, np.float32) for name, s in config.parameter_shapes.items()}
    weights["U"][:] = 1
    weights["W"][:] = 1e6 * np.eye(2, dtype=np.float32)
    weights["V"][:, :3] = 1e-6 * np.array([1, -1, 1], np.float32)
    return CharacterModel(weights, config, compiled=compiled)


# -- one character ---------------------------------------------------------------------------


def test_pick_finds_the_id_at_which_the_sum_passes():
    probabilities = np.array([0.0, 0.25, 0.0, 0.5, 0.25, 0.0])
    expected = {0.0: 1, 0.2499: 1, 0.25: 3, 0.7499: 3, 0.75: 4, ALMOST_ONE: 4}
    assert {u: pick(probabilities, u) for u in expected} == expected


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_pick_never_names_an_id_past_the_last(dtype):
    for seed in range(200):
        probabilities = rng(seed).dirichlet(np.ones(ALPHABET_SIZE)).astype(dtype)
        for scale in (1, 0.9999, 1.0001):  # rounded probabilities need not sum to 1
            assert 0 <= pick(probabilities * dtype(scale), 0.0) < ALPHABET_SIZE
            assert pick(probabilities * dtype(scale), ALMOST_ONE) == ALPHABET_SIZE - 1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_pick_draws_as_often_as_the_probabilities_say(dtype):
    probabilities = rng(1).dirichlet(np.ones(ALPHABET_SIZE)).astype(dtype)
    drawn = [pick(probabilities, u) for u in rng(2).random(20_000).tolist()]
    assert chi_square(drawn, probabilities.astype(np.float64)) < CHI_SQUARE_26


def test_a_first_character_is_any_with_the_same_chance():
    generator = rng(3)
    drawn = [first_character(generator) for _ in range(5_000)]
    assert chi_square(drawn, np.full(ALPHABET_SIZE, 1 / ALPHABET_SIZE)) < CHI_SQUARE_26


# -- how to draw -----------------------------------------------------------------------------


def test_a_plain_draw_is_the_networks_own_distribution():
    logits = rng().normal(size=ALPHABET_SIZE)
    assert Draw().plain
    np.testing.assert_allclose(Draw().probabilities(logits), softmax(logits), rtol=1e-12)


@pytest.mark.parametrize("temperature", [0.3, 1.7])
def test_a_temperature_divides_the_logits(temperature):
    logits = rng().normal(size=ALPHABET_SIZE)
    expected = np.exp(logits / temperature) / np.exp(logits / temperature).sum()
    found = Draw(temperature=temperature).probabilities(logits)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_a_temperature_of_0_takes_the_likeliest_as_one_near_it_does():
    logits = rng().normal(size=ALPHABET_SIZE)
    expected = np.eye(ALPHABET_SIZE)[logits.argmax()]
    np.testing.assert_array_equal(Draw(temperature=0).probabilities(logits), expected)
    np.testing.assert_allclose(Draw(temperature=1e-4).probabilities(logits), expected, atol=1e-99)
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(Draw(temperature=1e-308).probabilities(logits), expected)


@pytest.mark.parametrize("k", [1, 3, 27])
def test_top_k_keeps_the_k_likeliest_in_proportion(k):
    logits = rng().normal(size=ALPHABET_SIZE)
    own, found = softmax(logits), Draw(top_k=k).probabilities(logits)
    kept = np.argsort(-logits)[:k]
    assert np.flatnonzero(found).tolist() == sorted(kept)
    np.testing.assert_allclose(found[kept], own[kept] / own[kept].sum(), rtol=1e-12)


def test_top_p_keeps_the_likeliest_up_to_the_one_that_reaches_it():
    logits = np.log(np.array([0.1, 0.4, 0.2, 0.25, 0.05]))
    for top_p, kept in ((0.3, [1]), (0.5, [1, 3]), (0.84, [1, 2, 3]), (0.9, [0, 1, 2, 3])):
        found = Draw(top_p=top_p).probabilities(logits)
        assert np.flatnonzero(found).tolist() == kept
        assert found.sum() == pytest.approx(1, rel=1e-12)
    assert np.flatnonzero(Draw(top_p=0.9, top_k=2).probabilities(logits)).tolist() == [1, 3]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"temperature": -0.1},
            "temperature=-0.1 is not allowed: choose a number from 0 to 2.",
        ),
        ({"temperature": 2.5}, "temperature=2.5 is not allowed: choose a number from 0 to 2."),
        (
            {"temperature": float("nan")},
            "temperature=nan is not allowed: choose a number from 0 to 2.",
        ),
        (
            {"top_k": 28},
            "top_k=28 is not allowed: choose a whole number from 0 (all) to 27.",
        ),
        ({"top_k": -1}, "top_k=-1 is not allowed: choose a whole number from 0 (all) to 27."),
        ({"top_p": 0}, "top_p=0 is not allowed: choose a number above 0, up to 1 (all)."),
        ({"top_p": 1.5}, "top_p=1.5 is not allowed: choose a number above 0, up to 1 (all)."),
    ],
)
def test_a_draw_that_is_not_allowed_is_refused_in_a_sentence(settings, message):
    with pytest.raises(ConfigError) as caught:
        Draw(**settings)
    assert str(caught.value) == message


# -- a text ----------------------------------------------------------------------------------


@pytest.mark.parametrize("draw", [None, Draw(), Draw(temperature=0.8, top_k=9)])
def test_the_same_seed_writes_the_same_text(draw):
    model = make()
    first = sample(model, 200, rng(5), draw=draw)
    assert len(first) == 200
    assert set(first) <= set(SYMBOLS)
    assert sample(model, 200, rng(5), draw=draw) == first
    assert sample(model, 200, rng(6), draw=draw) != first
    assert first.startswith(sample(model, 70, rng(5), draw=draw))


def test_a_text_may_have_no_characters():
    assert sample(make(), 0, rng()) == ""


def test_a_text_starts_with_its_prime_and_depends_on_it():
    model = make(scale=2)
    texts = {
        prime: sample(model, 60, rng(1), prime=encode(prime)) for prime in ("a", "the", "then")
    }
    for prime, text in texts.items():
        assert text.startswith(prime)
        assert len(text) == 60
    assert texts["the"][4:] != texts["then"][4:]
    assert sample(model, 2, rng(1), prime=encode("then")) == "th"


def test_an_empty_prime_is_none():
    model = make()
    assert sample(model, 50, rng(1), prime=encode("")) == sample(model, 50, rng(1))


def test_a_text_follows_the_model_character_by_character():
    # Drawn by hand: the first character, then each from the logits that the model gives.
    model, by_hand, generator = make(dtype=np.float64), [], rng(4)
    first = first_character(generator)
    reader = model.reader()
    reader.read(first)
    for noise in -np.log(generator.standard_exponential((100, ALPHABET_SIZE))):
        by_hand.append(int(np.argmax(np.log(softmax(reader.logits)) + noise)))
        reader.read(by_hand[-1])
    assert list(islice(generate(model, rng(4)), 101)) == [first, *by_hand]


def test_the_likeliest_characters_alone_need_no_luck():
    model, greedy = make(), Draw(temperature=0)
    texts = {sample(model, 50, rng(s), prime=encode("q"), draw=greedy) for s in range(3)}
    assert len(texts) == 1


@pytest.mark.parametrize("draw", [None, Draw(temperature=1.0001)])
def test_a_character_follows_another_as_often_as_the_network_says(draw):
    # Under teacher forcing the next character depends on the last one alone.
    model = make(scale=0.5, architecture="arch2", feedback="teacher")
    ids = np.fromiter(islice(generate(model, rng(7), draw=draw), 60_000), np.int64)
    last = np.bincount(ids).argmax()
    logits = logits_after(model, int(last))
    followers = ids[1:][ids[:-1] == last]
    assert len(followers) > 2_000
    assert chi_square(followers, softmax(logits.astype(np.float64))) < CHI_SQUARE_26


def test_side_by_side_a_character_follows_another_as_often_too():
    model = make(scale=0.5, architecture="arch2", feedback="teacher")
    texts = [encode(text) for text in sample_side_by_side(model, 40, 1_500, rng(8))]
    last = np.bincount(np.concatenate(texts)).argmax()
    logits = logits_after(model, int(last))
    followers = np.concatenate([text[1:][text[:-1] == last] for text in texts])
    assert len(followers) > 2_000
    assert chi_square(followers, softmax(logits.astype(np.float64))) < CHI_SQUARE_26


def test_texts_side_by_side_are_as_many_and_as_long_as_asked_for_and_differ():
    model = make()
    texts = sample_side_by_side(model, 5, 80, rng(1))
    assert [len(text) for text in texts] == [80] * 5
    assert len(set(texts)) == 5
    assert sample_side_by_side(model, 5, 80, rng(1)) == texts


@pytest.mark.parametrize("shift", [-1e4, -90, 90, 1e4])
def test_logits_far_from_zero_draw_as_those_near_it(shift):
    near, far = make(dtype=np.float64), make(dtype=np.float64, shift=shift)
    assert sample(far, 300, rng(2)) == sample(near, 300, rng(2))


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("draw", [None, Draw(temperature=0), Draw(temperature=0.5, top_p=0.9)])
def test_a_text_ends_where_the_logits_are_no_longer_finite(draw, compiled):
    text = sample(exploding(compiled), 100, rng(), draw=draw)
    assert 3 < len(text) < 20
    assert sample(exploding(compiled), 3, rng(), draw=draw) == text[:3]


def test_texts_side_by_side_end_there_too():
    for text in sample_side_by_side(exploding(), 4, 100, rng()):
        assert 3 < len(text) < 20


# -- Must show: many draws, and the listing's double softmax ---------------------------------


@pytest.mark.parametrize("temperature", [0.5, 1, 2])
def test_100_000_draws_come_as_often_as_the_softmax_says(temperature):
    logits, draw = logits_after(make(scale=0.4), 20), Draw(temperature=temperature)
    drawn = (draw.scores(logits) + draw.noise(rng(11), 100_000)).argmax(1)
    expected = softmax(logits.astype(np.float64) / temperature)
    assert expected.min() * 100_000 > 5  # else the test would not hold
    assert chi_square(drawn, expected) < CHI_SQUARE_26


@pytest.mark.parametrize(
    "draw",
    [Draw(0.7, top_k=6), Draw(1.5, top_p=0.8), Draw(2, as_published=True), Draw(0)],
    ids=str,
)
def test_draws_come_as_often_as_a_restricted_distribution_says(draw):
    logits = logits_after(make(scale=0.4), 20)
    drawn = (draw.scores(logits) + draw.noise(rng(12), 50_000)).argmax(1)
    expected = draw.probabilities(logits)
    assert set(drawn) == set(np.flatnonzero(expected))
    found = np.bincount(drawn, minlength=ALPHABET_SIZE) / len(drawn)
    # A share of 50,000 strays by less than 5 standard errors.
    assert (np.abs(found - expected) <= 5 * np.sqrt(expected * (1 - expected) / len(drawn))).all()


def test_as_published_the_probabilities_are_taken_for_logits():
    logits = rng().normal(size=ALPHABET_SIZE)
    found = Draw(as_published=True).probabilities(logits)
    np.testing.assert_allclose(found, softmax(softmax(logits)), rtol=1e-12)
    assert not Draw(as_published=True).plain
    hot = Draw(temperature=2, as_published=True).probabilities(logits)
    np.testing.assert_allclose(hot, softmax(softmax(logits) / 2), rtol=1e-12)


def test_as_published_even_a_certain_character_stays_below_a_tenth():
    found = Draw(as_published=True).probabilities(1e4 * np.eye(ALPHABET_SIZE)[4])
    assert found.max() == found[4] == pytest.approx(np.e / (np.e + 26), rel=1e-12)


@pytest.mark.parametrize("length", [1, 2, 50, 51, 120])
def test_a_text_that_is_to_end_is_the_start_of_one_that_is_not(length):
    model = make()
    ended = list(generate(model, rng(3), length=length))
    assert ended == list(islice(generate(model, rng(3)), length))
