"""The recorded sweep: a file of lines, and never a measurement of one's own."""

import pytest

from core.experiments.cells import CellResult, Mark
from core.experiments.plan import SweepPlan
from core.experiments.recorded_sweep import RecordedSweep, read_recorded_sweep, to_lines
from core.experiments.sweep_store import SweepStore

PLAN = SweepPlan(lags=(4, 8), activations=("relu",), seeds=1, horizons=False)


@pytest.fixture
def sweep():
    marks = (Mark(10, 100, 1.5, 3.0, 0.25),)
    results = [CellResult(cell.key, "done", 10, 100, 1.5, marks=marks) for cell in PLAN.cells()]
    return RecordedSweep(PLAN, "", "today", tuple(results))


@pytest.fixture
def path(tmp_path, sweep, monkeypatch):
    """Its file, recordings switched on."""
    monkeypatch.delenv("UNROLL_RECORDED")
    path = tmp_path / "sweep.jsonl"
    path.write_bytes(b"".join(to_lines(sweep)))
    return path


def test_it_comes_back_as_it_was_written(sweep, path):
    assert read_recorded_sweep(path) == sweep


def test_it_is_seen_like_a_sweep_that_ran_here(sweep, path):
    shot = read_recorded_sweep(path).snapshot
    assert (shot.plan, shot.active, shot.done, shot.reused) == (PLAN, False, 2, 0)
    assert [shot.results[cell.key] for cell in shot.cells] == list(sweep.results)


def test_no_store_of_sweeps_knows_its_cells(path):
    read_recorded_sweep(path)
    store = SweepStore()
    assert store.latest_plan() is None
    assert store.get(cell.key for cell in PLAN.cells()) == {}


def test_there_is_none_without_its_file_or_where_recordings_are_switched_off(path, monkeypatch):
    assert read_recorded_sweep(path.with_name("none")) is None
    monkeypatch.setenv("UNROLL_RECORDED", "0")
    assert read_recorded_sweep(path) is None
