"""The gradient's way back through time: against autograd in float64, and in closed form."""

import math
from dataclasses import fields

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from core.config import ALPHABET_SIZE, TrainingConfig
from core.data.windows import Cursors
from core.insight.flow import MAX_LAGS, held_out_windows, probe, remember
from core.networks import reference
from core.networks.initialisers import initial_parameters, recurrent_block
from core.records import ProbeRecord

K, R, N = 12, 5, 7

NETWORKS = [
    pytest.param(dict(activation=activation, **settings), id=f"{name}-{activation}")
    for activation in ("tanh", "relu")
    for name, settings in {
        "concat": {"combine": "concat"},
        "add": {"combine": "add"},
        "multiply": {"combine": "multiply"},
        "teacher": {"architecture": "arch2", "feedback": "teacher"},
        "free": {"architecture": "arch2", "feedback": "free"},
    }.items()
]


def make(scale=3.0, seed=2, nodes=N, **settings):
    """A configuration and float64 weights with biases, large enough for credit to travel."""
    config = TrainingConfig(nodes=nodes, **settings)
    drawn = initial_parameters(config, seed)
    weights = {name: w.astype(np.float64) * scale for name, w in drawn.items()}
    random = np.random.default_rng(seed)
    for name in ("b", "c"):
        weights[name] = random.normal(size=len(weights[name]))
    return config, weights


def draw(seed=3, lags=K, rows=R):
    random = np.random.default_rng(seed)
    return random.integers(ALPHABET_SIZE, size=(lags + 1, rows)), random.integers(
        ALPHABET_SIZE, size=rows
    )


def by_autograd(config, weights, inputs, targets):
    """Norms of ∂L_T/∂h_{T−k}, a mean over rows, k = 0 ... K; and the hidden layers."""
    leaves = {name: torch.tensor(w, requires_grad=True) for name, w in weights.items()}
    inputs, targets = torch.from_numpy(inputs), torch.from_numpy(targets)
    state = reference.initial_state(config, inputs.shape[1], leaves["U"])
    window = reference.window(leaves, config, inputs, inputs, state)
    loss = cross_entropy(window.logits[-1], targets, reduction="sum")  # each row's own
    gradients = torch.autograd.grad(loss, window.hidden, allow_unused=True)
    norms = [0.0 if g is None else float(g.norm(dim=1).mean()) for g in gradients]
    return np.array(norms[::-1]), torch.stack(window.hidden).detach()


@pytest.mark.parametrize("settings", NETWORKS)
def test_the_flow_equals_autograd(settings):
    config, weights = make(**settings)
    inputs, targets = draw()
    norms, _ = by_autograd(config, weights, inputs, targets)
    found = probe(weights, config, inputs, targets)
    assert norms[0] > 0
    np.testing.assert_allclose(found.flow, norms / norms[0], rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("settings", NETWORKS)
def test_slopes_and_shares_are_those_of_the_recurrent_units(settings):
    config, weights = make(scale=6.0, **settings)
    weights["b"] *= 6  # far enough to saturate some units
    inputs, targets = draw()
    _, hidden = by_autograd(config, weights, inputs, targets)
    units = hidden[..., -N:].clone().requires_grad_()
    found = probe(weights, config, inputs, targets)
    if config.activation == "tanh":
        # φ' by autograd, at the point where φ gave these values.
        before = torch.atanh(units.detach()).requires_grad_()
        (slopes,) = torch.autograd.grad(torch.tanh(before).sum(), before)
        assert found.mean_slope == pytest.approx(float(slopes.mean()), abs=1e-9)
        saturated = float((units.abs() > 0.99).double().mean())
        assert found.saturated_share == pytest.approx(saturated, rel=1e-12)
        assert saturated > 0
        assert found.dead_share == 0
    else:
        assert found.mean_slope == pytest.approx(float((units > 0).double().mean()), abs=1e-12)
        assert found.dead_share == float((units == 0).all(0).all(0).double().mean())
        assert found.saturated_share == 0


def test_a_unit_that_never_speaks_in_the_window_is_dead():
    config, weights = make(activation="relu", combine="add")
    weights["b"].fill(10)
    weights["b"][:3] = -1e6
    weights["W"][:3] = 0
    assert probe(weights, config, *draw()).dead_share == pytest.approx(3 / N)


@pytest.mark.parametrize("scale", [0.5, 0.9, 1.1])
def test_a_linear_network_with_a_scaled_orthogonal_block_decays_as_its_scale_to_the_k(scale):
    config, weights = make(activation="tanh", combine="add", init="orthogonal", scale=1.0)
    weights["W"] *= scale
    weights["U"] *= 1e-9  # so close to 0, tanh is linear to every digit
    weights["b"].fill(0)
    found = probe(weights, config, *draw())
    # The block was drawn in float32, so it is orthogonal to seven digits.
    np.testing.assert_allclose(found.flow, scale ** np.arange(K + 1), rtol=1e-5)
    assert found.decay_per_step == pytest.approx(scale, rel=1e-6)
    assert found.spectral_radius == pytest.approx(scale, rel=1e-6)
    assert found.largest_singular_value == pytest.approx(scale, rel=1e-6)
    assert found.mean_slope == 1
    assert (found.fit_from, found.fit_to) == (1, K)


def test_relu_above_zero_is_linear_too():
    config, weights = make(activation="relu", combine="add")
    weights["W"] = 0.9 * np.eye(N)[[3, 1, 0, 6, 2, 5, 4]]  # moves units
    for name in ("U", "b"):
        np.abs(weights[name], out=weights[name])
    found = probe(weights, config, *draw())
    np.testing.assert_allclose(found.flow, 0.9 ** np.arange(K + 1), rtol=1e-12)
    assert found.mean_slope == 1


def test_under_concat_the_half_that_returns_decays_alone():
    config, weights = make(activation="tanh", combine="concat")
    recurrent_block(config, weights)[:] = 0.8 * np.eye(N)
    weights["W"][:N] = 0  # the other half of h reads nothing and gives nothing back
    weights["b"].fill(0)
    found = probe(weights, config, *draw())
    ratios = np.array(found.flow[2:]) / np.array(found.flow[1:-1])
    np.testing.assert_allclose(ratios, 0.8, rtol=1e-12)
    assert found.decay_per_step == pytest.approx(0.8, rel=1e-9)
    assert found.half_life == pytest.approx(math.log(0.5) / math.log(0.8), rel=1e-9)
    assert found.mean_slope == 1


def test_under_teacher_forcing_nothing_flows_back():
    config, weights = make(architecture="arch2", feedback="teacher")
    found = probe(weights, config, *draw())
    assert found.flow == (1.0, *[0.0] * K)
    assert (found.decay_per_step, found.half_life, found.horizon) == (0, 0, 0)
    assert (found.spectral_radius, found.largest_singular_value) == (0, 0)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_with_the_published_init_next_to_nothing_flows_back(activation):
    config = TrainingConfig(activation=activation, init="published")
    weights = initial_parameters(config, seed=0)
    found = probe(weights, config, *draw())
    assert max(found.flow[1:]) < 1e-5
    assert found.horizon == 0
    assert (found.saturated_share if activation == "tanh" else found.dead_share) > 0.8


def test_free_running_credit_returns_through_the_weights_and_the_output():
    config, weights = make(architecture="arch2", feedback="free")
    block = weights["W"] @ weights["V"][N:]  # (V, V): from one distribution to the next
    found = probe(weights, config, *draw())
    assert found.spectral_radius == pytest.approx(abs(np.linalg.eigvals(block)).max(), rel=1e-6)
    assert found.flow[1] > 0


def test_multiply_tells_how_large_its_gates_are():
    config, weights = make(combine="multiply")
    inputs, targets = draw()
    found = probe(weights, config, inputs, targets)
    rms = math.sqrt(np.square(weights["U"][inputs[6:]]).mean())  # the later half of 13
    assert found.rms_gate == pytest.approx(rms, rel=1e-12)
    assert probe(*reversed(make(combine="add")), inputs, targets).rms_gate == 1


def test_free_running_counts_the_slope_of_the_softmax():
    config, weights = make(architecture="arch2", feedback="free", scale=1e-9)
    weights["c"].fill(0)  # every distribution is uniform: the Jacobian is (I − 1/V) / V
    found = probe(weights, config, *draw())
    assert found.rms_gate == pytest.approx(math.sqrt(26 / 27) / 27, rel=1e-6)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_weights_times_slopes_foretell_the_decay_of_random_weights(activation):
    config, weights = make(nodes=100, scale=1.0, activation=activation)
    weights["U"] *= 8  # so that tanh bends
    found = probe(weights, config, *draw(lags=30, rows=16))
    assert 0.4 < found.decay_per_step < 0.85
    assert found.expected_decay == pytest.approx(found.decay_per_step, rel=0.1)


def test_float32_weights_give_the_same_figures_in_float32():
    config, weights = make()
    exact = probe(weights, config, *draw())
    found = probe({name: w.astype(np.float32) for name, w in weights.items()}, config, *draw())
    np.testing.assert_allclose(found.flow, exact.flow, rtol=1e-3, atol=1e-7)
    assert found.spectral_radius == pytest.approx(exact.spectral_radius, rel=2e-3)
    assert found.mean_slope == pytest.approx(exact.mean_slope, rel=1e-5)


def test_a_probe_changes_no_weight():
    config, weights = make()
    before = {name: w.copy() for name, w in weights.items()}
    probe(weights, config, *draw())
    assert all(np.array_equal(weights[name], before[name]) for name in "UWbVc")


@pytest.mark.parametrize("settings", NETWORKS)
@pytest.mark.parametrize("scale", [1e30, math.nan])
def test_weights_beyond_all_numbers_are_measured_without_a_complaint(settings, scale):
    config, weights = make(**settings)
    beyond = {name: (w * scale).astype(np.float32) for name, w in weights.items()}
    found = probe(beyond, config, *draw())
    assert found.flow[0] == 1
    assert isinstance(found, ProbeRecord)


def test_windows_are_the_first_of_sixteen_cursors():
    ids = np.random.default_rng(0).integers(0, 27, 1_000).astype(np.uint8)
    inputs, targets = held_out_windows(ids, 20)
    expected, following = Cursors(ids, 16).next_window(21)
    assert inputs.shape == (21, 16)
    np.testing.assert_array_equal(inputs, expected)
    np.testing.assert_array_equal(targets, following[-1])


def test_a_short_text_is_read_around_its_end():
    inputs, targets = held_out_windows(np.array([1, 2, 3], np.uint8), 6)
    assert inputs[:, 0].tolist() == [2, 3, 1, 2, 3, 1, 2]
    assert inputs.shape == (7, 3)
    assert targets[0] == 3


def record(step):
    """A probe of nothing."""
    values = {field.name: 0 for field in fields(ProbeRecord)}
    return ProbeRecord(**{**values, "step": step, "flow": (1.0,), "window_gradient": ()})


def test_probes_are_thinned_and_the_newest_is_kept():
    probes = ()
    for step in range(25):
        probes = remember(probes, record(step), 8)
        assert len(probes) <= 8
        assert (probes[0].step, probes[-1].step) == (0, step)
    assert MAX_LAGS == 100
