"""A sweep's cells as runs of the store: while they train, at their end, and long after."""

import os
from dataclasses import replace

import numpy as np
import pytest

from core.data.corpora import load_corpus
from core.errors import StoreError
from core.experiments import recorded_cells
from core.experiments.cells import BASE, Mark
from core.experiments.plan import SweepPlan
from core.experiments.recorded_cells import RecordedCells, runs_of_cells
from core.experiments.train_cell import train_cell
from core.records import Event, RunStatus, StepRecord
from core.storage.checkpoints import load_checkpoint
from core.storage.store import Store
from core.storage.stored_run import StoredRun, past_of
from core.storage.zip_export import export_run
from core.storage.zip_import import import_run
from core.training.trainer import Trainer

TINY = BASE.changed(nodes=8, batch_size=4, report_every=25)
PLAN = SweepPlan(lags=(2, 3), seeds=1, budget="updates", amount=60, base=TINY)
CELL, OTHER = PLAN.cells()[:2]
RUN_ID = CELL.key[:8]


@pytest.fixture(scope="module")
def trained():
    """What a worker makes of the cell."""
    return train_cell(CELL)


@pytest.fixture
def runs(store):
    made = RecordedCells(store, clock=lambda: made.now)
    made.now = 100.0
    yield made
    made.close()


def mark(step):
    return Mark(step, step * 40, 2.5, 1.0)


def losses_of(config, past=None):
    """Every step's loss, from the start or from a past, and the last weights."""
    trainer = Trainer(config, load_corpus(config.text))
    if past is not None:
        trainer.go_on(past)
    records = [record for record in trainer.train() if isinstance(record, StepRecord)]
    return [record.loss_nats for record in records], trainer.weights()


@pytest.mark.skipif(os.name != "posix", reason="an open file cannot be deleted elsewhere")
def test_a_cell_is_kept_whole_although_the_store_was_deleted_meanwhile(
    runs, store, open_store, trained
):
    runs.mark(CELL, mark(1))
    store.path.unlink()
    runs.finish(CELL, trained)
    (row,) = open_store().runs()
    assert (row.id, row.status, row.step) == (RUN_ID, RunStatus.FINISHED, 60)


def test_a_cell_is_a_running_run_from_its_first_mark(runs, store):
    runs.mark(CELL, mark(1))
    (row,) = store.runs()
    assert (row.id, row.name) == (RUN_ID, "tanh, lag 3, seed 0")
    assert (row.status, row.source, row.sweep) == (RunStatus.RUNNING, "sweep", CELL.key)
    assert (row.step, row.characters_seen, row.here) == (1, 40, True)
    assert row.config == CELL.config.changed(device="cpu")
    corpus = load_corpus("latch:3:0")
    assert (row.text_title, row.text_sha256) == (corpus.title, corpus.sha256)
    assert row.floors["uniform"] == pytest.approx(np.log(27))


def test_marks_of_all_cells_are_written_once_a_second(runs, store):
    runs.mark(CELL, mark(1))
    runs.mark(OTHER, mark(1))
    runs.mark(CELL, mark(7))
    runs.mark(OTHER, mark(9))
    assert {row.id: row.step for row in store.runs()} == {RUN_ID: 1, OTHER.key[:8]: 1}
    runs.now = 101.0
    runs.mark(CELL, mark(8))
    rows = {row.id: row for row in store.runs()}
    assert {run_id: row.step for run_id, row in rows.items()} == {RUN_ID: 8, OTHER.key[:8]: 9}
    assert rows[RUN_ID].seconds == 1.0


def test_a_finished_cell_is_kept_whole(runs, store, trained):
    runs.mark(CELL, mark(1))
    runs.finish(CELL, trained)
    (row,) = store.runs()
    assert (row.status, row.message) == (RunStatus.FINISHED, "All steps are done.")
    assert (row.step, row.characters_seen, row.here) == (60, 60 * 4 * 11, False)
    assert row.seconds == trained.state.seconds
    for name, column in store.ledger.steps(RUN_ID).items():
        assert column.tolist() == trained.columns(CELL.trained_config)[name].tolist()
    assert store.ledger.reports(RUN_ID) == trained.reports
    assert row.last_validation == trained.reports[-1].validation_loss_nats
    assert store.ledger.events(RUN_ID) == (Event(60, "finished", text="All steps are done."),)
    checkpoint = load_checkpoint(store.checkpoint_path(RUN_ID))
    assert (checkpoint.config, checkpoint.events) == (row.config, 1)
    step, weights = StoredRun(store, RUN_ID).weights()
    assert (step, weights["V"].tolist()) == (60, trained.state.weights["V"].tolist())


def test_a_cell_on_real_text_keeps_its_two_probes(runs, store):
    plan = SweepPlan(text="builtin", unrollings=(5,), seeds=1, amount=20, base=TINY)
    cell = plan.cells()[0]
    made = train_cell(cell)
    runs.mark(cell, mark(1))
    runs.finish(cell, made)
    assert [probe.step for probe in made.probes] == [0, 20]
    assert store.ledger.probes(cell.key[:8]) == made.probes


def test_a_diverged_cell_says_so(runs, store, trained):
    result = replace(trained.result, status="diverged", message="Diverged at step 61.")
    runs.finish(CELL, replace(trained, result=result))
    (row,) = store.runs()
    assert (row.status, row.message) == (RunStatus.DIVERGED, "Diverged at step 61.")
    assert store.ledger.events(RUN_ID)[0].kind == "diverged"


def test_an_extended_cell_goes_on_bit_for_bit(runs, store, trained):
    runs.finish(CELL, trained)
    config, past = past_of(store, RUN_ID, steps=140)
    later, weights = losses_of(config, past)
    uninterrupted, same = losses_of(CELL.trained_config.changed(steps=140))
    assert past.history.column("step").tolist() == list(range(1, 61))
    assert store.ledger.steps(RUN_ID)["loss_nats"].tolist() == uninterrupted[:60]
    assert later == uninterrupted[60:]
    assert {name: w.tolist() for name, w in weights.items()} == {
        name: w.tolist() for name, w in same.items()
    }


def test_a_cell_that_was_given_up_trains_from_its_first_step_when_it_is_resumed(
    runs, store, trained
):
    runs.mark(CELL, mark(7))
    runs.abandon(CELL)
    (row,) = store.runs()
    assert (row.status, row.step, row.resumable) == (RunStatus.STOPPED, 0, True)
    assert row.message.startswith("Its sweep ended before it did")
    config, past = past_of(store, RUN_ID)
    assert losses_of(config, past)[0] == trained.measured["loss_nats"].tolist()


def test_a_cell_that_failed_tells_why(runs, store):
    runs.mark(CELL, mark(7))
    runs.abandon(CELL, "Every worker was killed.")
    (row,) = store.runs()
    assert (row.status, row.message) == (RunStatus.FAILED, "Every worker was killed.")


def test_a_cell_that_never_began_leaves_no_run(runs, store):
    runs.abandon(CELL)
    runs.abandon(OTHER, "The text is not there.")
    assert store.runs() == []


def test_closing_leaves_nothing_running(store):
    runs = RecordedCells(store)
    runs.mark(CELL, mark(1))
    runs.mark(OTHER, mark(1))
    runs.close()
    assert {row.status for row in store.runs()} == {RunStatus.STOPPED}


def test_a_process_that_is_gone_leaves_its_cells_interrupted(home, open_store):
    gone = Store(home)
    RecordedCells(gone).mark(CELL, mark(1))
    gone.close()  # as a kill does: the lock of the process is free
    assert [row.status for row in open_store().runs()] == [RunStatus.INTERRUPTED]


def test_a_cell_that_is_measured_again_replaces_its_run_and_keeps_its_name(runs, store, trained):
    runs.finish(CELL, trained)
    store.edit(RUN_ID, name="Mine", starred=True)
    runs.mark(CELL, mark(1))
    (row,) = store.runs()
    assert (row.status, row.name, row.starred) == (RunStatus.RUNNING, "Mine", True)
    assert len(store.ledger.steps(RUN_ID)["step"]) == 0
    assert load_checkpoint(store.checkpoint_path(RUN_ID)) is None
    runs.finish(CELL, trained)
    assert [(row.id, row.step) for row in store.runs()] == [(RUN_ID, 60)]
    assert len(store.ledger.events(RUN_ID)) == 1


def test_a_deleted_run_comes_back_when_its_cell_is_measured_again(runs, store, trained):
    runs.finish(CELL, trained)
    store.delete(RUN_ID)
    assert store.runs() == []
    assert runs_of_cells(store, [CELL.key]) == {}
    runs.finish(CELL, trained)
    assert [row.id for row in store.runs()] == [RUN_ID]


def test_a_run_that_was_extended_is_not_replaced(runs, store, trained):
    runs.finish(CELL, trained)
    store.claim(RUN_ID, CELL.trained_config.changed(steps=90), 60, 1)
    store.update(RUN_ID, status=RunStatus.STOPPED, owner=None)
    runs.finish(CELL, trained)
    assert store.get(RUN_ID).planned_steps == 90
    assert len(store.ledger.steps(RUN_ID)["step"]) == 60
    assert runs_of_cells(store, [CELL.key, OTHER.key]) == {CELL.key: CELL.key[8:16]}


def test_a_run_that_trains_elsewhere_is_not_touched(runs, store, trained):
    runs.finish(CELL, trained)
    store.claim(RUN_ID, CELL.trained_config, 60, 1)
    runs.mark(CELL, mark(1))
    assert store.get(RUN_ID).status == RunStatus.QUEUED
    assert store.get(CELL.key[8:16]).status == RunStatus.RUNNING


def test_a_run_with_live_changes_is_not_replaced(runs, store, trained):
    runs.finish(CELL, trained)
    store.ledger.put_events(RUN_ID, 1, [Event(60, "clip", 0.5)])
    runs.finish(CELL, trained)
    assert {row.id for row in store.runs()} == {RUN_ID, CELL.key[8:16]}


def test_a_cells_run_is_exported_and_imported(runs, store, trained, tmp_path, open_store):
    runs.finish(CELL, trained)
    export_run(store, RUN_ID, tmp_path / "cell.zip")
    elsewhere = Store(tmp_path / "elsewhere")
    try:
        run_id = import_run(elsewhere, tmp_path / "cell.zip")
        assert elsewhere.get(run_id).name == "tanh, lag 3, seed 0"
        config, past = past_of(elsewhere, run_id, steps=80)
        assert len(losses_of(config, past)[0]) == 20
    finally:
        elsewhere.close()


def test_a_full_disk_at_the_last_state_is_told_and_the_curves_stay(
    runs, store, trained, monkeypatch
):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(recorded_cells, "save_checkpoint", full)
    with pytest.raises(StoreError, match=f"The weights of run {RUN_ID} could not be kept"):
        runs.finish(CELL, trained)
    assert (store.get(RUN_ID).status, store.get(RUN_ID).step) == (RunStatus.FINISHED, 60)
