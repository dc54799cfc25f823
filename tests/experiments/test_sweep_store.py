"""What is kept of sweeps, and what a damaged or foreign file does."""

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from core.errors import StoreError
from core.experiments.cells import CellResult, Mark
from core.experiments.plan import SweepPlan
from core.experiments.sweep_store import SweepStore


@pytest.fixture
def store(tmp_path):
    return SweepStore(tmp_path / "sweeps.sqlite")


def result(key, recall=0.5):
    marks = (Mark(10, 100, 1.5, 3.0, 0.25),)
    return CellResult(key, "done", 10, 100, 1.5, 1.25, 1.0, recall, recall, 3.0, marks)


def test_a_result_is_found_by_its_key_in_another_connection(store):
    store.put(result("a"))
    assert SweepStore(store.path).get(["a", "b"]) == {"a": result("a")}


def test_a_result_comes_back_with_all_that_it_says(store):
    marks = (Mark(10, 2_000, 1.5, 3.25, 0.125), Mark(20, 4_000, 1.25, 7.0, None))
    full = CellResult("k", "diverged", 20, 4_000, 1.5, None, 1.2, 0.5, 0.25, 7.0, marks, "w", "why")
    store.put(full)
    assert store.get(["k"]) == {"k": full}


def test_a_second_result_of_a_cell_replaces_the_first(store):
    store.put(result("a", 0.1))
    store.put(result("a", 0.9))
    assert store.get(["a"])["a"].recall == 0.9


def test_many_cells_are_found_at_once(store):
    for number in range(3):
        store.put(result(f"k{number}"))
    assert len(store.get(f"k{number}" for number in range(2_000))) == 3


def test_the_latest_plan_is_the_one_started_last(store):
    assert store.latest_plan() is None
    first, second = SweepPlan(lags=(3,)), SweepPlan(lags=(4,))
    store.put_plan(first, "abc")
    store.put_plan(second)
    assert store.latest_plan() == (second, "")
    store.put_plan(first, "abc")
    assert store.latest_plan() == (first, "abc")


def test_a_damaged_result_is_as_good_as_none(store):
    store.put(result("a"))
    with sqlite3.connect(store.path) as connection:
        connection.execute("UPDATE cells SET result = '{\"key\": 1'")
    connection.close()
    assert store.get(["a"]) == {}


def test_a_plan_of_another_version_is_passed_over(store):
    store.put_plan(SweepPlan(lags=(3,)))
    store.put_plan(SweepPlan(lags=(4,)))
    with sqlite3.connect(store.path) as connection:
        connection.execute(
            "UPDATE plans SET plan = '{\"warp\": 9}' WHERE number = (SELECT max(number) FROM plans)"
        )
    connection.close()
    assert store.latest_plan() == (SweepPlan(lags=(3,)), "")


def test_a_file_of_a_newer_version_is_refused_and_left_alone(store):
    with sqlite3.connect(store.path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreError, match="was written by a newer Unroll"):
        SweepStore(store.path)


def test_a_file_that_is_no_database_is_refused_in_a_sentence(tmp_path):
    path = tmp_path / "sweeps.sqlite"
    path.write_bytes(b"not a database, but long enough to be looked at" * 30)
    with pytest.raises(StoreError, match="cannot be used"):
        SweepStore(path)
    assert path.read_bytes().startswith(b"not a database")


def test_results_of_an_older_measure_stay_and_are_not_taken_for_new_ones(tmp_path):
    before = Path(__file__).parents[1] / "storage" / "made_before"
    told = json.loads((before / "expected.json").read_text())["cells"]
    store = SweepStore(Path(shutil.copy(before / "home" / "sweeps.sqlite", tmp_path)))
    found = store.get(told)
    assert {key: (result.recall, result.loss_nats) for key, result in found.items()} == {
        key: (cell["recall"], cell["loss_nats"]) for key, cell in told.items()
    }
    assert {result.updates for result in found.values()} == {60}
    plan, sha256 = store.latest_plan()
    cells = plan.cells(sha256)
    assert [cell.name for cell in cells] == [cell["name"] for cell in told.values()]
    assert store.get(cell.key for cell in cells) == {}
