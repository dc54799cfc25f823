"""The hand-written passes against the autograd reference, in float64."""

import pytest
import torch

from core.config import ALPHABET_SIZE, TrainingConfig
from core.networks import reference
from core.networks.build import build_network
from core.networks.initialisers import initial_parameters
from core.networks.parameters import Parameters

T, B, N = 7, 5, 6

NETWORKS = [
    pytest.param(dict(architecture=architecture, activation=activation, **extra), id=name)
    for activation in ("tanh", "relu")
    for name, architecture, extra in [
        (f"arch1-concat-{activation}", "arch1", {"combine": "concat"}),
        (f"arch1-add-{activation}", "arch1", {"combine": "add"}),
        (f"arch1-multiply-{activation}", "arch1", {"combine": "multiply"}),
        (f"arch2-teacher-{activation}", "arch2", {"feedback": "teacher"}),
        (f"arch2-free-{activation}", "arch2", {"feedback": "free"}),
        (f"arch2-stale-{activation}", "arch2", {"inputs": "stale"}),
        (f"arch1-concat-squared-{activation}", "arch1", {"loss": "squared-error"}),
        (f"arch2-teacher-squared-{activation}", "arch2", {"loss": "squared-error"}),
        (
            f"arch2-free-squared-{activation}",
            "arch2",
            {"feedback": "free", "loss": "squared-error"},
        ),
    ]
]


def make(settings):
    """A fast network in float64, the same weights by name, and a generator."""
    config = TrainingConfig(nodes=N, batch_size=B, unrollings=T, **settings)
    generator = torch.Generator().manual_seed(3)
    parameters = Parameters(config, dtype=torch.float64)
    drawn = initial_parameters(config, seed=3)
    weights = {name: torch.from_numpy(4.0 * w).double() for name, w in drawn.items()}
    for name in ("b", "c"):  # zero biases would hide a wrong bias
        weights[name] = torch.randn(weights[name].shape, generator=generator, dtype=torch.float64)
    parameters.load(weights)
    return config, build_network(config, parameters), weights, generator


def draw_window(generator, steps=T):
    ids = torch.randint(ALPHABET_SIZE, (steps + 1, B), generator=generator)
    return ids[:-1], ids[1:]


@pytest.mark.parametrize("settings", NETWORKS)
def test_losses_gradients_and_states_equal_the_reference_over_three_windows(settings):
    config, network, weights, generator = make(settings)
    state = network.initial_state(B)
    expected_state = reference.initial_state(config, B, weights["U"])
    for steps in (T, T, T - 3):  # unrollings may change on the way
        inputs, targets = draw_window(generator, steps)
        loss, state = network.loss_and_gradients(inputs, targets, state)
        expected_loss, gradients, expected_state = reference.loss_and_gradients(
            weights, config, inputs, targets, expected_state
        )
        torch.testing.assert_close(loss, expected_loss, rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(state, expected_state, rtol=1e-12, atol=1e-12)
        for name, gradient in gradients.items():
            torch.testing.assert_close(
                network.parameters.gradients[name], gradient, rtol=1e-10, atol=1e-13
            )


@pytest.mark.parametrize("settings", NETWORKS)
def test_a_window_of_one_step_equals_the_reference(settings):
    config, network, weights, generator = make(settings)
    inputs, targets = draw_window(generator, 1)
    _, state = network.loss(*draw_window(generator), network.initial_state(B))
    loss, _ = network.loss_and_gradients(inputs, targets, state)
    expected, gradients, _ = reference.loss_and_gradients(weights, config, inputs, targets, state)
    torch.testing.assert_close(loss, expected, rtol=1e-12, atol=1e-12)
    for name, gradient in gradients.items():
        torch.testing.assert_close(network.parameters.gradients[name], gradient, atol=1e-13, rtol=0)


@pytest.mark.parametrize("settings", NETWORKS)
def test_hidden_layers_and_their_window_gradients_equal_the_reference(settings):
    config, network, weights, generator = make(settings)
    inputs, targets = draw_window(generator)
    _, state = network.loss(*draw_window(generator), network.initial_state(B))
    network.loss_and_gradients(inputs, targets, state)

    leaves = {name: w.clone().requires_grad_() for name, w in weights.items()}
    window = reference.window(leaves, config, inputs, targets, state)
    gradients = torch.autograd.grad(window.descended, window.hidden)
    torch.testing.assert_close(network.hidden(), torch.stack(window.hidden).detach())
    torch.testing.assert_close(
        network.hidden_gradients(), torch.stack(gradients), rtol=1e-10, atol=1e-14
    )


@pytest.mark.parametrize("settings", NETWORKS)
def test_a_forward_pass_neither_changes_the_state_nor_the_gradient(settings):
    _, network, _, generator = make(settings)
    state = torch.rand(network.initial_state(B).shape, generator=generator, dtype=torch.float64)
    before = state.clone()
    network.parameters.gradient.fill_(7)
    network.loss(*draw_window(generator), state)
    assert torch.equal(state, before)
    assert (network.parameters.gradient == 7).all()


def test_gradients_agree_with_central_differences():
    _config, network, _weights, generator = make(NETWORKS[0].values[0])
    inputs, targets = draw_window(generator)
    state = network.initial_state(B)
    network.loss_and_gradients(inputs, targets, state)
    flat, gradient = network.parameters.flat, network.parameters.gradient.clone()
    for place in (0, 40, 200, 300, 500):
        losses = []
        for shift in (1e-5, -2e-5):
            flat[place] += shift
            losses.append(network.loss(inputs, targets, state)[0].item())
        flat[place] += 1e-5
        assert gradient[place].item() == pytest.approx((losses[0] - losses[1]) / 2e-5, abs=1e-8)
