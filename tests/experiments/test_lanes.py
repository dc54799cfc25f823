"""Lanes of a race: what is the same in all, and what differs."""

import pytest

from core.errors import ConfigError, RunError
from core.experiments.lanes import differences, lanes_of


def test_lanes_are_copies_of_the_first_with_named_differences(small):
    first = small(activation="tanh")
    lanes = lanes_of(first, [{"activation": "relu"}, {"unrollings": 9, "clip": 0.0}])
    assert lanes == (first, first.changed(activation="relu"), first.changed(unrollings=9, clip=0))
    assert differences(lanes) == {
        "activation": ("tanh", "relu", "tanh"),
        "unrollings": (6, 6, 9),
        "clip": (1.25, 1.25, 0.0),
    }


def test_a_lane_must_differ_from_all_others(small):
    with pytest.raises(RunError, match="Lane 3 is the same as another"):
        lanes_of(small(), [{"activation": "relu"}, {"activation": "relu"}])


def test_what_must_be_the_same_cannot_differ(small):
    with pytest.raises(RunError, match="text must be the same in all lanes"):
        lanes_of(small(), [{"text": "latch:8"}])
    with pytest.raises(ConfigError, match="unrollings=0 is not allowed"):
        lanes_of(small(), [{"unrollings": 0}])
