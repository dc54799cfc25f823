"""A step is timed, and remembered for all that take as long."""

import pytest

from core.config import PRESETS, TrainingConfig
from core.engines import step_time
from core.engines.step_time import seconds_of_step

SMALL = TrainingConfig(nodes=8, batch_size=4, unrollings=3, activation="tanh", optimiser="sgd")


@pytest.fixture(autouse=True)
def _nothing_is_remembered():
    step_time._timed.cache_clear()


def test_a_step_is_timed_once_for_all_seeds_texts_and_rates():
    taken = seconds_of_step(SMALL)
    for changes in ({"seed": 7}, {"text": "latch:4"}, {"learning_rate": 0.1, "clip": 0}):
        assert seconds_of_step(SMALL.changed(**changes)) == taken
    assert step_time._timed.cache_info().misses == 1
    for changes in ({"nodes": 9}, {"activation": "relu"}, {"optimiser": "adam"}):
        seconds_of_step(SMALL.changed(**changes))
    assert step_time._timed.cache_info().misses == 4


@pytest.mark.parametrize("preset", PRESETS)
def test_a_step_of_every_preset_can_be_timed(preset):
    assert 0 < seconds_of_step(PRESETS[preset].config) < 10
