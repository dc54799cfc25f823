"""`python -m core probe`: its figures against autograd in float64, and how it refuses."""

import json

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from core.cli.main import main
from core.config import TrainingConfig
from core.data.alphabet import decode
from core.data.corpora import load_corpus
from core.networks import reference
from core.networks.initialisers import initial_parameters
from core.storage.weights import save_weights

KEYS = [
    "lags",
    "flow",
    "decay_per_step",
    "half_life",
    "horizon",
    "spectral_radius",
    "mean_slope",
    "saturated_share",
    "dead_share",
]
CONFIGS = {
    "tanh": TrainingConfig(nodes=12),
    "relu": TrainingConfig(nodes=12, activation="relu"),
    "add": TrainingConfig(nodes=12, combine="add"),
    "multiply": TrainingConfig(nodes=12, combine="multiply"),
    "teacher": TrainingConfig(nodes=12, architecture="arch2"),
    "free": TrainingConfig(nodes=12, architecture="arch2", feedback="free"),
}


def weights_of(config):
    generator = torch.Generator().manual_seed(4)
    weights = {name: 3 * value for name, value in initial_parameters(config, generator).items()}
    weights["b"] = torch.randn(weights["b"].shape, generator=generator)
    return weights


@pytest.fixture
def core(tmp_path, make_corpus, capsys):
    """Run the command on the weights of one of the configurations and a text of 3,000."""
    text = tmp_path / "words.txt"
    text.write_text(decode(make_corpus().ids))

    def run(name, *arguments, text=text):
        file = tmp_path / f"{name}.safetensors"
        if name in CONFIGS:
            save_weights(file, weights_of(CONFIGS[name]), CONFIGS[name])
        try:
            status = main(["probe", "--weights", str(file), "--text", str(text), *arguments])
        except SystemExit as end:
            status = end.code
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    run.text = text
    return run


@pytest.mark.parametrize("name", CONFIGS)
def test_the_figures_equal_an_autograd_of_their_own(core, name):
    status, out, err = core(name, "--lags", "20", "--json")
    assert (status, err) == (0, "")
    found = json.loads(out)
    assert list(found) == KEYS
    assert found["lags"] == list(range(21))

    config, weights = CONFIGS[name], weights_of(CONFIGS[name])
    ids = load_corpus(str(core.text)).validation.astype(np.int64)
    places = np.arange(16) * (len(ids) // 16) + np.arange(1, 23)[:, None]
    read = torch.from_numpy(ids[places % len(ids)])  # (22, 16)
    leaves = {n: w.double().requires_grad_() for n, w in weights.items()}
    state = reference.initial_state(config, 16, leaves["U"])
    window = reference.window(leaves, config, read[:21], read[1:], state)
    loss = cross_entropy(window.logits[-1], read[21], reduction="sum")
    gradients = torch.autograd.grad(loss, window.hidden, allow_unused=True)
    norms = [0.0 if g is None else float(g.norm(dim=1).mean()) for g in reversed(gradients)]
    np.testing.assert_allclose(found["flow"], np.array(norms) / norms[0], atol=1e-9)

    units = torch.stack(window.hidden)[..., -12:].detach()
    slope = 1 - units**2 if config.activation == "tanh" else (units > 0).double()
    assert found["mean_slope"] == pytest.approx(float(slope.mean()), abs=1e-9)
    if config.architecture == "arch1":
        block = weights["W"][-12:].double().numpy()
        radius = abs(np.linalg.eigvals(block)).max()
        assert found["spectral_radius"] == pytest.approx(radius, abs=1e-6)


def test_without_json_it_says_it_in_lines(core):
    status, out, _ = core("tanh")
    assert status == 0
    assert "at least 1 %" in out
    assert "at 100" in out


def test_a_flow_that_does_not_fall_has_no_half_life_in_json(core, tmp_path):
    config = TrainingConfig(nodes=4, combine="add", activation="relu", init="identity")
    weights = initial_parameters(config, torch.Generator().manual_seed(0))
    save_weights(tmp_path / "identity.safetensors", {**weights, "b": torch.ones(4)}, config)
    found = json.loads(core("identity", "--json")[1])
    assert found["half_life"] is None
    assert found["horizon"] == 100
    assert found["decay_per_step"] == pytest.approx(1)


@pytest.mark.parametrize("lags", ["0", "101"])
def test_lags_that_are_not_allowed_are_refused(core, lags):
    status, out, err = core("tanh", "--lags", lags)
    assert (status, out) == (2, "")
    assert err == f"lags={lags} is not allowed: choose a whole number from 1 to 100.\n"


def test_a_text_that_is_too_short_is_refused(core, tmp_path):
    short = tmp_path / "short.txt"
    short.write_text("too short")
    status, _, err = core("tanh", text=short)
    assert status == 2
    assert "short.txt has 9 characters after normalising and 40 are needed" in err
