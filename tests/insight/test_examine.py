"""The step that failed, taken apart: the first tensor, the place it started, the true norm."""

import math

import numpy as np
import pytest

from core.config import TrainingConfig
from core.engines.build import build_passes
from core.insight.divergence import examine
from core.networks.initialisers import initial_parameters
from core.records import Divergence

T, B, N = 8, 3, 5


pytestmark = pytest.mark.filterwarnings("ignore:(overflow|invalid):RuntimeWarning")


@pytest.fixture(params=["compiled", "torch"])
def engine(request):
    return request.param


def made(engine, **factors):
    """Passes of a float32 ReLU network whose state grows a hundredfold a step."""
    config = TrainingConfig(nodes=N, batch_size=B, activation="relu", combine="add")
    weights = {name: np.abs(drawn) for name, drawn in initial_parameters(config, seed=0).items()}
    weights["W"] = 100 * np.eye(N, dtype=np.float32)
    passes = build_passes(config, engine, B, np.float32)
    passes.load({n: w * np.float32(factors.get(n, 1)) for n, w in weights.items()})
    return passes


def read(passes, state=0.0):
    """A window, from a state that is the same number everywhere."""
    ids = np.random.default_rng(0).integers(0, 27, (T + 1, B))
    passes.state[:] = state
    passes.loss_and_gradients(ids[:-1], ids[1:])


def examined(passes, state=0.0):
    read(passes, state)
    return examine(passes, step=7, unrollings=T)


def test_a_hidden_layer_that_overflows_names_the_place_where_it_started(engine):
    found = examined(made(engine), state=1e33)  # 1e35, 1e37, 1e39 is more than a float32 holds
    assert found == Divergence(7, "the hidden layer h", 3, T, found.grad_norm)
    assert math.isfinite(found.grad_norm)  # float64 holds what float32 does not


def test_logits_that_overflow_are_named_when_the_hidden_layer_is_well(engine):
    found = examined(made(engine, V=1e35), state=1.0)
    assert (found.tensor, found.place) == ("the logits o", 2)


def test_a_gradient_that_overflows_names_the_last_place_it_was_well_before(engine):
    passes = made(engine, W=1e4, U=1e-20, V=1e10)  # a million a step back
    passes.load({**passes.values, "b": np.full(N, -1e-30, np.float32)})
    found = examined(passes)
    assert found.tensor == "the gradient ∂L/∂h"
    # 1e10 at the last place, a million times more at each before: past 1e38 in five steps.
    assert found.place in (2, 3, 4)
    assert found.grad_norm > 1e30


def test_a_gradient_of_one_weight_is_named_without_a_place():
    passes = made("compiled", W=0)
    read(passes)
    passes.gradients["b"][0] = math.nan
    found = examine(passes, step=7, unrollings=T)
    assert (found.tensor, found.place) == ("the gradient of b", None)
    passes.gradients["b"][:] = 1e30
    assert examine(passes, step=7, unrollings=T).tensor == "the norm of the gradient"


@pytest.mark.parametrize(
    "settings", [{}, {"combine": "multiply"}, {"architecture": "arch2"}, {"feedback": "free"}]
)
def test_every_network_can_be_examined(settings, engine):
    settings = {"architecture": "arch2"} | settings if "feedback" in settings else settings
    config = TrainingConfig(nodes=N, batch_size=B, **settings)
    passes = build_passes(config, engine, B, np.float32)
    weights = initial_parameters(config, seed=0)
    weights["U"][:] = math.nan
    passes.load(weights)
    found = examined(passes)
    assert found.tensor.startswith("the hidden layer")
    assert found.place == 1
    assert found.grad_norm is None


def test_clipping_leaves_a_share():
    assert Divergence(7, "", None, 8, 1e9).share_left(1.25) == pytest.approx(1.25e-9)
    assert Divergence(7, "", None, 8, 0.5).share_left(1.25) == 1
    assert Divergence(7, "", None, 8, None).share_left(1.25) is None
