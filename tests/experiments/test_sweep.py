"""Sweeps on real Dask clusters: this machine's, and a scheduler with workers started by hand."""

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import StoreError, SweepError
from core.experiments.cells import BASE, CellResult
from core.experiments.cluster import Cluster
from core.experiments.plan import SweepPlan
from core.experiments.sweep import OnTheWay, Sweep, Unrecorded, Workers
from core.experiments.sweep_store import SweepStore
from core.experiments.train_cell import train_cell

ROOT = Path(__file__).parents[2]
TINY = BASE.changed(nodes=8, batch_size=4)
PLAN = SweepPlan(lags=(1, 2), seeds=2, budget="updates", amount=40, base=TINY)
ENDLESS = PLAN.model_copy(update={"amount": 10_000_000, "lags": (1,), "seeds": 1})


@pytest.fixture
def store(tmp_path):
    return SweepStore(tmp_path / "sweeps.sqlite")


def results_in(items):
    return {item.key: item for item in items if isinstance(item, CellResult)}


def measured(result):
    """A result without what differs from time to time."""
    return replace(result, seconds=0.0, worker="")


def test_a_sweep_measures_every_cell_as_one_would_alone(cluster, store):
    cells = PLAN.cells()
    results = results_in(Sweep(cells, cluster, store).run())
    assert results.keys() == {cell.key for cell in cells}
    assert {result.worker for result in results.values()} <= {"0", "1"}
    for cell in cells[:2]:
        assert measured(results[cell.key]) == measured(train_cell(cell).result)
    assert store.get(results) == results


def test_workers_and_marks_are_told_while_it_runs(cluster, store):
    items = list(Sweep(PLAN.cells(), cluster, store).run())
    assert items[0] == Workers(2)
    marks = [item.mark.step for item in items if isinstance(item, OnTheWay)]
    assert len(marks) > 10
    assert set(marks) <= set(range(1, 41))


def test_cells_measured_before_are_not_trained_again(cluster, store):
    small = PLAN.model_copy(update={"lags": (1,)})
    known = results_in(Sweep(small.cells(), cluster, store).run())
    sweep = Sweep(PLAN.cells(), cluster, store, kept=known)
    items = list(sweep.run())
    others = {cell.key for cell in PLAN.cells()} - known.keys()
    assert {cell.key for cell in sweep.missing} == others
    assert results_in(items).keys() == others
    assert {item.key for item in items if isinstance(item, OnTheWay)} <= others


def test_cells_are_measured_again_when_nothing_kept_counts(cluster, store):
    small = PLAN.model_copy(update={"lags": (1,), "seeds": 1})
    for cell in small.cells():
        store.put(CellResult(cell.key, "done", 1, 1, 1.0, recall=0.5, worker="before"))
    again = results_in(Sweep(small.cells(), cluster, store).run())
    assert {result.updates for result in again.values()} == {40}
    assert store.get(again) == again


def test_a_grid_measured_before_asks_for_no_cluster(store):
    kept = {cell.key for cell in PLAN.cells()}
    nowhere = Cluster("tcp://127.0.0.1:9")
    assert list(Sweep(PLAN.cells(), nowhere, store, kept).run()) == []


class Observer:
    """Notes what a sweep tells, in order; may be broken."""

    def __init__(self, broken=()):
        self.told, self.broken = [], broken

    def mark(self, cell, mark):
        self._note("mark", cell, mark.step)

    def finish(self, cell, run):
        self._note("finish", cell, run)

    def abandon(self, cell, failure=""):
        self._note("abandon", cell, failure)

    def _note(self, verb, cell, what):
        if verb in self.broken:
            raise StoreError("The disk is full.")
        self.told.append((verb, cell.key, what))

    def of(self, verb):
        return {key: what for told, key, what in self.told if told == verb}


def test_an_observer_hears_of_every_cell_and_gets_its_run(cluster, store):
    observer = Observer()
    results = results_in(Sweep(PLAN.cells(), cluster, store, observer=observer).run())
    runs = observer.of("finish")
    assert {key: run.result for key, run in runs.items()} == results
    for cell in PLAN.cells()[:2]:
        alone = train_cell(cell)
        losses = runs[cell.key].measured["loss_nats"]
        assert losses.tolist() == alone.measured["loss_nats"].tolist()
        assert runs[cell.key].state.weights["V"].tolist() == alone.state.weights["V"].tolist()


def test_a_sweep_that_is_stopped_leaves_its_cells_to_the_observer(cluster, store):
    observer = Observer()
    long = PLAN.model_copy(update={"amount": 20_000, "lags": (1,), "seeds": 1})
    sweep = Sweep(long.cells(), cluster, store, observer=observer)
    for item in sweep.run():
        if isinstance(item, OnTheWay):
            sweep.stop()
    assert observer.of("finish") == {}
    assert observer.of("mark")
    assert observer.of("abandon") == {cell.key: "" for cell in long.cells()}


def test_an_observer_is_told_why_a_cell_failed(cluster, store):
    observer = Observer()
    bad = PLAN.model_copy(update={"text": "builtin", "unrollings": (2,), "seeds": 1})
    results_in(Sweep(bad.cells("0" * 64), cluster, store, observer=observer).run())
    reasons = [what for verb, _, what in observer.told if verb == "abandon" and what]
    assert len(reasons) == 2
    assert all("is not the one that the sweep was started with" in reason for reason in reasons)


def test_an_observer_that_cannot_write_costs_one_sentence_and_no_cell(cluster, store):
    observer = Observer(broken={"mark", "finish", "abandon"})
    items = list(Sweep(PLAN.cells(), cluster, store, observer=observer).run())
    assert [item.reason for item in items if isinstance(item, Unrecorded)] == [
        "The disk is full. The sweep goes on; not all of its runs are recorded."
    ]
    assert store.get(cell.key for cell in PLAN.cells()) == results_in(items)
    assert len(results_in(items)) == 8


def test_stop_ends_a_sweep_in_the_middle_of_a_cell(cluster, store):
    sweep = Sweep(ENDLESS.cells(), cluster, store)
    for item in sweep.run():
        if isinstance(item, Workers):
            sweep.stop()
    assert store.get(cell.key for cell in ENDLESS.cells()) == {}
    # The workers are free again: the next sweep would otherwise wait for ever.
    assert len(results_in(Sweep(PLAN.cells(), cluster, store).run())) == 8


def test_a_cell_that_fails_is_told_and_tried_again_the_next_time(cluster, store):
    bad = PLAN.model_copy(update={"text": "builtin", "unrollings": (2,), "seeds": 1})
    cells = bad.cells("0" * 64)
    results = results_in(Sweep(cells, cluster, store).run())
    assert {result.status for result in results.values()} == {"failed"}
    assert "is not the one that the sweep was started with" in next(iter(results.values())).message
    assert store.get(results) == {}


@pytest.mark.slow
def test_a_killed_worker_costs_no_finished_cell_and_the_sweep_completes(cluster, store):
    plan = PLAN.model_copy(update={"amount": 600, "seeds": 3})
    cells, results, killed = plan.cells(), {}, None
    for item in Sweep(cells, cluster, store).run():
        if isinstance(item, CellResult):
            results[item.key] = item
            assert store.get([item.key]) == {item.key: item}
        elif isinstance(item, OnTheWay) and results and killed is None:
            pids = cluster.client().run(os.getpid)
            killed = next(iter(pids.values()))
            os.kill(killed, signal.SIGKILL)
    assert killed is not None
    assert results.keys() == {cell.key for cell in cells}
    assert {result.status for result in results.values()} == {"done"}


@pytest.mark.slow
def test_a_lost_scheduler_leaves_a_sentence_and_every_finished_cell(
    store, cluster_home, monkeypatch
):
    monkeypatch.setenv("UNROLL_HOME", str(cluster_home))
    lost = Cluster(workers=1)
    plan = SweepPlan(lags=(1, 2), seeds=1, activations=("tanh",), amount=40, base=TINY)
    cells = [*plan.model_copy(update={"budget": "updates"}).cells(), *ENDLESS.cells()]
    seen = {}
    try:
        sweep = Sweep(cells, lost, store).run()
        while len(seen) < 2:  # the other two never end
            seen |= results_in([next(sweep)])
        lost._process.kill()
        with pytest.raises(SweepError, match="was lost with 2 of 4 cells done, which are saved"):
            list(sweep)
        assert not lost.warm
        assert store.get(cell.key for cell in cells) == seen
        assert len(seen) == 2
        # A cluster of this machine comes back by itself.
        again = results_in(Sweep(PLAN.cells()[:3], lost, store).run())
        assert len(again) == 3
    finally:
        lost.close()


def test_a_scheduler_that_does_not_answer_is_named(store, monkeypatch):
    monkeypatch.setattr("core.experiments.cluster._CONNECT", 0.5)
    with pytest.raises(SweepError, match="No scheduler answers at tcp://127"):
        list(Sweep(PLAN.cells(), Cluster("tcp://127.0.0.1:9"), store).run())


@pytest.mark.parametrize("address", ["here", "127.0.0.1:8786", "http://127.0.0.1:80", "tcp://a"])
def test_what_is_no_address_is_refused_at_once(address):
    with pytest.raises(SweepError, match="is no scheduler's address: write tcp://host:port"):
        Cluster(address)


# -- a scheduler and two workers, started by hand on loopback -----------------------------------


@pytest.fixture
def by_hand(cluster_home, tmp_path):
    """The address of a scheduler with two workers, as a class would start them."""
    env = {
        **os.environ,
        "UNROLL_HOME": str(cluster_home),
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
        "DASK_TEMPORARY_DIRECTORY": str(tmp_path),
    }

    def dask(*arguments):
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *arguments],
            cwd=ROOT,
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    here = ("--host", "127.0.0.1", "--no-dashboard")
    processes = [dask("scheduler", "--port", "0", *here)]
    address = next(
        found.group()
        for line in processes[0].stderr
        if (found := re.search(r"tcp://127\.0\.0\.1:[0-9]+", line))
    )
    for _ in range(2):
        processes.append(dask("worker", address, "--nthreads", "1", *here))
    yield address
    for process in reversed(processes):
        process.terminate()
    for process in processes:
        process.communicate(timeout=20)


@pytest.mark.slow
def test_a_scheduler_started_by_hand_runs_the_same_sweep(by_hand, store, monkeypatch, capsys):
    from core.cli.main import main

    outside = Cluster(by_hand)
    outside.client().wait_for_workers(2, timeout=60)
    results = results_in(Sweep(PLAN.cells(), outside, store).run())
    outside.close()
    assert len(results) == 8
    assert all(result.worker.startswith("tcp://127.0.0.1:") for result in results.values())
    for cell in PLAN.cells()[:2]:
        assert measured(results[cell.key]) == measured(train_cell(cell).result)

    monkeypatch.setenv("UNROLL_SCHEDULER", by_hand)
    grid = ("--lags", "1", "--seeds", "1", "--updates", "30", "--nodes", "8", "--no-horizons")
    assert main(["sweep", *grid]) == 0
    printed = capsys.readouterr()
    assert "2 cells, about 0:00:0" in printed.err
    assert f"on 2 workers of the scheduler at {by_hand}." in printed.err
    assert "in 30 updates of Adam at 0.002" in printed.out
    assert main(["runs", "list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {(row["name"], row["status"], row["steps"]) for row in rows} == {
        ("tanh, lag 1, seed 0", "finished", 30),
        ("ReLU, lag 1, seed 0", "finished", 30),
    }
