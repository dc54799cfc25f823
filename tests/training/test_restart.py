"""From a divergence back to 50 steps before it, and on with clipping."""

from dataclasses import replace

import numpy as np
import pytest

from core.errors import Diverged, RunError
from core.history import History
from core.records import Event, RunStatus, StepRecord
from core.training.manager import RunManager
from core.training.restart import before_divergence
from core.training.trainer import Trainer

# Well until the learning rate is raised after step 120; it diverges within a few steps.
RAISED = Event(120, "learning_rate", 100)
UNSTABLE = {
    "activation": "relu",
    "init": "identity",
    "optimiser": "adam",
    "learning_rate": 0.003,
    "clip": 0,
    "unrollings": 40,
    "nodes": 20,
    "steps": 3_000,
    "report_every": 40,
    "probe_every": 30,
}


def losses(shot):
    return shot.history.column("loss_nats").tolist()


@pytest.fixture
def manager(load_text):
    manager = RunManager(load_text=load_text)
    yield manager
    manager.stop_all()


@pytest.fixture
def diverged(manager, small):
    run = manager.start(small(**UNSTABLE), planned=(RAISED,))
    shot = run.wait(60)
    assert shot.status == RunStatus.DIVERGED
    assert 120 < shot.divergence.step == shot.step + 1 < 150
    return run


def test_a_trainer_keeps_its_last_two_fifties(corpus, small):
    trainer = Trainer(small(), corpus)
    for _ in range(49):
        trainer.step()
    assert [state.step for state in trainer.kept] == [0]
    for _ in range(102):
        trainer.step()
    assert [state.step for state in trainer.kept] == [100, 150]


def test_a_restart_trains_the_same_steps_and_clips_from_50_before(manager, diverged):
    before = diverged.snapshot
    clips_after = before.divergence.step - 51
    again = manager.restart(diverged)
    assert again.run_id == diverged.run_id
    assert manager.get(again.run_id) is again
    shot = again.wait_until(lambda shot: shot.step >= 121 or not shot.status.active, 60)
    again.stop()
    assert losses(shot)[: clips_after + 1] == losses(before)[: clips_after + 1]
    changes = [event for event in shot.events if event.kind in ("clip", "learning_rate")]
    assert changes == [Event(clips_after, "clip", 1.25), RAISED]
    before_clipping, after = (
        shot.history.column("grad_norm"),
        shot.history.column("grad_norm_clipped"),
    )
    assert after[clips_after:].max() <= np.float32(1.25) < before_clipping[clips_after:].max()
    assert after[:clips_after].max() > 1.25
    assert [report.step for report in shot.reports] == sorted({r.step for r in shot.reports})
    assert [probe.step for probe in shot.probes] == sorted({p.step for p in shot.probes})


def test_live_changes_made_since_are_made_again(diverged):
    snapshot, states = diverged.snapshot, diverged.kept_states()
    first = states[0].step
    events = (
        Event(max(0, first - 1), "learning_rate", 0.1),
        Event(first + 1, "unrollings", 30),
        Event(snapshot.divergence.step - 20, "clip", 0),  # after clipping is turned on
        Event(first + 2, "paused"),
    )
    shot = replace(snapshot, events=events)
    past = before_divergence(shot, states, 2.0)
    assert past.state is states[0]
    assert first == 50
    assert past.planned == (
        Event(first + 1, "unrollings", 30),
        Event(snapshot.divergence.step - 51, "clip", 2.0),
    )
    assert len(past.history) == first
    assert all(event.step <= first for event in past.events)


def test_a_run_that_diverges_at_once_is_clipped_from_its_first_step(manager, small):
    run = manager.start(small(**UNSTABLE | {"learning_rate": 100}))
    shot = run.wait(60)
    assert shot.divergence.step < 50
    past = before_divergence(shot, run.kept_states(), 1.25)
    assert (past.state.step, past.planned) == (0, (Event(0, "clip", 1.25),))


def test_only_a_diverged_run_can_be_restarted(manager, small):
    run = manager.start(small())
    run.wait(20)
    with pytest.raises(RunError, match="has not diverged"):
        manager.restart(run)


def test_the_first_rows_of_a_history_are_a_history():
    history = History()
    for step in range(1, 6):
        history.append(StepRecord(step, step, float(step), 1.0, 1.0, False, 0.1, step))
    first = history.view().until(3)
    assert (len(first), first.mean_loss(10)) == (3, 2.0)
    assert len(history.view().until(99)) == 5


def test_the_error_carries_what_was_found(corpus, small):
    trainer = Trainer(small(**UNSTABLE | {"learning_rate": 100}), corpus)
    with pytest.raises(Diverged) as caught:
        for _ in trainer.train():
            pass
    record = caught.value.record
    assert record.step == caught.value.step
    assert record.unrollings == 40
    assert record.tensor.startswith("the ")
