"""The loss on a held-out text against a literal reading of it, stream by stream."""

import numpy as np
import pytest
import torch

from core.config import TrainingConfig
from core.insight.evaluation import mean_loss
from core.networks import reference
from core.networks.build import build_network
from core.networks.initialisers import initial_parameters
from core.networks.parameters import Parameters

NETWORKS = {
    "arch1-concat": {"architecture": "arch1", "combine": "concat"},
    "arch1-add": {"architecture": "arch1", "combine": "add", "activation": "relu"},
    "arch1-multiply": {"architecture": "arch1", "combine": "multiply"},
    "arch2-teacher": {"architecture": "arch2", "feedback": "teacher"},
    "arch2-free": {"architecture": "arch2", "feedback": "free"},
}


def make(name, scale=5):
    config = TrainingConfig(nodes=6, batch_size=3, unrollings=4, **NETWORKS[name])
    generator = torch.Generator().manual_seed(1)
    drawn = initial_parameters(config, seed=1)
    weights = {name: torch.from_numpy(w).double() * scale for name, w in drawn.items()}
    for bias in "bc":
        weights[bias] = torch.randn(weights[bias].shape, generator=generator, dtype=torch.float64)
    parameters = Parameters(config, dtype=torch.float64)
    parameters.load(weights)
    return config, build_network(config, parameters), weights


def text(length, seed=0):
    return np.random.default_rng(seed).integers(0, 27, length).astype(np.uint8)


def one_stream(config, weights, ids):
    """The mean loss of a text read from a zero state as a single window."""
    ids = torch.from_numpy(ids.astype(np.int64))[:, None]
    state = reference.initial_state(config, 1, weights["U"])
    return reference.window(weights, config, ids[:-1], ids[1:], state).loss.item()


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("length", [2, 3, 99, 199])
def test_a_short_text_is_one_stream(name, length):
    config, network, weights = make(name)
    ids = text(length)
    assert mean_loss(network, ids) == pytest.approx(one_stream(config, weights, ids), rel=1e-12)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize(("length", "streams"), [(200, 2), (357, 3), (1_000, 10), (13_000, 64)])
def test_a_longer_text_is_read_in_streams_that_carry_their_state(name, length, streams):
    # At 13,000 characters a stream is 203 long: read in three windows, here in one.
    config, network, weights = make(name)
    ids = text(length)
    each = (length - 1) // streams
    expected = [
        one_stream(config, weights, ids[start : start + each + 1])
        for start in range(0, streams * each, each)
    ]
    assert len(expected) == streams
    assert mean_loss(network, ids) == pytest.approx(np.mean(expected), rel=1e-12)


def test_a_state_that_was_not_carried_would_show():
    config, network, weights = make("arch1-concat")
    ids = text(199)
    halves = (one_stream(config, weights, ids[:101]) * 100) + (
        one_stream(config, weights, ids[100:]) * 98
    )
    assert mean_loss(network, ids) != pytest.approx(halves / 198, rel=1e-6)


@pytest.mark.parametrize("name", NETWORKS)
def test_evaluating_leaves_weights_and_gradients_alone(name):
    _, network, _ = make(name)
    network.parameters.gradient.fill_(7)
    before = network.parameters.flat.clone()
    mean_loss(network, text(500))
    assert torch.equal(network.parameters.flat, before)
    assert (network.parameters.gradient == 7).all()


def test_a_network_that_knows_nothing_loses_ln_27_and_one_that_knows_all_nothing():
    config = TrainingConfig(nodes=3, batch_size=2)
    network = build_network(config, Parameters(config))
    assert mean_loss(network, text(1_000)) == pytest.approx(np.log(27), rel=1e-6)
    network.parameters.values["c"][5] = 100
    assert mean_loss(network, np.full(1_000, 5, np.uint8)) == pytest.approx(0, abs=1e-6)


def test_a_read_only_text_is_read():
    _, network, _ = make("arch1-concat")
    ids = text(500)
    ids.setflags(write=False)
    assert mean_loss(network, ids) == mean_loss(network, ids.copy())
