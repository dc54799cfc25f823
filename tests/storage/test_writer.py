"""The writer when the disk is full, fails or is slow: training waits, and nothing is lost."""

import errno
import os
import shutil
from contextlib import closing
from threading import Event, Lock

import pytest

from core.config import TrainingConfig
from core.errors import StoreError
from core.records import RunStatus, StepRecord
from core.steps import StepTable, columns_of
from core.storage import recorder as recorder_module
from core.storage import writer as writer_module
from core.storage.store import Store
from core.storage.stored_run import StoredRun, past_of

PATIENCE = 20.0
ENDLESS = {"steps": 1_000_000, "report_every": 1_000_000}


def step_of(step):
    """One step, as a run tells of it."""
    return StepTable(columns_of([StepRecord(step, 24, 3.0, 1.0, 1.0, False, 0.1, 0.5)]))


def paused(shot):
    return shot.status == RunStatus.PAUSED


def trained(shot):
    return shot.step > 50


def fill_the_disk(writer):
    """SQLite may not make its file larger, as on a full disk: the real error, the real path."""
    connection = writer._store._connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")


def make_room(writer):
    writer._store._connection.execute("PRAGMA max_page_count = 1000000000")


def test_a_full_disk_pauses_the_run_and_loses_nothing(store, make_manager, small):
    manager = make_manager()
    writer = manager.writer
    run = manager.start(small(**ENDLESS, nodes=2, batch_size=1, unrollings=1))
    run.wait_until(trained, PATIENCE)
    assert writer.flush()
    fill_the_disk(writer)
    shot = run.wait_until(paused, PATIENCE)
    assert shot.message.startswith("The disk that holds ")
    assert shot.message.endswith("is full: make room there. What was recorded is kept.")
    assert not writer.flush()
    assert writer.trouble == shot.message
    assert 0 < store.get(run.run_id).step < shot.step  # what was written stands

    make_room(writer)
    assert writer.flush()
    assert writer.trouble == ""
    run.resume()
    run.wait_until(lambda s: s.step > shot.step + 50, PATIENCE)
    run.stop()
    ended = run.wait(PATIENCE)
    assert writer.flush()
    stored = StoredRun(store, run.run_id).snapshot
    assert stored.history.column("step").tolist() == list(range(1, ended.step + 1))
    assert stored.history.column("loss_nats").tolist() == (
        ended.history.column("loss_nats").tolist()
    )
    assert stored.events == ended.events
    assert [e.kind for e in ended.events] == ["paused", "resumed", "stopped"]


@pytest.fixture
def full(monkeypatch):
    """While it is set there is no room for checkpoints."""
    save, is_full = writer_module.save_checkpoint, Event()

    def save_if_there_is_room(path, checkpoint):
        if is_full.is_set():
            raise OSError(errno.ENOSPC, "No space left on device")
        save(path, checkpoint)

    monkeypatch.setattr(writer_module, "save_checkpoint", save_if_there_is_room)
    return is_full


def test_a_checkpoint_that_cannot_be_written_pauses_the_run_and_the_old_one_stands(
    store, make_manager, make_writer, small, full
):
    writer = make_writer(checkpoint_every=0.2)
    manager = make_manager(writer)
    run = manager.start(small(**ENDLESS))
    run.wait_until(trained, PATIENCE)
    assert writer.flush()
    before = StoredRun(store, run.run_id).weights()[0]
    full.set()
    shot = run.wait_until(paused, PATIENCE)
    assert "could not be recorded" in shot.message
    assert "(No space left on device): make room there" in shot.message
    assert StoredRun(store, run.run_id).weights()[0] >= before
    full.clear()
    assert writer.flush()
    assert StoredRun(store, run.run_id).weights()[0] == shot.step
    run.stop()


def test_a_run_has_ended_for_others_once_its_last_checkpoint_is_there(
    store, make_manager, small, monkeypatch
):
    save, seen = writer_module.save_checkpoint, []

    def watched(path, checkpoint):
        save(path, checkpoint)
        seen.append((checkpoint.state.step, store.get(path.stem).status))

    monkeypatch.setattr(writer_module, "save_checkpoint", watched)
    manager = make_manager()
    shot = manager.start(small(steps=30)).wait(PATIENCE)
    assert manager.writer.flush()
    assert seen[-1] == (30, RunStatus.RUNNING)
    row = store.get(shot.run_id)
    assert (row.status, row.step, row.owner) == (RunStatus.FINISHED, 30, None)


def test_a_run_whose_last_checkpoint_cannot_be_written_does_not_go_on_from_the_one_before(
    store, make_manager, small, full
):
    manager = make_manager()
    run = manager.start(small(**ENDLESS))
    run.wait_until(trained, PATIENCE)
    run.pause()
    run.wait_until(paused, PATIENCE)
    assert manager.writer.flush()
    _, past = past_of_idle(store, run.run_id)
    full.set()
    run.advance(10)
    run.wait_until(lambda s: s.step == past.state.step + 10, PATIENCE)
    run.stop()
    ended = run.wait(PATIENCE)
    assert not manager.writer.flush()
    assert store.get(run.run_id).status.active  # nobody may delete it, or go on with it
    with pytest.raises(StoreError, match="No space left on device"):
        manager.start(small(**ENDLESS), run_id=run.run_id, past=past)
    assert manager.get(run.run_id) is run
    full.clear()
    assert manager.writer.flush()
    config, past = past_of(store, run.run_id)
    assert past.state.step == ended.step
    again = manager.start(config, run_id=run.run_id, past=past)
    again.wait_until(lambda s: s.step > ended.step + 5, PATIENCE)
    again.stop()
    last = again.wait(PATIENCE)
    assert manager.writer.flush()
    stored = StoredRun(store, run.run_id).snapshot
    assert stored.history.column("step").tolist() == list(range(1, last.step + 1))
    assert stored.history.column("loss_nats").tolist() == (
        last.history.column("loss_nats").tolist()
    )


def past_of_idle(store, run_id):
    """What a run would go on from, as if its process were gone."""
    store.update(run_id, status=RunStatus.INTERRUPTED)
    try:
        return past_of(store, run_id)
    finally:
        store.update(run_id, status=RunStatus.PAUSED)


def test_what_cannot_be_sorted_for_want_of_memory_is_so_later(
    store, make_manager, small, monkeypatch
):
    joined, fails = recorder_module.joined, Event()

    def join_if_there_is_memory(tables):
        if fails.is_set():
            raise MemoryError("no memory")
        return joined(tables)

    monkeypatch.setattr(recorder_module, "joined", join_if_there_is_memory)
    manager = make_manager()
    run = manager.start(small(**ENDLESS))
    run.wait_until(trained, PATIENCE)
    assert manager.writer.flush()
    fails.set()
    shot = run.wait_until(paused, PATIENCE)
    assert "could not be recorded" in shot.message
    fails.clear()
    assert manager.writer.flush()
    run.stop()
    ended = run.wait(PATIENCE)
    assert manager.writer.flush()
    stored = StoredRun(store, run.run_id).snapshot
    assert stored.history.column("step").tolist() == list(range(1, ended.step + 1))
    assert stored.events == ended.events


def test_a_run_that_is_resumed_while_the_disk_is_still_full_is_paused_again(make_manager, small):
    manager = make_manager()
    run = manager.start(small(**ENDLESS, nodes=2, batch_size=1, unrollings=1))
    run.wait_until(trained, PATIENCE)
    assert manager.writer.flush()
    fill_the_disk(manager.writer)
    first = run.wait_until(paused, PATIENCE)
    run.resume()
    again = run.wait_until(lambda s: paused(s) and s.step > first.step, PATIENCE)
    assert again.message == first.message
    make_room(manager.writer)
    assert manager.writer.flush()
    run.stop()


def test_a_disk_that_hangs_does_not_hold_training_up(make_manager, small, monkeypatch):
    manager = make_manager()
    run = manager.start(small(**ENDLESS))
    run.wait_until(trained, PATIENCE)
    hanging, hung, let_go = Lock(), Event(), Event()
    take = writer_module.take

    def slow(*arguments):
        with hanging:
            hung.set()
            assert let_go.wait(PATIENCE)
        return take(*arguments)

    monkeypatch.setattr(writer_module, "take", slow)
    assert hung.wait(PATIENCE)
    at = run.snapshot.step
    shot = run.wait_until(lambda s: s.step > at + 500, PATIENCE)  # the writer stands still
    assert shot.status == RunStatus.RUNNING
    let_go.set()
    assert manager.writer.flush()
    run.stop()


def test_checkpoints_come_at_the_start_at_a_pause_at_a_stop_and_in_between(
    store, make_manager, make_writer, small
):
    writer = make_writer(checkpoint_every=0.1)
    manager = make_manager(writer)
    run = manager.start(small(**ENDLESS))

    def kept():
        assert writer.flush()
        return StoredRun(store, run.run_id).weights()[0]

    run.wait_until(lambda s: s.status == RunStatus.RUNNING and s.step > 0, PATIENCE)
    first = kept()
    run.wait_until(lambda s: s.seconds > 1.0, PATIENCE)
    assert kept() > first
    run.pause()
    at = run.wait_until(paused, PATIENCE).step
    assert kept() == at
    run.resume()
    run.wait_until(lambda s: s.step > at + 5, PATIENCE)
    run.stop()
    at = run.wait(PATIENCE).step
    assert kept() == at


def test_a_run_that_was_deleted_elsewhere_does_not_stop_the_others(store, make_writer, small):
    writer = make_writer()
    gone = writer.recorder("gone", small(), hold=pytest.fail)
    here = writer.recorder("here", small(), hold=pytest.fail)
    with store.transaction() as connection:
        connection.execute("DELETE FROM runs WHERE id = 'gone'")
    for recorder in (gone, here):
        recorder.record(step_of(1))
    assert writer.flush()
    assert store.ledger.steps("here")["step"].tolist() == [1]
    assert store.ledger.steps("gone")["step"].tolist() == []


def test_closing_writes_what_is_left(store, make_writer, small):
    writer = make_writer()
    recorder = writer.recorder("r", small(), hold=pytest.fail)
    for step in range(1, 2_501):
        recorder.record(step_of(step))
    writer.close()
    writer.close()
    assert store.ledger.steps("r")["step"].tolist() == list(range(1, 2_501))


def delete_file(store):
    store.path.unlink()


def delete_folder(store):
    shutil.rmtree(store.home)


def replace_by_an_older_one(store):
    with closing(Store(store.home / "older")) as other:
        other.create("other", TrainingConfig(), source="cli")
    for end in ("-wal", "-shm"):
        store.path.with_name(store.path.name + end).unlink()
    os.replace(store.home / "older" / "runs.sqlite", store.path)


@pytest.mark.skipif(os.name != "posix", reason="an open file cannot be deleted elsewhere")
@pytest.mark.parametrize("lose", [delete_file, delete_folder, replace_by_an_older_one])
def test_a_store_that_is_lost_while_a_run_trains_is_written_anew(
    store, open_store, make_manager, small, lose
):
    manager = make_manager()
    writer = manager.writer
    run = manager.start(small(**ENDLESS))
    run.wait_until(trained, PATIENCE)
    assert writer.flush()
    assert writer.notice == ""
    lose(store)
    at = run.snapshot.step
    run.wait_until(lambda s: s.step > at + 50, PATIENCE)
    assert writer.flush()
    assert writer.notice.startswith(f"The store of runs {store.path} was deleted or replaced")
    other = open_store()
    assert other.get(run.run_id).status == RunStatus.RUNNING  # this process is known to live
    run.stop()
    shot = run.wait(PATIENCE)
    assert writer.flush()
    found = StoredRun(other, run.run_id)
    assert found.snapshot.status == RunStatus.STOPPED
    assert found.snapshot.history.column("step").tolist() == list(range(1, shot.step + 1))
    assert found.snapshot.history.column("loss_nats").tolist() == (
        shot.history.column("loss_nats").tolist()
    )
    assert found.snapshot.events == shot.events
    assert [report.step for report in found.snapshot.reports] == [0]
    assert found.weights()[0] == shot.step
    after = manager.start(small(steps=3))
    assert after.wait(PATIENCE).status == RunStatus.FINISHED
    assert writer.flush()
    assert other.get(after.run_id).step == 3


def test_a_lost_store_that_cannot_be_written_anew_yet_is_so_later(
    store, open_store, make_writer, small, monkeypatch
):
    writer, said = make_writer(), []
    recorder = writer.recorder("r", small(), hold=said.append)
    recorder.record(step_of(1))
    assert writer.flush()
    delete_file(store)
    with monkeypatch.context() as full:
        full.setattr(Store, "put_all", lambda *_: 1 / 0)
        recorder.record(step_of(2))
        assert not writer.flush()
        assert "could not be recorded" in said[0]
    assert writer.flush()
    assert open_store().ledger.steps("r")["step"].tolist() == [1, 2]
