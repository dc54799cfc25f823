"""The record of every step: what a chart draws from it equals the literal computation."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.history import History
from core.records import StepRecord


def record(step, loss=1.0, norm=2.0, clipped=False):
    return StepRecord(
        step=step,
        characters_seen=10 * step,
        loss_nats=loss,
        grad_norm=norm,
        grad_norm_clipped=norm / 2 if clipped else norm,
        clipped=clipped,
        learning_rate=0.1 / step,
        seconds=step / 8,
    )


def fill(history, losses, norms=None, clipped=None):
    """Append a row a loss, after whatever is there."""
    first = len(history) + 1
    norms = losses if norms is None else norms
    clipped = np.zeros(len(losses), bool) if clipped is None else clipped
    rows = zip(losses, norms, clipped, strict=True)
    for step, (loss, norm, was_clipped) in enumerate(rows, start=first):
        history.append(record(step, float(loss), float(norm), bool(was_clipped)))
    return history


def mean_before(values, end, last):
    """The mean of the `last` values up to and including `end`."""
    return np.mean(values[max(0, end + 1 - last) : end + 1])


def assert_draws(envelope, losses, norms, clipped, buckets, smoothing):
    """The envelope against its docstring, place by place."""
    count, places = len(losses), len(envelope["step"])
    assert places <= buckets
    if not count:
        assert places == 0
        return
    width = 1
    while -(-count // width) > buckets:
        width *= 2
    starts = range(0, count, width)
    ends = [min(start + width, count) - 1 for start in starts]
    losses32, norms32 = losses.astype(np.float32), norms.astype(np.float32)

    assert envelope["step"].tolist() == [end + 1 for end in ends]
    assert envelope["characters_seen"].tolist() == [10 * (end + 1) for end in ends]
    assert envelope["seconds"].tolist() == [(end + 1) / 8 for end in ends]
    assert envelope["learning_rate"].tolist() == [0.1 / (end + 1) for end in ends]
    assert envelope["grad_norm_clipped"].tolist() == [
        norms32[end] / 2 if clipped[end] else norms32[end] for end in ends
    ]
    for name, values in (("loss", losses32), ("grad_norm", norms32)):
        chunks = [values[start : end + 1] for start, end in zip(starts, ends, strict=True)]
        assert envelope[f"{name}_min"].tolist() == [chunk.min() for chunk in chunks]
        assert envelope[f"{name}_max"].tolist() == [chunk.max() for chunk in chunks]
        assert envelope[f"{name}_min"].min() == values.min()
        assert envelope[f"{name}_max"].max() == values.max()
    for name, values in (("loss_mean", losses), ("clipped_share", clipped)):
        expected = [mean_before(values, end, smoothing) for end in ends]
        np.testing.assert_allclose(envelope[name], expected, rtol=1e-9, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    # 256 rows make a block and 4,096 are set aside at first, so these cross both borders.
    count=st.one_of(st.integers(0, 600), st.integers(4_000, 4_400), st.integers(8_000, 9_000)),
    spikes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.floats(0, 2.0**53, width=32))),
    buckets=st.one_of(st.integers(1, 12), st.integers(1, 600)),
    smoothing=st.integers(1, 700),
)
def test_an_envelope_hides_no_spike_and_its_means_are_true(seed, count, spikes, buckets, smoothing):
    generator = np.random.default_rng(seed)
    losses, norms = generator.uniform(1, 4, (2, count))
    clipped = generator.random(count) < 0.3
    if count:
        for place, value in spikes:
            losses[int(place * count)] = norms[-1 - int(place * count)] = value
    clipped &= norms > 0  # a step is clipped where that makes its norm smaller
    history = fill(History(), losses, norms, clipped)
    envelope = history.view().envelope(buckets, smoothing)
    assert_draws(envelope, losses, norms, clipped, buckets, smoothing)


@given(
    losses=st.lists(st.floats(0, 1e6, width=32), max_size=40),
    buckets=st.integers(1, 50),
    smoothing=st.integers(1, 50),
)
def test_an_envelope_of_any_short_series_is_true(losses, buckets, smoothing):
    losses = np.array(losses)
    history = fill(History(), losses)
    envelope = history.view().envelope(buckets, smoothing)
    assert_draws(envelope, losses, losses, losses < 0, buckets, smoothing)


@pytest.mark.parametrize("count", [1, 255, 256, 257, 511, 512, 513, 4_095, 4_096, 4_097])
@pytest.mark.parametrize("buckets", [1, 4, 500])
def test_a_single_spike_is_seen_at_either_end_of_any_block(count, buckets):
    for place in {0, min(255, count - 1), min(256, count - 1), count - 1}:
        losses = np.full(count, 2.0)
        losses[place] = 1_000.0
        envelope = fill(History(), losses).view().envelope(buckets)
        assert (envelope["loss_max"] == 1_000).sum() == 1
        where = int(envelope["loss_max"].argmax())
        before = envelope["step"][where - 1] if where else 0
        assert before < place + 1 <= envelope["step"][where]


def test_the_columns_hold_what_was_appended():
    view = fill(History(), [3.0, 2.5], [7.0, 1.0], [True, False]).view()
    assert len(view) == 2
    expected = {
        "step": [1, 2],
        "characters_seen": [10, 20],
        "seconds": [0.125, 0.25],
        "loss_nats": [3.0, 2.5],
        "grad_norm": [7.0, 1.0],
        "grad_norm_clipped": [3.5, 1.0],
        "learning_rate": [0.1, 0.05],
    }
    for name, values in expected.items():
        assert view.column(name).tolist() == values


def test_an_envelope_needs_at_least_one_place():
    with pytest.raises(ValueError, match="buckets=0 is not allowed"):
        History().view().envelope(buckets=0)


def test_means_cover_the_last_steps_or_all_there_are():
    view = fill(History(), [4.0, 2.0, 6.0], clipped=[True, False, True]).view()
    assert [view.mean_loss(last) for last in (1, 2, 3, 100)] == [6, 4, 4, 4]
    assert [view.clipped_share(last) for last in (1, 2)] == [1, 0.5]
    assert view.clipped_share(100) == pytest.approx(2 / 3)


def test_the_drawn_mean_at_a_step_is_the_same_whatever_comes_later():
    losses = 2 + np.exp(-np.arange(66_000) / 300)

    def drawn(count, step):
        envelope = fill(History(), losses[:count]).view().envelope()
        (place,) = np.flatnonzero(envelope["step"] == step)
        return envelope["loss_mean"][place]

    assert drawn(3_000, 256) == drawn(66_000, 256) == pytest.approx(losses[156:256].mean())
    assert drawn(300, 50) == pytest.approx(losses[:50].mean())  # the mean of those there are


def test_means_forget_a_spike_however_high():
    losses = np.full(600, 2.25)
    losses[100] = 1e30
    view = fill(History(), losses).view()
    assert view.mean_loss(499) == pytest.approx(2.25, rel=1e-12)
    assert view.mean_loss(500) == pytest.approx(1e30 / 500)
    assert view.envelope(smoothing=100)["loss_mean"][-1] == pytest.approx(2.25, rel=1e-12)


def test_an_empty_history_has_no_means_and_draws_nothing():
    view = History().view()
    assert len(view) == 0
    assert np.isnan(view.mean_loss(10))
    assert np.isnan(view.clipped_share(10))
    envelope = view.envelope()
    assert {len(values) for values in envelope.values()} == {0}
    assert set(envelope) == set(fill(History(), [1.0]).view().envelope())


def test_a_view_stays_as_it_is_while_the_history_grows():
    losses = np.random.default_rng(0).uniform(1, 4, 12_000)
    history = fill(History(), losses[:300])
    views = [history.view()]
    for stop in (301, 512, 4_096, 4_097, 12_000):  # within a block, at its end, and past growth
        fill(history, losses[len(history) : stop])
        views.append(history.view())
    for view, count in zip(views, (300, 301, 512, 4_096, 4_097, 12_000), strict=True):
        assert len(view) == count
        np.testing.assert_array_equal(view.column("loss_nats"), losses[:count].astype(np.float32))
        fresh = fill(History(), losses[:count]).view()
        for buckets in (1, 20, 500):
            drawn, expected = view.envelope(buckets), fresh.envelope(buckets)
            for name in expected:
                np.testing.assert_array_equal(drawn[name], expected[name])


def traced_bytes(action):
    """What `action` returns, and how much memory it has taken and kept."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        result = action()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return result, after - before


def test_the_articles_800_001_steps_take_less_than_100_mb():
    _, taken = traced_bytes(lambda: History(planned_steps=800_001))
    assert 0 < taken < 100e6


def test_a_planned_history_takes_no_more_memory_while_it_fills():
    history = History(planned_steps=10_000)
    ones = np.ones(10_000)
    _, taken = traced_bytes(lambda: fill(history, ones))
    assert taken < 10_000  # 1 byte a step: nothing is kept but what was set aside


def test_an_unplanned_history_stays_below_the_same_rate_where_it_is_worst():
    # Just after growth, half of what is set aside is empty.
    ones = np.ones(2 * 4_096 + 1)
    history, taken = traced_bytes(lambda: fill(History(), ones))
    assert len(history) == len(ones)
    assert taken / len(ones) < 100e6 / 800_001


def test_a_plan_without_bound_does_not_take_the_machines_memory():
    _, taken = traced_bytes(lambda: History(planned_steps=10_000_000))
    assert taken < 150e6


def test_adding_many_steps_at_once_is_the_same_as_one_by_one():
    generator = np.random.default_rng(0)
    losses = generator.lognormal(1, 2, 9_000).astype(np.float32).astype(float)
    losses[500] = np.float32(1e16)  # a spike that a plain sum would never forget
    norms = generator.lognormal(0, 2, 9_000).astype(np.float32).astype(float)
    one_by_one, at_once = History(), History()
    for row, (loss, norm) in enumerate(zip(losses, norms, strict=True)):
        after = min(norm, 1.25)
        record = StepRecord(row + 1, 7 * row, loss, norm, after, after < norm, 0.1, row / 9)
        one_by_one.append(record)
    view = one_by_one.view()
    for rows in (slice(0, 0), slice(0, 300), slice(300, 8_999), slice(8_999, 9_000)):
        at_once.extend({name: column[rows] for name, column in view.columns.items()})
    again = at_once.view()
    for name in (*view.columns, "loss_sum", "loss_lost", "clipped_sum"):
        assert again.column(name).tobytes() == view.column(name).tobytes(), name
    for name, drawn in view.envelope(30).items():
        assert again.envelope(30)[name].tobytes() == drawn.tobytes(), name
    at_once.append(StepRecord(9_001, 0, 2.0, 1.0, 1.0, False, 0.1, 0.0))
    assert len(at_once) == 9_001
