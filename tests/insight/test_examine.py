"""The step that failed, taken apart: the first tensor, the place it started, the true norm."""

import math

import pytest
import torch

from core.config import TrainingConfig
from core.insight.divergence import examine
from core.networks.build import build_network
from core.networks.initialisers import initial_parameters
from core.networks.parameters import Parameters
from core.records import Divergence

T, B, N = 8, 3, 5


def made(**settings):
    """A float32 ReLU network whose state grows a hundredfold a step, and a window."""
    config = TrainingConfig(nodes=N, batch_size=B, activation="relu", combine="add", **settings)
    generator = torch.Generator().manual_seed(0)
    parameters = Parameters(config)
    parameters.load(initial_parameters(config, seed=0))
    parameters.values["W"].copy_(100 * torch.eye(N))
    for name in ("U", "b", "V"):
        parameters.values[name].abs_()
    ids = torch.randint(27, (T + 1, B), generator=generator)
    return build_network(config, parameters), ids[:-1], ids[1:]


def examined(network, inputs, targets, state):
    network.loss_and_gradients(inputs, targets, state)
    return examine(network, inputs, targets, state, step=7)


def test_a_hidden_layer_that_overflows_names_the_place_where_it_started():
    network, inputs, targets = made()
    state = torch.full((B, N), 1e33)  # 1e35, 1e37, and 1e39 is more than a float32 holds
    found = examined(network, inputs, targets, state)
    assert found == Divergence(7, "the hidden layer h", 3, T, found.grad_norm)
    assert math.isfinite(found.grad_norm)  # float64 holds what float32 does not


def test_logits_that_overflow_are_named_when_the_hidden_layer_is_well():
    network, inputs, targets = made()
    network.parameters.values["V"].mul_(1e35)
    found = examined(network, inputs, targets, torch.full((B, N), 1.0))
    assert (found.tensor, found.place) == ("the logits o", 2)


def test_a_gradient_that_overflows_names_the_last_place_it_was_well_before():
    network, inputs, targets = made()
    network.parameters.values["W"].mul_(1e4)  # a million a step back
    network.parameters.values["b"].fill_(-1e-30)
    network.parameters.values["U"].mul_(1e-20)
    network.parameters.values["V"].mul_(1e10)
    found = examined(network, inputs, targets, torch.zeros(B, N))
    assert found.tensor == "the gradient ∂L/∂h"
    # 1e10 at the last place, a million times more at each before: past 1e38 in five steps.
    assert found.place in (2, 3, 4)
    assert found.grad_norm > 1e30


def test_a_gradient_of_one_weight_is_named_without_a_place():
    network, inputs, targets = made()
    state = torch.zeros(B, N)
    network.parameters.values["W"].mul_(0)
    network.loss_and_gradients(inputs, targets, state)
    network.parameters.gradients["b"][0] = math.nan
    found = examine(network, inputs, targets, state, step=7)
    assert (found.tensor, found.place) == ("the gradient of b", None)
    network.parameters.gradients["b"].fill_(1e30)
    found = examine(network, inputs, targets, state, step=7)
    assert found.tensor == "the norm of the gradient"


@pytest.mark.parametrize(
    "settings", [{}, {"combine": "multiply"}, {"architecture": "arch2"}, {"feedback": "free"}]
)
def test_every_network_can_be_examined(settings):
    settings = {"architecture": "arch2"} | settings if "feedback" in settings else settings
    config = TrainingConfig(nodes=N, batch_size=B, **settings)
    parameters = Parameters(config)
    parameters.load(initial_parameters(config, seed=0))
    network = build_network(config, parameters)
    ids = torch.randint(27, (T + 1, B), generator=torch.Generator().manual_seed(1))
    parameters.values["U"][:] = math.nan
    found = examined(network, ids[:-1], ids[1:], network.initial_state(B))
    assert found.tensor.startswith("the hidden layer")
    assert found.place == 1
    assert found.grad_norm is None


def test_clipping_leaves_a_share():
    assert Divergence(7, "", None, 8, 1e9).share_left(1.25) == pytest.approx(1.25e-9)
    assert Divergence(7, "", None, 8, 0.5).share_left(1.25) == 1
    assert Divergence(7, "", None, 8, None).share_left(1.25) is None
