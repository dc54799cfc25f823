"""The first weights: their distribution, what a seed fixes, and the recurrent block."""

import numpy as np
import pytest
import torch

from core.config import TrainingConfig
from core.networks.initialisers import initial_parameters, recurrent_block

CONCAT = ("arch1", "concat")
ARCH1 = [{"architecture": "arch1", "combine": how} for how in ("concat", "add", "multiply")]
VARIANTS = [
    *ARCH1,
    {"architecture": "arch2", "nodes": 20},  # W is taller than wide
    {"architecture": "arch2", "nodes": 40},  # W is wider than tall
]
INITS = ["published", "zero-mean", "orthogonal", "identity"]
every_variant = pytest.mark.parametrize(
    "variant", VARIANTS, ids=lambda v: "-".join(map(str, v.values()))
)


def draw(seed=0, **settings):
    config = TrainingConfig(**settings)
    return config, initial_parameters(config, seed)


@every_variant
@pytest.mark.parametrize("init", INITS)
def test_weights_have_the_configured_shapes_and_no_bias(variant, init):
    config, parameters = draw(init=init, **variant)
    assert {name: p.shape for name, p in parameters.items()} == config.parameter_shapes
    assert {p.dtype for p in parameters.values()} == {np.dtype(np.float32)}
    assert np.count_nonzero(parameters["b"]) == 0
    assert np.count_nonzero(parameters["c"]) == 0


@pytest.mark.parametrize(("init", "mean"), [("published", -0.1), ("zero-mean", 0.0)])
def test_weights_are_normal_around_their_mean_and_cut_at_two_deviations(init, mean):
    _, parameters = draw(init=init, nodes=500)
    for name in "UVW":
        values = parameters[name].astype(np.float64).ravel()
        assert values.mean() == pytest.approx(mean, abs=0.003)
        # A normal distribution cut at 2 standard deviations keeps 0.8796 of its own.
        assert values.std() == pytest.approx(0.08796, abs=0.002)
        distance = np.abs(values - mean).max()
        assert 0.19 < distance < 0.2 + 1e-7
        # Redrawn, not clamped: no heap of values at the cut.
        assert (np.abs(values - mean) > 0.1999).mean() < 0.001


@pytest.mark.parametrize("init", INITS)
def test_the_same_seed_gives_the_same_weights_and_another_seed_others(init):
    _, first = draw(init=init, seed=7)
    _, again = draw(init=init, seed=7)
    _, other = draw(init=init, seed=8)
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not any(np.array_equal(first[name], other[name]) for name in "UV")


def by_torch(config):
    """The same weights, drawn as an exported script draws them: with torch."""
    generator = torch.Generator().manual_seed(config.seed)
    parameters = {name: torch.zeros(shape) for name, shape in config.parameter_shapes.items()}
    for name in ("U", "V", "W"):
        torch.nn.init.trunc_normal_(parameters[name], a=-2, b=2, generator=generator)
        parameters[name].mul_(0.1).add_(-0.1 if config.init == "published" else 0.0)
    W = parameters["W"]
    block = W[config.nodes :] if (config.architecture, config.combine) == CONCAT else W
    if config.init == "orthogonal":
        torch.nn.init.orthogonal_(block, generator=generator)
    elif config.init == "identity":
        torch.nn.init.eye_(block)
    return {name: value.numpy() for name, value in parameters.items()}


@pytest.mark.parametrize("nodes", [1, 2, 3, 4, 5, 26, 33])
@pytest.mark.parametrize("init", INITS)
@pytest.mark.parametrize("settings", [*ARCH1, {"architecture": "arch2"}], ids=str)
def test_a_seed_gives_the_weights_that_torch_draws_from_it(settings, init, nodes):
    for seed in (*range(30), 2**32 - 1):
        config = TrainingConfig(**settings, init=init, nodes=nodes, seed=seed)
        drawn, expected = initial_parameters(config, seed), by_torch(config)
        # torch makes an orthogonal block in float32, and the last of its columns from what
        # little the others leave: the digits lost there are torch's.
        near = 2e-5 if init == "orthogonal" else 2e-7
        for name, value in drawn.items():
            np.testing.assert_allclose(value, expected[name], rtol=0, atol=near)


@pytest.mark.parametrize("init", INITS)
def test_tanh_and_relu_start_from_identical_weights(init):
    _, tanh = draw(init=init, activation="tanh")
    _, relu = draw(init=init, activation="relu")
    assert all(np.array_equal(tanh[name], relu[name]) for name in tanh)


def test_published_is_zero_mean_moved_down_by_a_tenth():
    _, zero = draw(init="zero-mean")
    _, published = draw(init="published")
    for name in "UVW":
        np.testing.assert_allclose(published[name], zero[name] - 0.1, rtol=0, atol=1e-7)


@every_variant
@pytest.mark.parametrize("init", ["orthogonal", "identity"])
def test_inits_differ_in_the_recurrent_block_alone(variant, init):
    config, special = draw(init=init, **variant)
    _, zero = draw(init="zero-mean", **variant)
    assert not np.array_equal(recurrent_block(config, special), recurrent_block(config, zero))
    recurrent_block(config, special)[:] = recurrent_block(config, zero)
    assert all(np.array_equal(special[name], zero[name]) for name in zero)


def test_both_architectures_share_the_input_and_output_weights():
    _, arch1 = draw(architecture="arch1")
    _, arch2 = draw(architecture="arch2")
    assert np.array_equal(arch1["U"], arch2["U"])
    assert np.array_equal(arch1["V"], arch2["V"])


@every_variant
def test_an_orthogonal_block_keeps_lengths(variant):
    config, parameters = draw(init="orthogonal", **variant)
    singular = np.linalg.svd(recurrent_block(config, parameters), compute_uv=False)
    np.testing.assert_allclose(singular, 1, rtol=0, atol=1e-5)


@every_variant
def test_an_identity_block_is_ones_on_the_diagonal(variant):
    config, parameters = draw(init="identity", **variant)
    block = recurrent_block(config, parameters)
    assert np.array_equal(block, np.eye(*block.shape))
    assert np.linalg.norm(block) == pytest.approx(min(block.shape) ** 0.5)


def test_under_concat_the_recurrent_block_is_the_lower_half_of_w():
    config, parameters = draw(combine="concat", nodes=6)
    block = recurrent_block(config, parameters)
    assert block.shape == (6, 6)
    assert np.array_equal(block, parameters["W"][6:])
    block.fill(3.0)  # a view: later code may write through it
    assert (parameters["W"][6:] == 3.0).all()
    assert not (parameters["W"][:6] == 3.0).any()


def test_under_concat_only_the_lower_half_brings_the_state_back():
    config, parameters = draw(combine="concat", nodes=6)
    _, same = draw(combine="concat", nodes=6)
    recurrent_block(config, same).fill(0)
    h = np.concatenate([np.zeros(6), np.ones(6)])  # the recurrent half alone
    assert np.count_nonzero(h @ parameters["W"]) == 6
    assert np.count_nonzero(h @ same["W"]) == 0


@pytest.mark.parametrize("combine", ["add", "multiply"])
def test_without_concat_the_recurrent_block_is_all_of_w(combine):
    config, parameters = draw(combine=combine, nodes=6)
    assert recurrent_block(config, parameters) is parameters["W"]
