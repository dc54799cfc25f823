"""How long a run waits for its place."""

import pytest

from core.training.waiting import expected_wait


@pytest.mark.parametrize(
    ("places", "training", "before", "seconds"),
    [
        (1, [30.0], [], 30.0),
        (2, [30.0, 10.0], [], 10.0),
        (2, [30.0, 10.0], [5.0], 15.0),  # in front of it one takes the place that is free first
        (2, [30.0, 10.0], [50.0], 30.0),
        (2, [30.0], [], 0.0),  # a place is free
        (1, [30.0], [20.0, 5.0], 55.0),
    ],
)
def test_a_place_is_free_when_those_in_front_are_done(places, training, before, seconds):
    assert expected_wait(places, training, before) == seconds


@pytest.mark.parametrize(("training", "before"), [([None], []), ([30.0], [None])])
def test_nothing_is_said_where_one_of_them_cannot_be_told(training, before):
    assert expected_wait(1, training, before) is None
