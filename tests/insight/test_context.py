"""The context curve: against a slow independent one, and flat where nothing comes back."""

import numpy as np
import pytest
import torch

from core.config import TrainingConfig
from core.insight import context
from core.insight.context import context_curve
from core.networks import reference
from core.networks.initialisers import initial_parameters
from core.networks.stepwise import CharacterModel
from core.records import CONTEXT_LENGTHS, ContextRecord

NETWORKS = {
    "concat": {},
    "concat relu": {"activation": "relu"},
    "add": {"combine": "add"},
    "multiply": {"combine": "multiply"},
    "arch2 teacher": {"architecture": "arch2"},
    "arch2 free": {"architecture": "arch2", "feedback": "free"},
}


@pytest.fixture(scope="module")
def ids(make_corpus):
    return make_corpus(1_500).ids


def network_of(**changes):
    """A network of weights large enough for what came before to matter, well or badly."""
    config = TrainingConfig(nodes=8, batch_size=4, unrollings=6, **changes)
    generator = np.random.default_rng(1)
    shapes = config.parameter_shapes.items()
    weights = {n: 0.4 * generator.standard_normal(shape, np.float32) for n, shape in shapes}
    return weights, config


def slow_curve(weights, config, ids):
    """One place after the other, its state walked to from the stream's start, in float64."""
    weights = {name: torch.from_numpy(value).double() for name, value in weights.items()}
    length = context._LENGTH
    starts = np.linspace(0, len(ids) - length - 1, context._STREAMS).astype(int).tolist()
    text = torch.from_numpy(ids.astype(np.int64))
    zero = reference.initial_state(config, 1, weights["U"])

    def read(first, stop, state):
        inputs, targets = text[first:stop, None], text[first + 1 : stop + 1, None]
        last = reference.window(weights, config, inputs, targets, state)
        return last.state, last.logits[-1, 0]

    curve = []
    for k in (*CONTEXT_LENGTHS, None):
        losses = []
        for stream, start in enumerate(starts):
            far = starts[(stream - context._STREAMS // 2) % context._STREAMS]
            for before in range(context._HISTORY, length + 1, context._APART):
                if k is None:
                    _, logits = read(start, start + before, zero)
                else:
                    state, _ = read(far, far + before - k, zero)
                    _, logits = read(start + before - k, start + before, state)
                losses.append(-torch.log_softmax(logits, 0)[text[start + before]])
        curve.append(float(torch.stack(losses).mean()))
    return curve


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("name", NETWORKS)
def test_the_curve_is_that_of_the_readable_networks(name, compiled, ids, monkeypatch):
    monkeypatch.setattr(context, "_STREAMS", 6)
    monkeypatch.setattr(context, "_LENGTH", context._HISTORY + context._APART)
    network = network_of(**NETWORKS[name])
    found = context_curve(CharacterModel(*network, compiled=compiled), ids, step=7)
    expected = slow_curve(*network, ids)
    assert found.step == 7
    assert (*found.loss_nats, found.full_loss_nats) == pytest.approx(expected, abs=1e-5)
    if name != "arch2 teacher":
        assert abs(found.worth_nats) > 1e-4  # else it says nothing that they agree


def flat(record):
    return max(abs(loss - record.full_loss_nats) for loss in record.loss_nats) < 1e-6


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize(
    "changes",
    [
        {"architecture": "arch2"},
        {"init": "published", "activation": "relu"},
        {"init": "published", "activation": "tanh"},
    ],
)
def test_where_nothing_comes_back_the_curve_is_flat(changes, compiled, make_corpus):
    # At their full size: it takes 100 nodes of mean -0.1 to switch every unit off.
    config = TrainingConfig(nodes=100, batch_size=4, unrollings=6, **changes)
    model = CharacterModel(initial_parameters(config, seed=0), config, compiled=compiled)
    found = context_curve(model, make_corpus(3_000).ids)
    assert isinstance(found, ContextRecord)
    assert flat(found)
    assert (found.used, found.worth_nats) == (1, pytest.approx(0, abs=1e-6))


def test_a_network_that_carries_something_is_not_flat(make_corpus):
    assert not flat(context_curve(CharacterModel(*network_of()), make_corpus(3_000).ids))


def test_a_curve_is_the_same_when_it_is_measured_again(ids):
    model = CharacterModel(*network_of())
    assert context_curve(model, ids) == context_curve(model, ids)


def test_a_short_text_and_a_loss_that_is_no_number_have_no_curve(ids):
    weights, config = network_of()
    assert context_curve(CharacterModel(weights, config), ids[:999]) is None
    assert context_curve(CharacterModel(weights, config), ids[:1_000]) is not None
    weights["c"][0] = float("nan")
    assert context_curve(CharacterModel(weights, config), ids) is None
