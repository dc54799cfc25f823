"""Runs that are recorded while they train, and go on from what was recorded."""

from dataclasses import replace

import numpy as np
import pytest

from core.errors import RunError, StoreError
from core.records import Event, RunStatus, StepRecord
from core.steps import columns_of
from core.storage import ledger
from core.storage.checkpoints import load_checkpoint
from core.storage.stored_run import StoredRun, past_of

PATIENCE = 20.0
ENDLESS = {"steps": 1_000_000, "report_every": 1_000_000}


def test_a_run_is_in_the_store_as_it_was(store, make_manager, small, corpus):
    manager = make_manager()
    run = manager.start(small(steps=2_345, report_every=1_000, probe_every=500))
    shot = run.wait(PATIENCE)
    assert manager.writer.flush()
    again = StoredRun(store, run.run_id).snapshot
    for name in ("loss_nats", "grad_norm", "grad_norm_clipped", "seconds", "learning_rate"):
        assert again.history.column(name).tobytes() == shot.history.column(name).tobytes()
    assert again.history.column("step").tolist() == list(range(1, 2_346))
    for name in ("config", "live", "status", "message", "reports", "events", "probes", "floors"):
        assert getattr(again, name) == getattr(shot, name), name
    row = store.get(run.run_id)
    assert (row.status, row.step, row.planned_steps) == (RunStatus.FINISHED, 2_345, 2_345)
    assert (row.text_title, row.text_sha256, row.text_length) == ("words", corpus.sha256, 3_000)
    losses = [report.validation_loss_nats for report in shot.reports]
    assert (row.best_validation, row.last_validation) == (min(losses), losses[-1])
    step, weights = StoredRun(store, run.run_id).weights()
    assert step == 2_345
    for name, value in run.weights()[1].items():
        np.testing.assert_array_equal(weights[name], value)


@pytest.mark.parametrize("optimiser", ["sgd", "adadelta", "adam"])
def test_a_run_that_was_cut_off_goes_on_bit_for_bit(
    store, open_store, make_manager, make_writer, small, optimiser
):
    config = small(steps=1_300, report_every=400, optimiser=optimiser)
    other_rate = config.learning_rate / 2
    manager = make_manager()
    run = manager.start(config)
    run.advance(777)
    at = run.wait_until(lambda s: s.status == RunStatus.PAUSED, PATIENCE).step
    run.change(learning_rate=other_rate)  # after the checkpoint of the pause
    run.advance(200)
    run.wait_until(lambda s: s.step == at + 200, PATIENCE)
    assert manager.writer.flush()
    assert load_checkpoint(store.checkpoint_path(run.run_id)).state.step == at
    # Another process looks: this one is alive, and nothing is interrupted.
    assert open_store().get(run.run_id).status == RunStatus.PAUSED
    store._ownership.release()  # ... and now it is dead
    other = open_store()
    row = other.get(run.run_id)
    assert (row.status, row.step) == (RunStatus.INTERRUPTED, at + 200)

    config_again, past = past_of(other, run.run_id)
    assert past.planned == (Event(at, "learning_rate", other_rate),)
    second = make_manager(make_writer(store=other))
    resumed = second.start(config_again, run_id=run.run_id, past=past).wait(PATIENCE)
    assert second.writer.flush()
    whole = make_manager().start(config, planned=past.planned).wait(PATIENCE)
    for name in ("step", "loss_nats", "grad_norm", "learning_rate"):
        there, here = whole.history.column(name), resumed.history.column(name)
        assert there.tobytes() == here.tobytes(), name
    assert without_clock(resumed.reports) == without_clock(whole.reports)
    stored = StoredRun(other, run.run_id).snapshot
    for name in ("step", "loss_nats", "learning_rate"):
        assert stored.history.column(name).tolist() == whole.history.column(name).tolist()
    assert [(e.step, e.kind) for e in stored.events] == [
        (at, "paused"),
        (at, "resumed"),
        (at, "learning_rate"),
        (1_300, "finished"),
    ]


def without_clock(reports):
    return [replace(report, seconds=0) for report in reports]


def test_a_run_without_a_checkpoint_starts_again(store, open_store, small):
    store.create("r", small(), source="page", planned=[Event(3, "clip", 0.5)])
    store._ownership.release()
    config, past = past_of(open_store(), "r")
    assert (config, past.state, past.planned) == (small(), None, (Event(3, "clip", 0.5),))


def test_a_run_from_given_weights_without_a_checkpoint_cannot_go_on(store, open_store, small):
    store.create("r", small(), source="page", given_weights=True)
    store._ownership.release()
    with pytest.raises(StoreError, match="start it again with them"):
        past_of(open_store(), "r")


def test_a_finished_run_is_extended_from_its_last_step(store, make_manager, small):
    manager = make_manager()
    run = manager.start(small(steps=30))
    run.wait(PATIENCE)
    assert manager.writer.flush()
    with pytest.raises(StoreError, match="has trained 30 of 30 steps: extend it to more than 30"):
        past_of(store, run.run_id)
    with pytest.raises(StoreError, match="has trained 30 of 30 steps: extend it to more than 30"):
        past_of(store, run.run_id, steps=10)
    config, past = past_of(store, run.run_id, steps=55)
    longer = manager.start(config, run_id=run.run_id, past=past).wait(PATIENCE)
    assert manager.writer.flush()
    whole = make_manager().start(small(steps=55)).wait(PATIENCE)
    losses = longer.history.column("loss_nats")
    assert losses.tolist() == whole.history.column("loss_nats").tolist()
    row = store.get(run.run_id)
    assert (row.status, row.step, row.planned_steps) == (RunStatus.FINISHED, 55, 55)
    assert manager.get(run.run_id).snapshot is longer


def test_a_run_that_was_cut_off_after_its_last_step_ends_there_and_not_before(
    store, make_manager, small
):
    manager = make_manager()
    run = manager.start(small(steps=30))
    run.wait(PATIENCE)
    assert manager.writer.flush()
    store.update(run.run_id, status=RunStatus.INTERRUPTED)
    assert past_of(store, run.run_id)[1].state.step == 30
    with pytest.raises(StoreError, match="has trained 30 of 30 steps: extend it to more than 30"):
        past_of(store, run.run_id, steps=10)


def test_a_run_that_trains_or_diverged_is_not_resumed(store, make_manager, small):
    manager = make_manager()
    run = manager.start(small(**ENDLESS))
    run.wait_until(lambda s: s.step > 3, PATIENCE)
    assert manager.writer.flush()
    with pytest.raises(StoreError, match="is running: there is nothing to resume"):
        past_of(store, run.run_id)
    run.stop()
    explosive = {"activation": "relu", "init": "identity", "learning_rate": 100, "clip": 0}
    bad = manager.start(small(**explosive, nodes=20, unrollings=20, steps=500))
    assert bad.wait(PATIENCE).status == RunStatus.DIVERGED
    assert manager.writer.flush()
    assert store.get(bad.run_id).status == RunStatus.DIVERGED
    with pytest.raises(StoreError, match="diverged, and would do so again"):
        past_of(store, bad.run_id)


def test_a_text_that_has_changed_ends_the_resumption(store, make_manager, make_corpus, small):
    manager = make_manager()
    run = manager.start(small(steps=30))
    run.wait(PATIENCE)
    assert manager.writer.flush()
    config, past = past_of(store, run.run_id, steps=40)
    other = make_manager(manager.writer, load_text=lambda *_, **__: make_corpus(seed=1))
    shot = other.start(config, run_id=run.run_id, past=past).wait(PATIENCE)
    assert shot.status == RunStatus.FAILED
    assert "is not the one that this run began with" in shot.message


def test_a_stored_run_takes_no_commands(store, make_manager, small):
    manager = make_manager()
    run = manager.start(small(steps=5))
    run.wait(PATIENCE)
    assert manager.writer.flush()
    stored_run = StoredRun(store, run.run_id)
    for command in (stored_run.pause, stored_run.resume, stored_run.stop, stored_run.advance):
        with pytest.raises(RunError, match="This run is finished"):
            command()


def test_a_stored_run_is_watched_while_it_trains_elsewhere(open_store, make_manager, small):
    manager = make_manager()
    run = manager.start(small(**ENDLESS))
    run.advance(1_200)
    at = run.wait_until(lambda s: s.status == RunStatus.PAUSED, PATIENCE).step
    assert manager.writer.flush()
    time = [0.0]
    stored_run = StoredRun(open_store(), run.run_id, clock=lambda: time[0])
    assert stored_run.snapshot.step == len(stored_run.snapshot.history) == at
    run.advance(900)
    run.wait_until(lambda s: s.step == at + 900, PATIENCE)
    assert manager.writer.flush()
    assert stored_run.snapshot.step == at
    time[0] = 1.0
    shot = stored_run.snapshot
    assert shot.history.column("step").tolist() == list(range(1, at + 901))
    assert shot.status == RunStatus.PAUSED
    assert shot.history.column("loss_nats").tolist() == (
        run.snapshot.history.column("loss_nats").tolist()
    )


@pytest.mark.parametrize(("seen", "then"), [(2_500, 800), (1_300, 1_900), (30, 0)])
@pytest.mark.parametrize("stretches_at_once", [1, 200])
def test_a_run_that_was_taken_back_elsewhere_is_read_anew(
    store, small, seen, then, stretches_at_once, monkeypatch
):
    monkeypatch.setattr(ledger, "_STRETCHES_AT_ONCE", stretches_at_once)

    def recorded(upto, pace):
        steps = range(1, upto + 1)
        return [StepRecord(s, s, pace, 1.0, 1.0, False, 0.1, pace * s) for s in steps]

    def write(records):
        store.claim("r", small(steps=5_000), 0, 0)
        store.ledger.put_steps("r", columns_of(records))
        store.update("r", status=RunStatus.STOPPED, updated=store.get("r").updated + 1)

    store.create("r", small(steps=5_000), source="page")
    store._ownership.release()
    time = [0.0]
    write(recorded(seen, 1.0))
    stored_run = StoredRun(store, "r", clock=lambda: time[0])
    assert len(stored_run.snapshot.history) == seen
    write(recorded(then, 2.0))
    time[0] = 1.0
    assert stored_run.snapshot.history.column("loss_nats").tolist() == [2.0] * then
