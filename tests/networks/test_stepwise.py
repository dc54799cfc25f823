"""One character at a time against the reference's windows, in float64."""

import numpy as np
import pytest
import torch

from core.config import ALPHABET_SIZE, TrainingConfig
from core.networks import reference
from core.networks.compiled import cache
from core.networks.initialisers import initial_parameters
from core.networks.stepwise import CharacterModel, softmax

N, LENGTH = 6, 40

NETWORKS = [
    pytest.param({"architecture": architecture, "activation": activation, **extra}, id=name)
    for activation in ("tanh", "relu")
    for name, architecture, extra in [
        (f"arch1-concat-{activation}", "arch1", {"combine": "concat"}),
        (f"arch1-add-{activation}", "arch1", {"combine": "add"}),
        (f"arch1-multiply-{activation}", "arch1", {"combine": "multiply"}),
        (f"arch2-teacher-{activation}", "arch2", {"feedback": "teacher"}),
        (f"arch2-free-{activation}", "arch2", {"feedback": "free"}),
    ]
]


def make(settings):
    config = TrainingConfig(nodes=N, **settings)
    generator = torch.Generator().manual_seed(2)
    drawn = initial_parameters(config, seed=2)
    weights = {name: torch.from_numpy(4.0 * w).double() for name, w in drawn.items()}
    for name in "bc":
        weights[name] = torch.randn(weights[name].shape, generator=generator, dtype=torch.float64)
    return config, weights


def model_of(config, weights, **options):
    return CharacterModel({n: w.numpy() for n, w in weights.items()}, config, **options)


def ids(seed=0, columns=1):
    return np.random.default_rng(seed).integers(0, ALPHABET_SIZE, (LENGTH, columns))


def expected(config, weights, characters):
    """The reference's logits `(L, B, V)` and hidden layers `(L, B, H)` from a zero state."""
    inputs = torch.from_numpy(characters)
    state = reference.initial_state(config, inputs.shape[1], weights["U"])
    window = reference.window(weights, config, inputs, inputs, state)
    return window.logits.numpy(), torch.stack(window.hidden).numpy()


def assert_equal(found, wanted):
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("settings", NETWORKS)
def test_logits_and_hidden_layers_equal_the_references_step_by_step(settings):
    config, weights = make(settings)
    logits, hidden = expected(config, weights, ids())
    model = model_of(config, weights)
    reader = model.reader()
    for t, character in enumerate(ids()[:, 0].tolist()):
        reader.read(character)
        assert reader.logits.shape == (ALPHABET_SIZE,)
        assert reader.hidden.shape == (N,)
        assert_equal(reader.logits, logits[t, 0])
        assert_equal(model.hidden_layer(character, reader.hidden), hidden[t, 0])


@pytest.mark.parametrize("settings", NETWORKS)
def test_texts_side_by_side_equal_the_reference_too(settings):
    config, weights = make(settings)
    characters = ids(columns=3)
    logits, hidden = expected(config, weights, characters)
    model = model_of(config, weights)
    reader = model.reader(3)
    for t, row in enumerate(characters):
        reader.read(row)
        assert_equal(reader.logits, logits[t])
        assert_equal(model.hidden_layer(row, reader.hidden), hidden[t])


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize(
    ("trained", "fed_back", "meant"),
    [("teacher", "distribution", "free"), ("free", "character", "teacher")],
)
def test_arch2_can_be_fed_what_it_was_not_trained_for(activation, trained, fed_back, meant):
    config, weights = make({"architecture": "arch2", "feedback": trained, "activation": activation})
    logits, _ = expected(config.changed(feedback=meant), weights, ids())
    model = model_of(config, weights, fed_back=fed_back)
    assert model.fed_back == fed_back
    reader = model.reader()
    for t, character in enumerate(ids()[:, 0].tolist()):
        reader.read(character)
        assert_equal(reader.logits, logits[t, 0])


def test_what_is_fed_back_follows_the_configuration():
    for feedback, fed_back in (("teacher", "character"), ("free", "distribution")):
        config, weights = make({"architecture": "arch2", "feedback": feedback})
        assert model_of(config, weights).fed_back == fed_back


@pytest.mark.parametrize("settings", NETWORKS)
def test_two_readers_of_a_model_do_not_meet(settings):
    model = model_of(*make(settings))
    alone, first, second = model.reader(), model.reader(), model.reader()
    for character in (3, 5, 20):
        alone.read(character)
        first.read(character)
        second.read(character + 1)
    for name in ("state", "logits", "hidden"):
        np.testing.assert_array_equal(getattr(first, name), getattr(alone, name))
    assert (first.logits != second.logits).any()


@pytest.mark.parametrize("settings", NETWORKS)
def test_a_reader_goes_on_from_a_state_that_is_put_in(settings):
    model = model_of(*make(settings))
    first, second = model.reader(), model.reader()
    first.read(3)
    second.state[:] = first.state
    first.read(5)
    second.read(5)
    np.testing.assert_array_equal(first.logits, second.logits)


@pytest.mark.parametrize("settings", NETWORKS)
def test_a_model_keeps_the_weights_precision_and_leaves_them_alone(settings):
    config, weights = make(settings)
    given = {name: value.numpy().astype(np.float32) for name, value in weights.items()}
    kept = {name: value.copy() for name, value in given.items()}
    model = CharacterModel(given, config)
    reader = model.reader()
    reader.read(4)
    kinds = {reader.state.dtype, reader.logits.dtype, reader.hidden.dtype}
    assert kinds == {np.dtype(np.float32)}
    for name, value in given.items():
        np.testing.assert_array_equal(value, kept[name])


@pytest.mark.parametrize("settings", NETWORKS)
def test_compiled_code_reads_and_writes_as_numpy_does(settings):
    config, weights = make(settings)
    compiled, plain = (model_of(config, weights, compiled=way) for way in (True, False))
    for text, rows in ((ids(), None), (ids(columns=3), 3)):
        text = text[:, 0] if rows is None else text
        assert_equal(compiled.reader(rows).read_all(text), plain.reader(rows).read_all(text))
    noise = np.random.default_rng(4).gumbel(size=(200, ALPHABET_SIZE))
    drawn = compiled.reader().write(26, noise.copy())
    assert drawn.tolist() == plain.reader().write(26, noise.copy()).tolist()
    assert len(set(drawn.tolist())) > 5


def test_compiled_code_is_loaded_for_long_texts_alone_unless_it_is_asked_for(monkeypatch):
    config, weights = make({})
    monkeypatch.setattr(cache, "ready", lambda: True)
    assert not model_of(config, weights).is_compiled(4_999)
    assert model_of(config, weights).is_compiled(5_000)
    assert model_of(config, weights, compiled=True).is_compiled(1)
    assert not model_of(config, weights, compiled=False).is_compiled(1_000_000)
    monkeypatch.setattr(cache, "ready", lambda: False)
    assert not model_of(config, weights).is_compiled(1_000_000)


def test_softmax_is_stable_and_sums_to_one():
    logits = np.array([[1e4, 1e4 - 1, -1e4], [0.0, np.log(2), np.log(5)]])
    expected = np.array([[np.e / (np.e + 1), 1 / (np.e + 1), 0], [1 / 8, 2 / 8, 5 / 8]])
    np.testing.assert_allclose(softmax(logits), expected, rtol=1e-12)
    np.testing.assert_allclose(softmax(logits[1]), expected[1], rtol=1e-12)
