"""The comparison of gradients: it agrees where it should, and sees a wrong one."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from core.config import TrainingConfig
from core.engines.build import build_passes
from core.errors import WeightsError
from core.insight import gradient_check
from core.insight.gradient_check import check_gradient
from core.networks.initialisers import initial_parameters

IDS = np.random.default_rng(0).integers(0, 27, 300).astype(np.uint8)
NETWORKS = {
    "concat": {},
    "add": {"combine": "add", "activation": "relu"},
    "multiply": {"combine": "multiply"},
    "teacher": {"architecture": "arch2"},
    "free": {"architecture": "arch2", "feedback": "free"},
}


def made(**settings):
    config = TrainingConfig(nodes=8, batch_size=4, **settings)
    weights = {name: 3 * w for name, w in initial_parameters(config, seed=1).items()}
    weights["b"] = np.linspace(-1, 1, len(weights["b"]), dtype=np.float32)
    return weights, config


@pytest.mark.parametrize("engine", ["compiled", "torch"])
@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_agrees_to_the_last_digits(name, engine):
    compared = check_gradient(*made(**NETWORKS[name]), IDS, 9, engine)
    assert [c.name for c in compared] == ["U", "W", "b", "V", "c", "h"]
    for c in compared:
        assert c.in_float64 < 1e-12
        assert c.in_float32 < 1e-4
        assert c.largest_entry > 0
    assert max(c.in_float32 for c in compared) > 1e-9  # float32 was really used


@pytest.mark.parametrize("engine", ["compiled", "torch"])
def test_a_wrong_gradient_is_seen(engine, monkeypatch):
    weights, config = made()

    def wrong(*arguments):
        passes = build_passes(*arguments)
        read = passes.loss_and_gradients

        def spoilt(inputs, targets):
            loss = read(inputs, targets)
            gradients = {name: gradient.copy() for name, gradient in passes.gradients.items()}
            gradients["W"][3, 2] *= 1.01
            spoilt_passes.gradients = gradients
            return loss

        spoilt_passes = SimpleNamespace(
            load=passes.load,
            loss_and_gradients=spoilt,
            move_on=passes.move_on,
            hidden_gradients=passes.hidden_gradients,
        )
        return spoilt_passes

    monkeypatch.setattr(gradient_check, "build_passes", wrong)
    compared = {c.name: c.in_float64 for c in check_gradient(weights, config, IDS, 9, engine)}
    assert compared["W"] > 1e-6
    assert compared["V"] < 1e-12


def test_a_gradient_of_nothing_differs_by_nothing():
    weights, config = made(activation="relu", combine="multiply")
    weights["b"] *= 0
    compared = {c.name: c for c in check_gradient(weights, config, IDS, 5)}
    assert (compared["W"].largest_entry, compared["W"].in_float64) == (0, 0)


def grown(factor):
    """A network whose recurrent weights were multiplied."""
    weights, config = made(activation="relu", combine="add")
    return {**weights, "W": (factor * weights["W"]).astype(np.float32)}, config


def test_what_float32_does_not_hold_is_inf_and_what_float64_holds_is_compared():
    compared = {c.name: c for c in check_gradient(*grown(10), IDS, 40)}
    assert compared["W"].in_float32 == math.inf
    assert compared["W"].in_float64 < 1e-12


def test_what_not_even_float64_holds_is_refused_in_a_sentence():
    with pytest.raises(WeightsError, match=r"9 unrollings.* do not fit into float64"):
        check_gradient(*grown(1e30), IDS, 9)
