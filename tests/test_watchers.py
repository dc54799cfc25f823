"""How often a reader may look, by how many watch."""

import pytest

from core.watchers import FEW, INTERVAL, LONGEST, Watchers


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def watchers(clock):
    return Watchers(clock)


def refresh(watchers, pages, interval=INTERVAL):
    """Each of so many pages once; what the last one is told."""
    for page in range(pages):
        told = watchers.refreshed(f"page {page}", interval)
    return told


@pytest.mark.parametrize(
    ("pages", "seconds"), [(1, 0.5), (10, 0.5), (11, 1), (20, 1), (21, 2), (40, 2), (81, 8)]
)
def test_all_pages_together_ask_no_more_often_than_ten(watchers, pages, seconds):
    assert refresh(watchers, pages) == seconds
    assert pages / seconds <= FEW / INTERVAL


def test_no_page_waits_longer_than_the_longest_interval(watchers):
    assert refresh(watchers, 1_000) == LONGEST


def test_one_page_that_comes_and_goes_does_not_change_everyones_pace(watchers, clock):
    assert refresh(watchers, 11) == 1
    clock.now += 31  # the eleventh is closed
    assert refresh(watchers, 10, interval=1) == 1
    clock.now += 31
    assert refresh(watchers, 7, interval=1) == 0.5


def test_a_page_is_counted_once_and_until_it_was_not_seen_for_half_a_minute(watchers, clock):
    for _ in range(50):
        assert watchers.refreshed("one") == 0.5
    refresh(watchers, 10)
    assert watchers.refreshed("one") == 1
    clock.now += 29
    assert watchers.refreshed("one", 1) == 1
    clock.now += 2
    assert watchers.refreshed("one", 1) == 0.5
