"""What each held-out character costs: the same text as validation, character by character."""

import numpy as np
import pytest

from core.config import TrainingConfig
from core.insight.evaluation import mean_loss
from core.insight.held_out import character_losses
from core.insight.surprise import surprise
from core.networks.build import build_network
from core.networks.initialisers import initial_parameters
from core.networks.parameters import Parameters

IDS = np.random.default_rng(0).integers(0, 27, 1_234).astype(np.uint8)


@pytest.mark.parametrize("settings", [{}, {"activation": "relu"}, {"architecture": "arch2"}])
def test_the_mean_is_the_validation_loss(settings):
    config = TrainingConfig(nodes=8, **settings)
    parameters = Parameters(config)
    parameters.load(initial_parameters(config, seed=0))
    weights = {name: value.numpy() for name, value in parameters.copies().items()}
    losses = character_losses(weights, config, IDS)
    assert losses.shape == (12, 1_233 // 12)
    assert losses.mean() == pytest.approx(mean_loss(build_network(config, parameters), IDS), 1e-5)
    # The first stream, read alone.
    alone = surprise(weights, config, IDS[: losses.shape[1] + 1]).bits * np.log(2)
    np.testing.assert_allclose(losses[0], alone, atol=1e-4)
