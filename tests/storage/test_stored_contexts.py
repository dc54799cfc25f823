"""Context curves are kept with the run: in the store, over a resumption, and in a .zip."""

import zipfile

import pytest

from core.records import CONTEXT_LENGTHS, ContextRecord
from core.storage.stored_run import StoredRun, past_of
from core.storage.zip_export import export_run
from core.storage.zip_import import import_run
from core.training.trainer import Trainer

PATIENCE = 20.0


@pytest.fixture(scope="module")
def long(make_corpus):
    """20,000 characters: 1,000 are held out, enough to measure on."""
    return make_corpus(20_000)


@pytest.fixture
def load_text(long):
    return lambda key, progress=None: long


def test_the_store_and_a_zip_keep_the_curves(
    store, open_store, make_manager, load_text, small, tmp_path
):
    manager = make_manager(load_text=load_text)
    run = manager.start(small(steps=40, report_every=10))
    shot = run.wait(PATIENCE)
    assert [curve.step for curve in shot.contexts] == [10, 20, 40]
    assert manager.writer.flush()
    stored = StoredRun(store, run.run_id).snapshot
    assert stored.contexts == shot.contexts
    assert len(stored.contexts[0].loss_nats) == len(CONTEXT_LENGTHS)
    assert stored.probes == shot.probes  # kept in the same table

    export_run(store, run.run_id, tmp_path / "run.zip")
    other = import_run(store, tmp_path / "run.zip")
    assert other != run.run_id
    assert StoredRun(store, other).snapshot.contexts == shot.contexts
    assert StoredRun(store, other).snapshot.floors == shot.floors
    with zipfile.ZipFile(tmp_path / "run.zip") as archive:
        assert len(archive.read("contexts.csv").splitlines()) == 4


def test_a_run_that_goes_on_keeps_its_curves_up_to_there(store, make_manager, load_text, small):
    manager = make_manager(load_text=load_text)
    run = manager.start(small(steps=40, report_every=10))
    shot = run.wait(PATIENCE)
    assert manager.writer.flush()
    config, past = past_of(store, run.run_id, steps=80)
    assert past.contexts == shot.contexts
    longer = manager.start(config, run_id=run.run_id, past=past).wait(PATIENCE)
    assert [curve.step for curve in longer.contexts] == [10, 20, 40, 80]
    assert manager.writer.flush()
    assert StoredRun(store, run.run_id).snapshot.contexts == longer.contexts
    whole = Trainer(config, load_text(""), contexts=True)
    assert tuple(r for r in whole.train() if isinstance(r, ContextRecord)) == longer.contexts


def test_a_run_that_is_cut_off_measures_what_was_lost_again(store, make_manager, load_text, small):
    manager = make_manager(load_text=load_text)
    run = manager.start(small(steps=200, report_every=10))
    shot = run.wait(PATIENCE)
    assert manager.writer.flush()
    store.ledger.cut(run.run_id, 45, 0)
    assert [curve.step for curve in store.ledger.contexts(run.run_id)] == [10, 20, 40]
    assert len(shot.contexts) == 6
