"""The first weights: their distribution, what a seed fixes, and the recurrent block."""

import pytest
import torch

from core.config import TrainingConfig
from core.networks.initialisers import initial_parameters, recurrent_block

VARIANTS = [
    {"architecture": "arch1", "combine": "concat"},
    {"architecture": "arch1", "combine": "add"},
    {"architecture": "arch1", "combine": "multiply"},
    {"architecture": "arch2", "nodes": 20},  # W is taller than wide
    {"architecture": "arch2", "nodes": 40},  # W is wider than tall
]
INITS = ["published", "zero-mean", "orthogonal", "identity"]
every_variant = pytest.mark.parametrize(
    "variant", VARIANTS, ids=lambda v: "-".join(map(str, v.values()))
)


def draw(seed=0, **settings):
    config = TrainingConfig(**settings)
    return config, initial_parameters(config, torch.Generator().manual_seed(seed))


@every_variant
@pytest.mark.parametrize("init", INITS)
def test_weights_have_the_configured_shapes_and_no_bias(variant, init):
    config, parameters = draw(init=init, **variant)
    assert {name: tuple(p.shape) for name, p in parameters.items()} == config.parameter_shapes
    assert {p.dtype for p in parameters.values()} == {torch.float32}
    assert torch.count_nonzero(parameters["b"]) == 0
    assert torch.count_nonzero(parameters["c"]) == 0


@pytest.mark.parametrize(("init", "mean"), [("published", -0.1), ("zero-mean", 0.0)])
def test_weights_are_normal_around_their_mean_and_cut_at_two_deviations(init, mean):
    _, parameters = draw(init=init, nodes=500)
    for name in "UVW":
        values = parameters[name].double().flatten()
        assert values.mean().item() == pytest.approx(mean, abs=0.003)
        # A normal distribution cut at 2 standard deviations keeps 0.8796 of its own.
        assert values.std().item() == pytest.approx(0.08796, abs=0.002)
        distance = (values - mean).abs().max().item()
        assert 0.19 < distance < 0.2 + 1e-7
        # Redrawn, not clamped: no heap of values at the cut.
        assert ((values - mean).abs() > 0.1999).double().mean().item() < 0.001


@pytest.mark.parametrize("init", INITS)
def test_the_same_seed_gives_the_same_weights_and_another_seed_others(init):
    _, first = draw(init=init, seed=7)
    _, again = draw(init=init, seed=7)
    _, other = draw(init=init, seed=8)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not any(torch.equal(first[name], other[name]) for name in "UV")


@pytest.mark.parametrize("init", INITS)
def test_the_global_generator_is_left_alone(init):
    before = torch.random.get_rng_state()
    draw(init=init)
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize("init", INITS)
def test_tanh_and_relu_start_from_identical_weights(init):
    _, tanh = draw(init=init, activation="tanh")
    _, relu = draw(init=init, activation="relu")
    assert all(torch.equal(tanh[name], relu[name]) for name in tanh)


def test_published_is_zero_mean_moved_down_by_a_tenth():
    _, zero = draw(init="zero-mean")
    _, published = draw(init="published")
    for name in "UVW":
        torch.testing.assert_close(published[name], zero[name] - 0.1, rtol=0, atol=1e-7)


@every_variant
@pytest.mark.parametrize("init", ["orthogonal", "identity"])
def test_inits_differ_in_the_recurrent_block_alone(variant, init):
    config, special = draw(init=init, **variant)
    _, zero = draw(init="zero-mean", **variant)
    assert not torch.equal(recurrent_block(config, special), recurrent_block(config, zero))
    recurrent_block(config, special).copy_(recurrent_block(config, zero))
    assert all(torch.equal(special[name], zero[name]) for name in zero)


def test_both_architectures_share_the_input_and_output_weights():
    _, arch1 = draw(architecture="arch1")
    _, arch2 = draw(architecture="arch2")
    assert torch.equal(arch1["U"], arch2["U"])
    assert torch.equal(arch1["V"], arch2["V"])


@every_variant
def test_an_orthogonal_block_keeps_lengths(variant):
    config, parameters = draw(init="orthogonal", **variant)
    singular = torch.linalg.svdvals(recurrent_block(config, parameters))
    torch.testing.assert_close(singular, torch.ones_like(singular), rtol=0, atol=1e-5)


@every_variant
def test_an_identity_block_is_ones_on_the_diagonal(variant):
    config, parameters = draw(init="identity", **variant)
    block = recurrent_block(config, parameters)
    assert torch.equal(block, torch.eye(*block.shape))
    assert block.norm().item() == pytest.approx(min(block.shape) ** 0.5)


def test_under_concat_the_recurrent_block_is_the_lower_half_of_w():
    config, parameters = draw(combine="concat", nodes=6)
    block = recurrent_block(config, parameters)
    assert block.shape == (6, 6)
    assert torch.equal(block, parameters["W"][6:])
    block.fill_(3.0)  # a view: later code may write through it
    assert torch.equal(parameters["W"][6:], torch.full((6, 6), 3.0))
    assert not (parameters["W"][:6] == 3.0).any()


def test_under_concat_only_the_lower_half_brings_the_state_back():
    config, parameters = draw(combine="concat", nodes=6)
    _, same = draw(combine="concat", nodes=6)
    recurrent_block(config, same).zero_()
    h = torch.cat([torch.zeros(1, 6), torch.ones(1, 6)], dim=1)  # the recurrent half alone
    assert torch.count_nonzero(h @ parameters["W"]) == 6
    assert torch.count_nonzero(h @ same["W"]) == 0


@pytest.mark.parametrize("combine", ["add", "multiply"])
def test_without_concat_the_recurrent_block_is_all_of_w(combine):
    config, parameters = draw(combine=combine, nodes=6)
    assert recurrent_block(config, parameters) is parameters["W"]
