"""How often a reader may look, by how many watch."""

import pytest

from dashboard.pace import FEW, INTERVAL, LONGEST, Watchers


@pytest.fixture
def watchers(clock):
    return Watchers(clock, apart=0)


def refresh(watchers, pages, interval=INTERVAL):
    """Each of so many pages once; what the last one is told."""
    for page in range(pages):
        told = watchers.refreshed(f"page {page}", interval)
    return told


@pytest.mark.parametrize(
    ("pages", "seconds"), [(1, 0.5), (30, 0.5), (31, 1), (60, 1), (61, 2), (120, 2), (241, 8)]
)
def test_all_pages_together_ask_no_more_often_than_a_few(watchers, pages, seconds):
    assert refresh(watchers, pages) == seconds
    assert pages / seconds <= FEW / INTERVAL


def test_pages_wait_longer_where_refreshes_take_long_until_they_no_longer_do(watchers):
    def told(took, interval, pages=10, rounds=40):
        for _ in range(rounds):
            for page in range(pages):
                found = watchers.refreshed(f"page {page}", interval, took)
        return found

    assert told(0.04, 0.5) == 0.5  # not one is on its way on the average
    assert told(0.15, 0.5) == 2.0
    assert told(0.15, 2.0) == 2.0
    assert told(0.09, 2.0) == 2.0  # faster, but not by so much that it would stay so
    assert told(0.01, 2.0) == 0.5


def test_no_page_waits_longer_than_the_longest_interval(watchers):
    assert refresh(watchers, 1_000) == LONGEST


def test_one_page_that_comes_and_goes_does_not_change_everyones_pace(watchers, clock):
    assert refresh(watchers, 31) == 1
    clock.now += 9  # one is closed
    assert refresh(watchers, 30, interval=1) == 1
    clock.now += 9
    assert refresh(watchers, 20, interval=1) == 0.5


def test_pages_change_their_pace_one_after_the_other(clock):
    watchers = Watchers(clock, apart=0.3)
    refresh(watchers, 31)  # the last of them changes at once
    told = []
    for _ in range(3):
        told.append([watchers.refreshed(f"page {page}") for page in range(3)])
        clock.now += 0.2
    assert told == [[0.5, 0.5, 0.5], [0.5, 0.5, 0.5], [1, 0.5, 0.5]]


def test_a_page_is_counted_once(watchers):
    for _ in range(50):
        assert watchers.refreshed("one") == 0.5


@pytest.mark.parametrize("interval", [0.5, 2.0])
def test_a_page_counts_until_it_has_missed_three_refreshes_and_five_seconds(
    watchers, clock, interval
):
    refresh(watchers, 30, interval)
    clock.now += 2.9 * interval + 5
    assert watchers.refreshed("another") == 1
    clock.now += 0.2 * interval
    assert watchers.refreshed("another", 1.0) == 0.5
