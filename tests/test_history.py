"""The record of every step: what a chart draws from it equals the literal computation."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import history as history_module
from core.history import MEAN_STEPS, History
from core.records import StepRecord
from core.steps import KINDS, StepTable, cut


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


def assert_draws(envelope, losses, norms, clipped, buckets):
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
    for name, values in (("loss_mean", losses32.astype(float)), ("clipped_share", clipped)):
        expected = [mean_before(values, end, MEAN_STEPS) for end in ends]
        np.testing.assert_allclose(envelope[name], expected, rtol=1e-9, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    # 256 rows make a block and 4,096 are set aside at first, so these cross both borders.
    count=st.one_of(st.integers(0, 600), st.integers(4_000, 4_400), st.integers(8_000, 9_000)),
    spikes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.floats(0, 2.0**53, width=32))),
    buckets=st.one_of(st.integers(1, 12), st.integers(1, 600)),
)
def test_an_envelope_hides_no_spike_and_its_means_are_true(seed, count, spikes, buckets):
    generator = np.random.default_rng(seed)
    losses, norms = generator.uniform(1, 4, (2, count))
    clipped = generator.random(count) < 0.3
    if count:
        for place, value in spikes:
            losses[int(place * count)] = norms[-1 - int(place * count)] = value
    clipped &= norms > 0  # a step is clipped where that makes its norm smaller
    history = fill(History(), losses, norms, clipped)
    envelope = history.view().envelope(buckets)
    assert_draws(envelope, losses, norms, clipped, buckets)


@given(
    losses=st.lists(st.floats(0, 1e6, width=32), max_size=40),
    buckets=st.integers(1, 50),
)
def test_an_envelope_of_any_short_series_is_true(losses, buckets):
    losses = np.array(losses)
    history = fill(History(), losses)
    envelope = history.view().envelope(buckets)
    assert_draws(envelope, losses, losses, losses < 0, buckets)


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
    assert view.envelope()["loss_mean"][-1] == pytest.approx(2.25, rel=1e-12)


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
    history = History(planned_steps=800_001)
    _, taken = traced_bytes(lambda: fill(history, np.ones(1)))
    assert 20e6 < taken < 100e6


def test_before_its_first_step_a_history_takes_next_to_nothing():
    _, taken = traced_bytes(lambda: History(planned_steps=800_001))
    assert taken < 100_000  # an eighth of a byte a step


def test_what_was_set_aside_is_given_back_while_nothing_comes_and_set_aside_again():
    history, whole = History(planned_steps=100_000), History(planned_steps=100_000)
    losses = np.random.default_rng(0).random(3_000)
    fill(history, losses[:1_000])
    fill(whole, losses)
    before = history.view()
    _, taken = traced_bytes(history.shrink)
    assert taken < 1_000 * 50
    assert len(history.view()) == len(before) == 1_000
    fill(history, losses[1_000:])
    for name in ("step", "loss_nats", "seconds"):
        assert history.view().column(name).tolist() == whole.view().column(name).tolist()
    assert before.column("loss_nats").tolist() == pytest.approx(losses[:1_000].tolist())
    drawn = whole.view().envelope()
    for name, values in history.view().envelope().items():
        np.testing.assert_array_equal(values, drawn[name])


def test_a_planned_history_takes_no_more_memory_while_it_fills():
    history = History(planned_steps=30_000)  # many: threads of former tests take some, too
    ones = np.ones(29_999)
    fill(history, ones[:1])
    _, taken = traced_bytes(lambda: fill(history, ones))
    assert taken < 30_000  # 1 byte a step: nothing is kept but what was set aside


def test_an_unplanned_history_stays_below_the_same_rate_where_it_is_worst():
    # Just after growth, half of what is set aside is empty.
    ones = np.ones(2 * 4_096 + 1)
    history, taken = traced_bytes(lambda: fill(History(), ones))
    assert len(history) == len(ones)
    assert taken / len(ones) < 100e6 / 800_001


def test_a_plan_without_bound_does_not_take_the_machines_memory():
    _, taken = traced_bytes(lambda: History(planned_steps=10_000_000))
    assert taken < 150e6


def table(count, seed=0):
    """So many steps of a run whose norms are wild."""
    generator = np.random.default_rng(seed)
    norms = generator.lognormal(0, 2, count).astype(np.float32).astype(float)
    steps = np.arange(1, count + 1)
    return {
        "step": steps,
        "characters_seen": 7 * steps,
        "seconds": steps / 9,
        "loss_nats": generator.lognormal(1, 2, count).astype(np.float32).astype(float),
        "grad_norm": norms,
        "grad_norm_clipped": np.minimum(norms, 1.25),
        "learning_rate": 0.1 / steps,
    }


def assert_same(one, other):
    """Two views hold and draw the same, to the last bit."""
    assert (len(one), one.first_whole) == (len(other), other.first_whole)
    for name in KINDS:
        assert one.column(name).tobytes() == other.column(name).tobytes(), name
    for buckets in (1, 30, 500):
        for name, drawn in one.envelope(buckets).items():
            assert other.envelope(buckets)[name].tobytes() == drawn.tobytes(), name
    assert one.largest_norm() == other.largest_norm()


def test_adding_many_steps_at_once_is_the_same_as_one_by_one():
    columns = table(9_000)
    one_by_one, at_once = History(), History()
    for record in StepTable(columns).records():
        one_by_one.append(record)
    for rows in (slice(0, 0), slice(0, 300), slice(300, 8_999), slice(8_999, 9_000)):
        at_once.extend(cut(columns, rows))
    assert_same(at_once.view(), one_by_one.view())
    at_once.append(StepRecord(9_001, 0, 2.0, 1.0, 1.0, False, 0.1, 0.0))
    assert len(at_once) == 9_001


# -- runs of which not every step is kept ----------------------------------------------------


@pytest.fixture
def kept(monkeypatch):
    """Of how many steps the last are kept whole, at least."""
    monkeypatch.setattr(history_module, "KEPT_WHOLE", 2_048)
    return 2_048


@pytest.mark.parametrize("count", [4_097, 9_999, 10_240, 30_001])
@pytest.mark.parametrize("at_once", [1_000, 2_047, 40_000])
def test_a_long_run_is_drawn_as_if_every_step_were_kept(count, at_once, kept, monkeypatch):
    columns = table(count)
    long = History(planned_steps=count)
    for start in range(0, count, at_once):
        long.extend(cut(columns, slice(start, start + at_once)))
    monkeypatch.setattr(history_module, "KEPT_WHOLE", 2**19)
    whole = History()
    whole.extend(columns)

    view, expected = long.view(), whole.view()
    assert (len(view), expected.first_whole) == (count, 0)
    assert kept <= count - view.first_whole <= 2 * kept
    for name in KINDS:
        np.testing.assert_array_equal(view.column(name), expected.column(name)[view.first_whole :])
    for buckets in (1, 3, count // 256):  # places of 256 steps or more
        for name, drawn in expected.envelope(buckets).items():
            assert view.envelope(buckets)[name].tobytes() == drawn.tobytes(), name
    assert len(view.envelope(count)["step"]) == -(-count // 256)
    assert (
        view.largest_norm()
        == expected.largest_norm()
        == (
            columns["grad_norm"].max(),
            columns["grad_norm"].argmax() + 1,
        )
    )
    for last in (1, 100, 2_000):
        assert view.mean_loss(last) == expected.mean_loss(last)
        assert view.clipped_share(last) == expected.clipped_share(last)


@pytest.mark.usefixtures("kept")
def test_a_view_of_a_long_run_stays_as_it_is():
    columns, history = table(20_000), History()
    history.extend(cut(columns, slice(0, 5_000)))
    view, drawn = history.view(), history.view().envelope(7)
    history.extend(cut(columns, slice(5_000, None)))
    assert len(view) == 5_000
    assert view.column("step")[-1] == 5_000
    for name, values in view.envelope(7).items():
        assert values.tobytes() == drawn[name].tobytes()


@pytest.mark.usefixtures("kept")
def test_a_run_goes_on_from_a_long_past_as_if_it_had_never_ended():
    columns, ends, never = table(12_000), History(), History()
    ends.extend(cut(columns, slice(0, 7_000)))
    goes_on = History(planned_steps=12_000)
    goes_on.begin_with(ends.view())
    never.extend(cut(columns, slice(0, 7_000)))
    assert_same(goes_on.view(), never.view())
    for history in (goes_on, never):
        history.extend(cut(columns, slice(7_000, None)))
    for name, drawn in never.view().envelope().items():
        assert goes_on.view().envelope()[name].tobytes() == drawn.tobytes(), name


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize(
    ("rows", "left"), [(20_000, 9_000), (8_990, 8_990), (4_000, 3_840), (100, 0), (0, 0)]
)
def test_a_long_run_can_be_cut_where_its_steps_are_kept_or_between_spans(rows, left):
    history = History()
    history.extend(table(9_000))
    view = history.view().until(rows)
    assert len(view) == left
    assert view.envelope()["step"][-1:].tolist() == [left] * (left > 0)


def test_ten_million_steps_stay_below_150_mb():
    part = table(100_000)

    def fill_all():
        history = History(planned_steps=10_000_000)
        views = [history.view()]  # as readers hold the newest while the next one is made
        for _ in range(100):
            history.extend(part)
            views = [history.view()]
        return views

    tracemalloc.start()
    try:
        (view,) = fill_all()
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(view) == 10_000_000
    assert held < 60e6
    assert peak < 150e6


def test_a_trimmed_view_draws_the_same_and_holds_nothing_of_the_room_set_aside():
    view = fill(History(planned_steps=100_000), np.arange(1.0, 601.0)).view()
    trimmed = view.trimmed()
    assert len(trimmed) == 600
    for name, values in view.envelope(100).items():
        np.testing.assert_array_equal(trimmed.envelope(100)[name], values)
    assert trimmed.largest_norm() == view.largest_norm()
    held = [trimmed.column(name).base for name in ("step", "loss_nats")]
    assert [base.size for base in held] == [600, 600]
