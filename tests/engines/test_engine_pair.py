"""Both engines through one interface: the same steps, taken one by one or many at once."""

import numpy as np
import pytest

from core.config import TrainingConfig
from core.data.windows import Cursors
from core.engines.build import build_engine
from core.networks.initialisers import initial_parameters

TEXT = np.random.default_rng(0).integers(0, 27, 5_000).astype(np.uint8)
CONFIG = TrainingConfig(nodes=9, batch_size=5, unrollings=4)
KINDS = [
    {"combine": "concat"},
    {"combine": "add", "activation": "relu"},
    {"combine": "multiply"},
    {"architecture": "arch2"},
    {"architecture": "arch2", "feedback": "free"},
]


@pytest.fixture(params=["compiled", "torch"])
def name(request):
    return request.param


def made(name, **changes):
    config = CONFIG.changed(**changes)
    engine = build_engine(config, name)
    engine.load(initial_parameters(config, seed=0))
    return engine, Cursors(TEXT, config.batch_size)


def train(engine, cursors, counts, clip=0.5, rate=0.01):
    """In calls of so many steps each: all losses and norms."""
    losses, norms, first = [], [], 1
    for count in counts:
        rates = np.full(count, rate)
        found = engine.steps(cursors, CONFIG.unrollings, rates, clip, first=first)
        assert found.problem == ""
        losses += found.losses.tolist()
        norms += found.norms.tolist()
        first += count
    return losses, norms


@pytest.mark.parametrize("optimiser", ["sgd", "adadelta", "adam"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_engines_take_the_same_steps(kind, optimiser):
    found = {}
    for name in ("compiled", "torch"):
        engine, cursors = made(name, optimiser=optimiser, **kind)
        losses, norms = train(engine, cursors, [12], rate=0.5 if optimiser == "sgd" else 0.01)
        found[name] = engine, cursors, losses, norms
    (one, at, losses, norms), (other, there, losses_there, norms_there) = found.values()
    np.testing.assert_allclose(losses, losses_there, rtol=1e-5)
    np.testing.assert_allclose(norms, norms_there, rtol=1e-3)
    for weight, value in one.weights().items():
        np.testing.assert_allclose(value, other.weights()[weight], atol=2e-4)
    np.testing.assert_allclose(one.carried(), other.carried(), atol=1e-3)
    assert {n: a.shape for n, a in one.accumulators().items()} == {
        n: a.shape for n, a in other.accumulators().items()
    }
    np.testing.assert_array_equal(at.positions, there.positions)


@pytest.mark.parametrize("kind", KINDS)
def test_however_many_steps_are_taken_at_once_they_are_the_same_to_the_last_bit(kind, name):
    one, at = made(name, **kind)
    other, there = made(name, **kind)
    assert train(one, at, [12]) == train(other, there, [1, 5, 2, 4])
    for weight, value in one.weights().items():
        np.testing.assert_array_equal(value, other.weights()[weight])
    np.testing.assert_array_equal(one.carried(), other.carried())


@pytest.mark.parametrize("kind", KINDS)
def test_an_engine_that_is_restored_goes_on_to_the_last_bit(kind, name):
    whole, cursors = made(name, **kind)
    train(whole, cursors, [7])
    resumed, at = made(name, **kind)
    resumed.load(whole.weights())
    resumed.restore(whole.carried(), whole.accumulators())
    at.restore(cursors.positions)
    rates = np.full(5, 0.01)
    expected = whole.steps(cursors, 4, rates, 0.5, first=8)
    found = resumed.steps(at, 4, rates, 0.5, first=8)
    assert found.losses.tolist() == expected.losses.tolist()
    for weight, value in whole.weights().items():
        np.testing.assert_array_equal(value, resumed.weights()[weight])


def test_a_step_that_cannot_be_made_ends_the_steps_and_leaves_all_as_it_was(name):
    engine, cursors = made(name, optimiser="sgd", activation="relu", init="identity")
    rates = np.array([1e-3, 1e-3, 1e30, 1.0, 1.0])  # the fourth step meets what the third has done
    found = engine.steps(cursors, 4, rates, 0.0, first=1)
    assert len(found.losses) == len(found.norms) == 3
    assert found.problem in ("the loss", "the norm of the gradient")
    before = made(name, optimiser="sgd", activation="relu", init="identity")
    before[0].steps(before[1], 4, rates[:3], 0.0, first=1)
    for weight, value in before[0].weights().items():
        np.testing.assert_array_equal(value, engine.weights()[weight])
    np.testing.assert_array_equal(cursors.positions, before[1].positions)


def test_a_window_that_is_looked_at_tells_of_the_weights_it_was_read_with(name):
    engine, cursors = made(name)
    plain, at = made(name)
    found = engine.steps(cursors, 4, np.ones(1), 0.5, first=1, look=True)
    inputs, targets = at.next_window(4)
    plain.passes.loss_and_gradients(inputs, targets)
    expected = np.linalg.norm(plain.passes.hidden_gradients(), axis=(1, 2))
    np.testing.assert_allclose(found.window_gradient, expected, rtol=1e-5)
