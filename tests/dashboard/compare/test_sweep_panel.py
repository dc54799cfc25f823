"""How the panel of a sweep puts what it knows."""

import pytest

from dashboard.compare.sweep_panel import in_words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "10 s"),
        (47.0, "50 s"),
        (100.0, "2 min"),
        (14.4 * 60, "14 min"),
        (27 * 60, "25 min"),
        (100 * 60, "1 h 45 min"),
        (2 * 3_600 + 100, "2 h"),
    ],
)
def test_a_duration_is_no_finer_than_an_estimate(seconds, words):
    assert in_words(seconds) == words
