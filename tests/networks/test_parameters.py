"""One flat buffer, five views into it by name, and Arch 1's matrices side by side."""

import pytest
import torch

from core.config import TrainingConfig
from core.networks.build import build_network
from core.networks.initialisers import initial_parameters
from core.networks.parameters import NAMES, Parameters

CONFIGS = [
    pytest.param(TrainingConfig(**settings), id="-".join(map(str, settings.values())))
    for settings in (
        {"architecture": "arch1", "combine": "concat", "nodes": 1},
        {"architecture": "arch1", "combine": "concat", "nodes": 100},
        {"architecture": "arch1", "combine": "add", "nodes": 7},
        {"architecture": "arch1", "combine": "multiply", "nodes": 33},
        {"architecture": "arch2", "nodes": 50},
    )
]


def weights_of(config, seed=0):
    drawn = initial_parameters(config, seed)
    return {name: torch.from_numpy(value) for name, value in drawn.items()}


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_every_matrix_product_starts_at_a_multiple_of_64_bytes(config, dtype):
    parameters = Parameters(config, dtype=dtype)
    for views in (parameters.joint, parameters.joint_gradients):
        starts = [views.by_name["U"], views.by_name["W"], views.by_name["b"]]
        if config.architecture == "arch1":
            starts.append(views.products)
        for tensor in starts:
            assert tensor.data_ptr() % 64 == 0
            assert tensor.dtype == dtype


@pytest.mark.parametrize("config", CONFIGS[:-1])
def test_arch1s_w_and_v_lie_side_by_side_and_b_ends_where_c_begins(config):
    parameters, given = Parameters(config), weights_of(config)
    given["b"], given["c"] = torch.rand_like(given["b"]), torch.rand_like(given["c"])
    parameters.load(given)
    width = config.nodes + len(given["c"])
    products, biases = parameters.joint.products, parameters.joint.biases
    assert torch.equal(products[:, :width], torch.cat((given["W"], given["V"]), 1))
    assert torch.equal(
        biases[: config.hidden_size + len(given["c"])], torch.cat((given["b"], given["c"]))
    )
    # The last S biases are those of the products' columns.
    row = products.shape[1]
    assert row % 16 == 0
    assert torch.equal(biases[-row:][config.nodes : width], given["c"])
    assert not products[:, width:].any()
    assert not biases[-row:][width:].any()


@pytest.mark.parametrize("config", CONFIGS)
def test_training_leaves_the_padding_at_zero(config):
    parameters = Parameters(config)
    parameters.load(weights_of(config))
    network = build_network(config, parameters)
    ids = torch.randint(27, (4, 5), generator=torch.Generator().manual_seed(1))
    network.loss_and_gradients(ids[:-1], ids[1:], network.initial_state(5))
    for name in NAMES:
        parameters.gradients[name].zero_()
    assert not parameters.gradient.any()


@pytest.mark.parametrize("config", CONFIGS)
def test_the_views_have_the_configurations_shapes_and_cover_every_number_once(config):
    parameters = Parameters(config)
    assert tuple(parameters.values) == tuple(parameters.gradients) == NAMES
    for buffer, tensors in (
        (parameters.flat, parameters.values),
        (parameters.gradient, parameters.gradients),
    ):
        assert {name: tuple(t.shape) for name, t in tensors.items()} == config.parameter_shapes
        for tensor in tensors.values():
            tensor.add_(1)
        assert buffer.max() == 1  # a place in two tensors would hold 2
        assert buffer.sum() == config.parameter_count


def test_a_change_of_the_buffer_is_a_change_of_the_views_and_the_other_way_round():
    parameters = Parameters(CONFIGS[1].values[0])
    parameters.flat.fill_(2)
    assert all((value == 2).all() for value in parameters.values.values())
    parameters.values["W"].zero_()
    assert parameters.flat.sum() == 2 * (parameters.flat.numel() - parameters.values["W"].numel())
    assert parameters.gradient.abs().sum() == 0


@pytest.mark.parametrize("config", CONFIGS)
def test_loaded_weights_come_back_as_copies(config):
    given = weights_of(config)
    parameters = Parameters(config)
    parameters.load(given)
    copies = parameters.copies()
    assert tuple(copies) == NAMES
    for name, value in given.items():
        assert torch.equal(parameters.values[name], value)
        assert torch.equal(copies[name], value)
        assert copies[name].is_contiguous()
    copies["U"].fill_(9)
    given["V"].fill_(9)
    assert not (parameters.flat == 9).any()


@pytest.mark.parametrize("config", CONFIGS)
def test_the_padding_stays_zero_so_that_norms_are_those_of_the_weights(config):
    parameters, given = Parameters(config), weights_of(config)
    parameters.load(given)
    norm = torch.sqrt(sum(value.double().square().sum() for value in given.values()))
    assert parameters.flat.double().norm().item() == pytest.approx(norm.item(), rel=1e-12)
    # Fewer than 16 numbers of padding after each tensor, or after each row of [W V].
    places = len(NAMES) + (config.hidden_size if config.architecture == "arch1" else 0)
    assert 0 <= parameters.flat.numel() - config.parameter_count < 16 * places
