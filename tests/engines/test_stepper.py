"""One step: gradient, global norm, clipping, update, in that order and all or nothing."""

import pytest
import torch

from core.config import ALPHABET_SIZE, TrainingConfig
from core.engines.optimisers import build_optimiser
from core.engines.stepper import NotFinite, Stepper
from core.networks.build import build_network
from core.networks.initialisers import initial_parameters
from core.networks.parameters import Parameters

CONFIG = TrainingConfig(nodes=6, batch_size=5, optimiser="sgd")


@pytest.fixture
def stepper():
    parameters = Parameters(CONFIG)
    parameters.load(initial_parameters(CONFIG, seed=3))
    return Stepper(build_network(CONFIG, parameters), build_optimiser("sgd", parameters.flat))


def step(stepper, **settings):
    ids = torch.randint(ALPHABET_SIZE, (9, 5), generator=torch.Generator().manual_seed(7))
    state = stepper.network.initial_state(5)
    settings = {"number": 1, "learning_rate": 0.5, "clip": 0.0, **settings}
    return stepper.step(ids[:-1], ids[1:], state, **settings)


def moved(stepper, **settings):
    """A step, and how far it moved the weights."""
    weights = stepper.network.parameters.flat
    before = weights.clone()
    stepped = step(stepper, **settings)
    return stepped, float(torch.linalg.vector_norm(weights - before))


def test_without_clipping_gradient_descent_goes_as_far_as_the_gradient_is_long(stepper):
    stepped, distance = moved(stepper)
    assert distance == pytest.approx(0.5 * stepped.norm, rel=1e-5)
    assert stepped.loss == pytest.approx(3.3, abs=0.2)


def test_a_clipped_step_goes_as_far_as_the_threshold_and_reports_the_norm_before(stepper):
    norm = step(stepper, learning_rate=1e-6).norm
    stepped, distance = moved(stepper, clip=norm / 4)
    assert distance == pytest.approx(0.5 * norm / 4, rel=1e-4)
    assert stepped.norm == pytest.approx(norm, rel=1e-4)


def test_a_threshold_above_the_norm_changes_nothing(stepper):
    stepped, distance = moved(stepper, clip=1e6)
    assert distance == pytest.approx(0.5 * stepped.norm, rel=1e-5)


def test_who_looks_comes_before_the_update(stepper):
    weights, seen = stepper.network.parameters.flat, []
    before = weights.clone()
    step(stepper, look=lambda: seen.append(weights.clone()))
    assert torch.equal(seen[0], before)
    assert not torch.equal(weights, before)


def test_a_step_that_cannot_be_made_leaves_the_weights_and_names_the_cause(stepper):
    parameters = stepper.network.parameters
    parameters.values["c"].fill_(float("nan"))
    before = parameters.flat.clone()
    with pytest.raises(NotFinite) as caught:
        step(stepper)
    assert caught.value.cause == "the loss"
    torch.testing.assert_close(parameters.flat, before, rtol=0, atol=0, equal_nan=True)
