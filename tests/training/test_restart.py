"""A diverged run once more, with clipping from 50 steps before it diverged."""

from dataclasses import replace

import numpy as np
import pytest

from core.errors import Diverged
from core.history import History
from core.records import Event, RunStatus, StepRecord
from core.training.manager import RunManager
from core.training.restart import with_clipping
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


def test_a_diverged_run_is_trained_again_beside_itself_and_clipped_from_50_steps_before(
    manager, diverged
):
    before = diverged.snapshot
    clips_after = before.step - 50
    config, planned = with_clipping(before, 1.25)
    again = manager.start(config, planned=planned)
    shot = again.wait_until(lambda shot: shot.step >= 121 or not shot.status.active, 60)
    again.stop()
    assert again.run_id != diverged.run_id
    assert manager.get(diverged.run_id) is diverged
    assert losses(shot)[: clips_after + 1] == losses(before)[: clips_after + 1]
    changes = [event for event in shot.events if event.kind in ("clip", "learning_rate")]
    assert changes == [Event(clips_after, "clip", 1.25), RAISED]
    before_clipping, after = (
        shot.history.column("grad_norm"),
        shot.history.column("grad_norm_clipped"),
    )
    assert after[clips_after:].max() <= np.float32(1.25) < before_clipping[clips_after:].max()
    assert after[:clips_after].max() > 1.25


def test_live_changes_are_made_again_but_for_what_would_turn_clipping_off(diverged):
    events = (
        Event(10, "clip", 3),
        Event(60, "unrollings", 30),
        Event(diverged.snapshot.step - 20, "clip", 0),
        Event(62, "paused"),
    )
    _, planned = with_clipping(replace(diverged.snapshot, events=events), 2.0)
    assert planned == (*events[:2], Event(diverged.snapshot.step - 50, "clip", 2.0))


def test_it_is_trained_by_the_engine_that_made_its_steps(diverged):
    config, _ = with_clipping(replace(diverged.snapshot, engine="torch"), 2.0)
    assert config == diverged.snapshot.config.changed(engine="torch")


def test_a_run_that_diverges_at_once_is_clipped_from_its_first_step(manager, small):
    run = manager.start(small(**UNSTABLE | {"learning_rate": 100}))
    shot = run.wait(60)
    assert shot.divergence.step < 50
    assert with_clipping(shot, 1.25)[1] == (Event(0, "clip", 1.25),)


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
