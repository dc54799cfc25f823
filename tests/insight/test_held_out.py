"""The loss on a held-out text against a literal reading of it, stream by stream."""

import numpy as np
import pytest
import torch

from core.config import TrainingConfig
from core.insight import held_out
from core.insight.held_out import character_losses, mean_loss
from core.insight.surprise import surprise
from core.networks import reference
from core.networks.initialisers import initial_parameters

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
    return config, weights


def loss_of(config, weights, ids, compiled):
    arrays = {name: weight.numpy() for name, weight in weights.items()}
    return mean_loss(arrays, config, ids, compiled=compiled)


def text(length, seed=0):
    return np.random.default_rng(seed).integers(0, 27, length).astype(np.uint8)


def one_stream(config, weights, ids):
    """The mean loss of a text read from a zero state as a single window."""
    ids = torch.from_numpy(ids.astype(np.int64))[:, None]
    state = reference.initial_state(config, 1, weights["U"])
    return reference.window(weights, config, ids[:-1], ids[1:], state).loss.item()


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("length", [2, 3, 99, 199])
def test_a_short_text_is_one_stream(name, length, compiled):
    config, weights = make(name)
    ids = text(length)
    assert loss_of(config, weights, ids, compiled) == pytest.approx(
        one_stream(config, weights, ids), rel=1e-12
    )


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize(("length", "streams"), [(200, 2), (357, 3), (1_000, 10), (13_000, 64)])
def test_a_longer_text_is_read_in_streams_that_carry_their_state(
    name, length, streams, compiled, monkeypatch
):
    # At 13,000 characters a stream is 203 long: read in three stretches, here in one.
    monkeypatch.setattr(held_out, "_AT_ONCE", 100)
    config, weights = make(name)
    ids = text(length)
    each = (length - 1) // streams
    expected = [
        one_stream(config, weights, ids[start : start + each + 1])
        for start in range(0, streams * each, each)
    ]
    assert len(expected) == streams
    assert loss_of(config, weights, ids, compiled) == pytest.approx(np.mean(expected), rel=1e-12)


def test_a_state_that_was_not_carried_would_show():
    config, weights = make("arch1-concat")
    ids = text(199)
    halves = (one_stream(config, weights, ids[:101]) * 100) + (
        one_stream(config, weights, ids[100:]) * 98
    )
    assert loss_of(config, weights, ids, True) != pytest.approx(halves / 198, rel=1e-6)


@pytest.mark.parametrize("compiled", [True, False])
def test_a_network_that_knows_nothing_loses_ln_27_and_one_that_knows_all_nothing(compiled):
    config = TrainingConfig(nodes=3, batch_size=2)
    weights = {n: np.zeros(s, np.float32) for n, s in config.parameter_shapes.items()}
    ids = text(1_000)
    assert mean_loss(weights, config, ids, compiled=compiled) == pytest.approx(np.log(27), rel=1e-6)
    weights["c"][5] = 100
    ids = np.full(1_000, 5, np.uint8)
    assert mean_loss(weights, config, ids, compiled=compiled) == pytest.approx(0, abs=1e-6)


def test_a_read_only_text_is_read():
    config, weights = make("arch1-concat")
    ids = text(500)
    ids.setflags(write=False)
    assert loss_of(config, weights, ids, True) == loss_of(config, weights, ids.copy(), True)


@pytest.mark.parametrize("compiled", [True, False])
def test_weights_that_are_no_numbers_give_a_loss_that_is_none(compiled):
    config, weights = make("arch1-add")
    weights["c"][3] = float("nan")
    assert np.isnan(loss_of(config, weights, text(500), compiled))


@pytest.mark.parametrize("name", NETWORKS)
def test_the_loss_is_the_mean_of_what_the_characters_cost(name):
    config, weights = make(name)
    arrays = {name: weight.numpy().astype(np.float32) for name, weight in weights.items()}
    ids = text(1_234)
    losses = character_losses(arrays, config, ids)
    assert losses.shape == (12, 1_233 // 12)
    assert losses.mean() == pytest.approx(mean_loss(arrays, config, ids), rel=1e-12)
    # The first stream, read alone.
    alone = surprise(arrays, config, ids[: losses.shape[1] + 1]).bits * np.log(2)
    np.testing.assert_allclose(losses[0], alone, rtol=1e-5, atol=1e-4)
