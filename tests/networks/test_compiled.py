"""The compiled passes against the autograd reference, and within the bounds of their buffers."""

import gc
import subprocess
import sys
from pathlib import Path
from weakref import ref

import numpy as np
import pytest
import torch

from core.config import ALPHABET_SIZE, TrainingConfig
from core.networks import reference
from core.networks.compiled.elementwise import activate, exp, softmax, times_slope
from core.networks.compiled.network import CompiledNetwork
from core.networks.initialisers import initial_parameters

ROOT = Path(__file__).parents[2]
KINDS = {
    "concat": {"combine": "concat"},
    "add": {"combine": "add"},
    "multiply": {"combine": "multiply"},
    "teacher": {"architecture": "arch2", "feedback": "teacher"},
    "free": {"architecture": "arch2", "feedback": "free"},
    "stale": {"architecture": "arch2", "inputs": "stale"},
}
SQUARED = {"loss": "squared-error"}
KINDS |= {
    f"{kind}-squared": KINDS[kind] | SQUARED
    for kind in ("concat", "multiply", "teacher", "free", "stale")
}
SIZES = [(7, 5, 6), (1, 1, 1), (3, 17, 33), (4, 2, 101)]  # T, B, N


def made(kind, activation, size, dtype):
    steps, batch, nodes = size
    config = TrainingConfig(
        nodes=nodes, batch_size=batch, unrollings=steps, activation=activation, **KINDS[kind]
    )
    weights = {n: w.astype(np.float64) * 4 for n, w in initial_parameters(config, seed=3).items()}
    generator = np.random.default_rng(5)
    for name in "bc":  # zero biases would hide a wrong bias
        weights[name] = generator.standard_normal(weights[name].shape)
    network = CompiledNetwork(config, batch, dtype)
    network.load(weights)
    return config, weights, network, generator


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 2e-5)])
def test_losses_gradients_and_states_equal_the_reference(kind, activation, size, dtype, tolerance):
    config, weights, network, generator = made(kind, activation, size, dtype)
    leaves = {n: torch.from_numpy(w).requires_grad_() for n, w in weights.items()}
    state = reference.initial_state(config, config.batch_size, leaves["U"])
    for steps in (config.unrollings, config.unrollings, 2):  # unrollings may change on the way
        ids = generator.integers(0, ALPHABET_SIZE, (steps + 1, config.batch_size))
        loss = network.loss_and_gradients(ids[:-1], ids[1:])
        x, y = torch.from_numpy(ids[:-1]), torch.from_numpy(ids[1:])
        expected = reference.window(leaves, config, x, y, state)
        gradients = torch.autograd.grad(expected.descended, [*leaves.values(), *expected.hidden])
        found = [*network.gradients.values(), network.hidden(), network.hidden_gradients()]
        network.move_on()
        state = expected.state
        hidden = torch.stack(expected.hidden).detach()
        theirs = [*gradients[:5], hidden, torch.stack(gradients[5:]), state]
        pairs = zip([*found, network.state], theirs, strict=True)
        assert loss == pytest.approx(expected.loss.item(), rel=tolerance)
        for ours, theirs in pairs:
            scale = max(1.0, float(theirs.abs().max()))
            np.testing.assert_allclose(ours, theirs.numpy(), rtol=0, atol=tolerance * scale)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_written_outside_the_buffers(kind, size, monkeypatch):
    zones = []

    def guarded(self, *shape):
        count = int(np.prod(shape))
        whole = np.full(count + 128, 7, self.flat.dtype)
        whole[64 : 64 + count] = 0
        zones.append((whole, count))
        return whole[64 : 64 + count].reshape(shape)

    monkeypatch.setattr(CompiledNetwork, "_zeros", guarded)
    config, _, network, generator = made(kind, "tanh", size, np.float32)
    ids = generator.integers(0, ALPHABET_SIZE, (config.unrollings + 1, config.batch_size))
    network.loss_and_gradients(ids[:-1], ids[1:])
    network.move_on()
    assert zones
    for whole, count in zones:
        assert (whole[:64] == 7).all()
        assert (whole[64 + count :] == 7).all()


def test_a_state_that_was_not_moved_on_gives_the_same_window_again():
    _, _, network, generator = made("concat", "relu", (7, 5, 6), np.float32)
    ids = generator.integers(0, ALPHABET_SIZE, (8, 5))
    first = network.loss_and_gradients(ids[:-1], ids[1:]), network.gradient.copy()
    again = network.loss_and_gradients(ids[:-1], ids[1:]), network.gradient.copy()
    assert first[0] == again[0]
    np.testing.assert_array_equal(first[1], again[1])


def test_exp_and_tanh_are_those_of_numpy_to_a_few_bits():
    x = -np.linspace(0, 59, 10_001, dtype=np.float32)
    found = x.copy()
    exp(found)
    np.testing.assert_allclose(found, np.exp(x.astype(np.float64)), rtol=3e-7)
    x = np.linspace(-12, 12, 10_001, dtype=np.float32)
    found = x.copy()
    activate(found, False)
    np.testing.assert_allclose(found, np.tanh(x.astype(np.float64)), rtol=5e-7, atol=1e-12)


@pytest.mark.parametrize("relu", [True, False])
def test_what_is_no_number_stays_none(relu):
    x = np.array([np.nan, 1, -1], np.float32)
    activate(x, relu)
    assert np.isnan(x).tolist() == [True, False, False]
    o = np.array([[0, np.nan, 1], [0, np.inf, 1], [0, 0, 0]], np.float32)
    softmax(o)
    assert np.isnan(o).all(1).tolist() == [True, True, False]


@pytest.mark.parametrize("relu", [True, False])
def test_credit_too_small_to_matter_becomes_nothing(relu):
    credit = np.array([1e-31, -1e-31, 1e-29], np.float32)
    times_slope(credit, np.full(3, 0.5, np.float32), relu)
    assert (credit == 0).tolist() == [True, True, False]


def test_products_keep_to_one_core():
    # In a process of its own: here, others have loaded numba's library long before.
    script = (
        "import core.networks.compiled.network, scipy.linalg.cython_blas, threadpoolctl\n"
        "pools = threadpoolctl.threadpool_info()\n"
        "print({pool['num_threads'] for pool in pools if pool['user_api'] == 'blas'})"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)
    assert (ended.stdout, ended.stderr) == ("{1}\n", "")


def test_a_network_is_let_go_of_without_the_collector():
    gc.collect()
    gc.disable()
    try:
        network = CompiledNetwork(TrainingConfig(nodes=4), 2)
        windows = [network.window(steps) for steps in (3, 4, 5, 6, 3, 7)]
        assert network.window(3) is windows[0]  # used since, so 4 was given up for 7
        assert network.window(4) is not windows[1]
        held = ref(network)
        del network
        assert held() is None
    finally:
        gc.enable()
