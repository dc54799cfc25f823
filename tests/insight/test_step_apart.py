"""A step taken apart: it is the reference's in float64, and its sums are those of its parts."""

import numpy as np
import pytest
import torch

from core.config import ALPHABET_SIZE, TrainingConfig
from core.data.alphabet import encode
from core.insight.step_apart import came_back, take_apart
from core.insight.walk import walk
from core.networks import reference
from core.networks.stepwise import CharacterModel

N, LENGTH = 6, 30
NETWORKS = [
    pytest.param({"activation": activation, **settings}, id=f"{name}-{activation}")
    for activation in ("tanh", "relu")
    for name, settings in {
        "concat": {"combine": "concat"},
        "add": {"combine": "add"},
        "multiply": {"combine": "multiply"},
        "arch2-teacher": {"architecture": "arch2", "feedback": "teacher"},
        "arch2-free": {"architecture": "arch2", "feedback": "free"},
    }.items()
]


def walked_apart(settings):
    """A text, and each of its steps taken apart."""
    config = TrainingConfig(nodes=N, **settings)
    generator = np.random.default_rng(3)
    shapes = config.parameter_shapes.items()
    weights = {name: generator.normal(scale=0.5, size=shape) for name, shape in shapes}
    model = CharacterModel(weights, config)
    walked = walk(model, LENGTH, np.random.default_rng(0))
    ids = encode(walked.text)
    steps = [
        take_apart(weights, config, int(ids[t]), came_back(walked, t, config, model.fed_back))
        for t in range(len(walked.moments))
    ]
    return config, weights, ids, steps


@pytest.mark.parametrize("settings", NETWORKS)
def test_every_step_of_a_text_is_the_references(settings):
    config, weights, ids, steps = walked_apart(settings)
    tensors = {name: torch.from_numpy(values) for name, values in weights.items()}
    read = torch.from_numpy(ids[:-1].astype(np.int64))[:, None]
    state = reference.initial_state(config, 1, tensors["U"])
    window = reference.window(tensors, config, read, read, state)
    assert len(steps) == LENGTH - 1
    for t, step in enumerate(steps):
        for found, wanted in ((step.hidden, window.hidden[t]), (step.logits, window.logits[t])):
            np.testing.assert_allclose(found, wanted[0], rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("settings", NETWORKS)
def test_a_units_parts_make_its_sum_and_phi_of_it_its_value(settings):
    config, _, _, steps = walked_apart(settings)
    phi = np.tanh if config.activation == "tanh" else lambda inside: max(inside, 0)
    for unit in range(config.hidden_size):
        parts = steps[9].unit(unit)
        seen = [part for part in (parts.from_input, parts.from_back) if part is not None]
        joined = np.prod(seen) if config.combine == "multiply" else np.sum(seen)
        assert parts.inside == pytest.approx(joined + parts.bias, abs=1e-12)
        assert parts.value == pytest.approx(phi(parts.inside), abs=1e-12)
        assert len(seen) == (1 if config.combine == "concat" else 2)


@pytest.mark.parametrize("settings", NETWORKS)
def test_the_products_behind_a_part_add_up_to_it_largest_first(settings):
    config, weights, ids, steps = walked_apart(settings)
    step, unit = steps[9], config.hidden_size - 1
    products = step.behind_back(unit, 99)
    assert sum(term.product for term in products) == pytest.approx(step.unit(unit).from_back)
    sizes = [abs(term.product) for term in products]
    assert sizes == sorted(sizes, reverse=True)
    character = int(ids[10])
    spoken = sum(term.product for term in step.behind_logit(character, 99))
    assert spoken + weights["c"][character] == pytest.approx(step.logits[character])
    assert len(step.behind_logit(character, 3)) == 3


def test_under_concat_the_first_units_see_nothing_of_before():
    _, _, _, steps = walked_apart({"combine": "concat"})
    assert steps[9].unit(N - 1).from_back is None
    assert steps[9].behind_back(N - 1, 3) == []
    assert np.isnan(steps[9].across(steps[9].from_back, first=False)[:N]).all()


@pytest.mark.parametrize(
    ("settings", "width", "first"),
    [
        ({"combine": "add"}, N, 0),
        ({"architecture": "arch2", "feedback": "free"}, ALPHABET_SIZE, 0),
        ({"architecture": "arch2", "feedback": "teacher"}, ALPHABET_SIZE, 1),
    ],
    ids=["hidden layer", "distribution", "character"],
)
def test_before_the_first_character_nothing_comes_back_but_the_character_itself(
    settings, width, first
):
    _, _, ids, steps = walked_apart(settings)
    assert steps[0].back.shape == (width,)
    assert steps[0].back.sum() == first
    if first:
        assert [step.back.argmax() for step in steps] == ids[:-1].tolist()
