"""The bits of a given text, against the reference network."""

import numpy as np
import pytest
import torch

from core.config import ALPHABET_SIZE, TrainingConfig
from core.errors import TextError, WeightsError
from core.insight.surprise import surprise
from core.networks import reference
from core.networks.initialisers import initial_parameters

NETWORKS = [
    {"architecture": "arch1", "combine": "concat"},
    {"architecture": "arch1", "combine": "add", "activation": "relu"},
    {"architecture": "arch1", "combine": "multiply"},
    {"architecture": "arch2", "feedback": "teacher"},
    {"architecture": "arch2", "feedback": "free"},
]


def make(**settings):
    config = TrainingConfig(nodes=10, **settings)
    drawn = initial_parameters(config, seed=1)
    return config, {name: torch.from_numpy(3 * value) for name, value in drawn.items()}


def arrays(weights):
    return {name: value.numpy() for name, value in weights.items()}


def reference_nats(config, weights, ids):
    """-ln p of each character but the first, from a zero state."""
    inputs, targets = (torch.from_numpy(part.astype(np.int64))[:, None] for part in (ids, ids))
    state = reference.initial_state(config, 1, weights["U"])
    window = reference.window(weights, config, inputs[:-1], targets[1:], state)
    log_chances = torch.log_softmax(window.logits[:, 0], 1)
    return -log_chances.gather(1, targets[1:])[:, 0].numpy()


@pytest.mark.parametrize("settings", NETWORKS)
def test_the_log_likelihood_is_the_references(settings):
    config, weights = make(**settings)
    ids = np.random.default_rng(0).integers(0, ALPHABET_SIZE, 200).astype(np.uint8)
    found = surprise(arrays(weights), config, ids)
    exact = reference_nats(config, {n: w.double() for n, w in weights.items()}, ids)
    np.testing.assert_allclose(found.bits * np.log(2), exact, atol=1e-10)
    assert found.log_likelihood_nats == pytest.approx(-exact.sum(), rel=1e-12)
    single = reference_nats(config, weights, ids)
    assert found.log_likelihood_nats == pytest.approx(-single.sum(dtype=np.float64), rel=1e-5)


def test_bits_per_character_is_the_mean_over_what_was_predicted():
    config, weights = make()
    found = surprise(arrays(weights), config, np.array([3, 1, 20]))
    assert found.bits.shape == (2,)
    assert found.bits_per_character == pytest.approx(found.bits.sum() / 2)


def test_what_is_fed_back_can_be_chosen():
    config, weights = make(architecture="arch2", feedback="teacher")
    ids = np.arange(20) % 27
    fed = surprise(arrays(weights), config, ids, fed_back="distribution")
    free = surprise(arrays(weights), config.changed(feedback="free"), ids)
    np.testing.assert_allclose(fed.bits, free.bits)
    assert not np.allclose(fed.bits, surprise(arrays(weights), config, ids).bits)


@pytest.mark.parametrize("length", [0, 1])
def test_a_text_with_nothing_to_predict_is_refused(length):
    config, weights = make()
    with pytest.raises(TextError, match=f"this text has {length}: give at least 2"):
        surprise(arrays(weights), config, np.zeros(length, np.uint8))


def test_a_certain_character_costs_nothing_and_an_impossible_one_a_lot():
    config, weights = make()
    weights["V"].zero_()
    weights["c"].zero_()
    weights["c"][4] = 1e4
    found = surprise(arrays(weights), config, np.array([1, 4, 5]))
    assert found.bits.tolist() == [0, pytest.approx(1e4 / np.log(2))]


def test_a_network_that_leaves_the_finite_numbers_is_refused():
    config, weights = make(combine="add", activation="relu")
    weights["U"].fill_(1.0)
    weights["W"].fill_(1e30)
    weights["V"].fill_(1e30)
    with pytest.raises(WeightsError, match="of this text the network's outputs are no longer"):
        surprise(arrays(weights), config, np.zeros(50, np.uint8))
