"""The reference networks against the equations, written out once more in numpy."""

import math

import numpy as np
import pytest
import torch

from core.config import ALPHABET_SIZE, TrainingConfig
from core.networks.reference import initial_state, loss_and_gradients, window

T, B, N = 5, 3, 4

ARCH1 = [
    TrainingConfig(architecture="arch1", combine=combine, activation=activation, nodes=N)
    for combine in ("concat", "add", "multiply")
    for activation in ("tanh", "relu")
]
ARCH2 = [
    TrainingConfig(architecture="arch2", feedback=feedback, activation=activation, nodes=N)
    for feedback in ("teacher", "free")
    for activation in ("tanh", "relu")
]


def name_of(config):
    variant = config.combine if config.architecture == "arch1" else config.feedback
    return f"{config.architecture}-{variant}-{config.activation}"


every_network = pytest.mark.parametrize("config", ARCH1 + ARCH2, ids=name_of)


def random_parameters(config, seed=0, scale=0.5):
    generator = torch.Generator().manual_seed(seed)
    return {
        name: scale * torch.randn(shape, generator=generator, dtype=torch.float64)
        for name, shape in config.parameter_shapes.items()
    }


def random_text(steps=T, seed=1):
    """Ids (steps + 1, B): the inputs and, one later, the targets."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(ALPHABET_SIZE, (steps + 1, B), generator=generator)


def random_state(config, seed=2):
    zeros = initial_state(config, B, torch.zeros(0, dtype=torch.float64))
    noise = torch.rand(zeros.shape, generator=torch.Generator().manual_seed(seed)).double()
    return noise / noise.sum(dim=1, keepdim=True)  # rows like probabilities, for arch2's sake


def literal_window(parameters, config, inputs, targets, state):
    """The equations one batch row and one step at a time; returns logits, hidden, loss, state."""
    U, W, b, V, c = (parameters[name].numpy() for name in "UWbVc")
    steps, batch = inputs.shape
    logits = np.zeros((steps, batch, len(c)))
    hidden = np.zeros((steps, batch, len(b)))
    last = state.numpy().copy()
    losses = []
    for row in range(batch):
        back = state[row].numpy()
        for t in range(steps):
            x = np.zeros(len(c))
            x[inputs[t, row]] = 1
            if config.architecture == "arch2" and config.feedback == "teacher":
                back = x
            if config.combine == "concat":
                z = np.concatenate([x @ U, back @ W])
            elif config.combine == "add":
                z = x @ U + back @ W
            else:
                z = (x @ U) * (back @ W)
            z = z + b
            h = np.tanh(z) if config.activation == "tanh" else np.maximum(z, 0)
            o = h @ V + c
            p = np.exp(o) / np.exp(o).sum()
            losses.append(-math.log(p[targets[t, row]]))
            hidden[t, row], logits[t, row] = h, o
            back = h if config.architecture == "arch1" else p
        if config.architecture == "arch1" or config.feedback == "free":
            last[row] = back
    return logits, hidden, sum(losses) / len(losses), last


@every_network
def test_a_window_follows_the_equations(config):
    parameters, text, state = random_parameters(config), random_text(), random_state(config)
    logits, hidden, loss, last = literal_window(parameters, config, text[:-1], text[1:], state)
    result = window(parameters, config, text[:-1], text[1:], state)
    np.testing.assert_allclose(result.logits.numpy(), logits, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(torch.stack(result.hidden).numpy(), hidden, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(result.state.numpy(), last, rtol=1e-12, atol=1e-13)
    assert result.loss.item() == pytest.approx(loss, rel=1e-12)


@every_network
def test_gradients_agree_with_central_differences(config):
    config = config.changed(nodes=2)
    parameters, text, state = random_parameters(config), random_text(3), random_state(config)
    names = list(parameters)

    def loss_of(*values):
        given = dict(zip(names, values, strict=True))
        return window(given, config, text[:-1], text[1:], state).loss

    leaves = [value.clone().requires_grad_() for value in parameters.values()]
    assert torch.autograd.gradcheck(loss_of, leaves)


@every_network
def test_loss_and_gradients_is_the_derivative_of_the_window(config):
    parameters, text, state = random_parameters(config), random_text(), random_state(config)
    loss, gradients, last = loss_and_gradients(parameters, config, text[:-1], text[1:], state)
    leaves = {name: value.clone().requires_grad_() for name, value in parameters.items()}
    result = window(leaves, config, text[:-1], text[1:], state)
    result.loss.backward()
    assert loss.item() == result.loss.item()
    assert not loss.requires_grad
    assert torch.equal(last, result.state)
    assert list(gradients) == ["U", "W", "b", "V", "c"]
    for name, leaf in leaves.items():
        assert torch.equal(gradients[name], leaf.grad)
        assert not parameters[name].requires_grad


@every_network
def test_two_windows_in_a_row_read_like_one_long_one(config):
    parameters, text = random_parameters(config), random_text(2 * T)
    start = initial_state(config, B, parameters["U"])
    long = window(parameters, config, text[:-1], text[1:], start)
    first = window(parameters, config, text[:T], text[1 : T + 1], start)
    second = window(parameters, config, text[T:-1], text[T + 1 :], first.state)
    torch.testing.assert_close(second.logits, long.logits[T:], rtol=1e-12, atol=1e-13)
    torch.testing.assert_close(second.state, long.state, rtol=1e-12, atol=1e-13)
    assert (first.loss + second.loss).item() / 2 == pytest.approx(long.loss.item())


@pytest.mark.parametrize("config", [*ARCH1, *ARCH2[2:]], ids=name_of)
def test_what_crosses_a_window_changes_the_next_one(config):
    parameters, text = random_parameters(config), random_text()
    zero = initial_state(config, B, parameters["U"])
    fresh = window(parameters, config, text[:-1], text[1:], zero)
    carried = window(parameters, config, text[:-1], text[1:], random_state(config))
    assert not torch.allclose(fresh.logits[0], carried.logits[0])


@every_network
def test_no_gradient_crosses_a_window(config):
    leaves = {name: v.requires_grad_() for name, v in random_parameters(config).items()}
    text = random_text(2 * T)
    start = initial_state(config, B, leaves["U"])
    first = window(leaves, config, text[:T], text[1 : T + 1], start)
    assert not first.state.requires_grad
    attached = random_state(config).requires_grad_()
    second = window(leaves, config, text[T:-1], text[T + 1 :], attached)
    (crossing,) = torch.autograd.grad(second.loss, [attached], allow_unused=True)
    assert crossing is None


@pytest.mark.parametrize("config", [ARCH1[0], ARCH1[2], ARCH2[2]], ids=name_of)
def test_credit_flows_back_through_every_step_of_a_window(config):
    leaves = {name: v.requires_grad_() for name, v in random_parameters(config).items()}
    text = random_text()
    result = window(leaves, config, text[:-1], text[1:], random_state(config))
    last_loss = torch.nn.functional.cross_entropy(result.logits[-1], text[-1])
    gradients = torch.autograd.grad(last_loss, result.hidden)
    assert all(gradient.norm() > 0 for gradient in gradients)


@pytest.mark.parametrize("config", ARCH2[:2], ids=name_of)
def test_teacher_forcing_sends_no_credit_back_in_time(config):
    leaves = {name: v.requires_grad_() for name, v in random_parameters(config).items()}
    text = random_text()
    result = window(leaves, config, text[:-1], text[1:], random_state(config))
    last_loss = torch.nn.functional.cross_entropy(result.logits[-1], text[-1])
    *earlier, last = torch.autograd.grad(last_loss, result.hidden, materialize_grads=True)
    assert last.norm() > 0
    assert all(torch.count_nonzero(gradient) == 0 for gradient in earlier)


@pytest.mark.parametrize("config", ARCH2[:2], ids=name_of)
def test_teacher_forcing_sees_one_character_and_no_state(config):
    parameters, text = random_parameters(config), random_text()
    state = random_state(config)
    result = window(parameters, config, text[:-1], text[1:], state)
    elsewhere = window(parameters, config, text[2:3], text[3:4], torch.zeros_like(state))
    torch.testing.assert_close(result.logits[2], elsewhere.logits[0], rtol=1e-12, atol=1e-13)
    assert torch.equal(result.state, state)


def test_the_free_running_output_that_crosses_is_the_last_softmax():
    config = ARCH2[2]
    parameters, text = random_parameters(config), random_text()
    zero = initial_state(config, B, parameters["U"])
    result = window(parameters, config, text[:-1], text[1:], zero)
    assert torch.equal(result.state, torch.softmax(result.logits[-1], dim=1))


def test_multiply_with_relu_and_no_bias_never_leaves_zero():
    # From h_0 = 0 and b = 0 every product is 0, and ReLU passes no gradient at 0.
    config = TrainingConfig(combine="multiply", activation="relu", nodes=N)
    parameters, text = random_parameters(config), random_text()
    parameters["b"].zero_()
    start = initial_state(config, B, parameters["U"])
    _, gradients, state = loss_and_gradients(parameters, config, text[:-1], text[1:], start)
    assert torch.count_nonzero(state) == 0
    assert [name for name, value in gradients.items() if torch.count_nonzero(value)] == ["c"]


def test_the_loss_is_a_mean_in_nats():
    config = TrainingConfig(nodes=N)
    parameters = {name: torch.zeros(shape) for name, shape in config.parameter_shapes.items()}
    for steps in (1, T):
        text = random_text(steps)
        start = initial_state(config, B, parameters["U"])
        result = window(parameters, config, text[:-1], text[1:], start)
        assert result.loss.item() == pytest.approx(math.log(ALPHABET_SIZE), rel=1e-6)


@every_network
def test_shapes_and_dtypes_follow_the_parameters(config):
    parameters = {name: value.float() for name, value in random_parameters(config).items()}
    text = random_text()
    start = initial_state(config, B, parameters["U"])
    result = window(parameters, config, text[:-1], text[1:], start)
    assert result.logits.shape == (T, B, ALPHABET_SIZE)
    assert [h.shape for h in result.hidden] == [(B, config.hidden_size)] * T
    assert result.state.shape == start.shape
    assert {start.dtype, result.logits.dtype, result.state.dtype} == {torch.float32}
    assert torch.count_nonzero(start) == 0
