"""Sweeps in the background: started, watched, stopped, found again by the next process."""

from dataclasses import replace

import pytest

from core.errors import StoreError, SweepError, TextError
from core.experiments.background import BackgroundSweeps, SweepSnapshot
from core.experiments.cells import BASE, CellResult, Mark
from core.experiments.cluster import Cluster
from core.experiments.plan import SweepPlan
from core.experiments.sweep_store import SweepStore

TINY = BASE.changed(nodes=8, batch_size=4)
PLAN = SweepPlan(lags=(1, 2), seeds=2, budget="updates", amount=40, base=TINY, horizons=False)
LONG = PLAN.model_copy(update={"amount": 2_000_000})


@pytest.fixture
def store(tmp_path):
    return SweepStore(tmp_path / "sweeps.sqlite")


@pytest.fixture
def sweeps(cluster, store):
    made = BackgroundSweeps(cluster, store)
    yield made
    made.stop()
    made.wait(20)


def test_before_the_first_sweep_there_is_nothing(sweeps):
    assert sweeps.snapshot is None


def test_a_sweep_runs_to_its_last_cell(sweeps, store):
    sweeps.start(PLAN)
    ended = sweeps.wait(60)
    assert (ended.active, ended.failed, ended.message) == (False, False, "")
    assert (ended.done, ended.reused, ended.share) == (8, 0, 1.0)
    assert store.get(cell.key for cell in ended.cells) == ended.results


def test_a_stopped_sweep_goes_on_where_it_was(sweeps):
    small = PLAN.model_copy(update={"lags": (1,)})
    sweeps.start(small)
    known = sweeps.wait(60).results
    both = LONG.model_copy(update={"lags": (1,)})
    sweeps.start(both)
    sweeps.wait_until(lambda s: s.workers is not None)
    sweeps.stop()
    stopped = sweeps.wait(30)
    assert stopped.message.startswith("Stopped; finished cells are kept")
    assert (stopped.active, stopped.failed, stopped.done) == (False, False, 0)
    sweeps.start(PLAN)
    ended = sweeps.wait(60)
    assert (ended.done, ended.reused) == (8, 4)
    assert {key: ended.results[key] for key in known} == known


def test_cells_for_horizons_are_trained_after_the_grid_s_and_found_again(sweeps, store):
    plan = PLAN.model_copy(update={"lags": (1,), "seeds": 1, "horizons": True})
    sweeps.start(plan)
    ended = sweeps.wait(60)
    texts = [cell.config.text for cell in ended.cells]
    assert texts == ["latch:1:0"] * 2 + ["builtin"] * 2
    assert all(ended.results[cell.key].horizon_at_end is not None for cell in ended.cells[2:])
    found = BackgroundSweeps(Cluster("tcp://127.0.0.1:9"), SweepStore(store.path)).snapshot
    assert (found.cells, found.results) == (ended.cells, ended.results)


def test_another_process_finds_the_last_sweep_and_what_it_measured(sweeps, store):
    sweeps.start(PLAN)
    results = sweeps.wait(60).results
    found = BackgroundSweeps(Cluster("tcp://127.0.0.1:9"), SweepStore(store.path)).snapshot
    assert (found.plan, found.results, found.active) == (PLAN, results, False)


def test_one_sweep_at_a_time(sweeps):
    sweeps.start(LONG)
    with pytest.raises(SweepError, match="A sweep runs already"):
        sweeps.start(PLAN)


def test_a_scheduler_that_is_not_there_ends_the_sweep_with_a_sentence(store, monkeypatch):
    monkeypatch.setattr("core.experiments.cluster._CONNECT", 0.5)
    sweeps = BackgroundSweeps(Cluster("tcp://127.0.0.1:9"), store)
    sweeps.start(PLAN)
    ended = sweeps.wait(20)
    assert (ended.active, ended.failed) == (False, True)
    assert "No scheduler answers at tcp://127.0.0.1:9" in ended.message


def test_a_snapshot_tells_that_runs_are_not_recorded(cluster, store):
    class Full:
        def mark(self, *_):
            raise StoreError("The disk is full.")

        finish = abandon = mark

    sweeps = BackgroundSweeps(cluster, store, Full())
    sweeps.start(PLAN)
    ended = sweeps.wait(60)
    assert (ended.done, ended.failed) == (8, False)
    assert ended.unrecorded.startswith("The disk is full. The sweep goes on")


def test_a_text_that_is_not_there_starts_nothing(sweeps):
    with pytest.raises(TextError, match="There is no text 'nowhere'"):
        sweeps.start(PLAN.model_copy(update={"text": "nowhere"}))
    assert sweeps.snapshot is None


def test_the_share_counts_steps_of_cells_on_their_way():
    cells = tuple(PLAN.cells())
    done = CellResult(cells[0].key, "done", 40, 100, 1.0)
    on_the_way = {cells[1].key: Mark(20, 50, 1.0, 1.0)}
    now = SweepSnapshot(
        PLAN, cells, active=True, results={done.key: done}, marks=on_the_way, seconds=6.0
    )
    assert now.share == pytest.approx(1.5 / 8)


def test_what_is_left_counts_down_to_the_expected_end():
    now = SweepSnapshot(PLAN, tuple(PLAN.cells()), active=True, seconds=6.0)
    assert now.seconds_left is None
    assert replace(now, end=40.0).seconds_left == 34.0
    assert replace(now, end=4.0).seconds_left == 0.0
    assert replace(now, end=40.0).ended(9.0, "", failed=False).seconds_left is None
