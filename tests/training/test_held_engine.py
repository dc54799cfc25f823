"""An engine that rests between two steps, and what a run makes of that."""

import gc
from threading import Event
from weakref import ref

import numpy as np
import pytest
from run_watching import ENDLESS, curves, has
from test_state import told
from test_trainer import ARCHITECTURES, OPTIMISERS, given_weights

from core.records import RunStatus, StepRecord
from core.training import driver as driver_module
from core.training.slots import Slots
from core.training.trainer import Trainer


@pytest.fixture
def resting(monkeypatch):
    """Set once a trainer of a run rests, with whether its engine is gone by then."""
    rested = Event()

    class Noted(Trainer):
        def rest(self):
            engine = ref(self.engine)
            super().rest()
            gc.collect()
            rested.engine_is_gone = engine() is None
            rested.set()

    monkeypatch.setattr(driver_module, "Trainer", Noted)
    return rested


@pytest.fixture
def soon(monkeypatch):
    """Runs on hold let their engines go at once."""
    monkeypatch.setattr(driver_module, "_RESTS_AFTER", 0.0)


@pytest.mark.parametrize("engine", ["compiled", "torch"])
@pytest.mark.parametrize("optimiser", OPTIMISERS)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_trainer_that_rests_takes_the_same_steps(small, corpus, architecture, optimiser, engine):
    config = small(
        **ARCHITECTURES[architecture], **OPTIMISERS[optimiser], engine=engine, nodes=13, steps=12
    )
    restless, rested = (
        Trainer(config, corpus, initial_weights=given_weights(config)) for _ in range(2)
    )
    records = []
    for record in rested.train():
        records.append(record)
        if isinstance(record, StepRecord) and record.step in (1, 7):
            rested.rest()
            rested.rest()  # changes nothing more
    assert told(records) == told(restless.train())
    for name, array in restless.state().arrays.items():
        assert array.tobytes() == rested.state().arrays[name].tobytes(), name


def test_a_trainer_at_rest_still_tells_its_state_and_hands_out_copies(small, corpus):
    trainer = Trainer(small(), corpus)
    trainer.advance(3)
    before, engine = trainer.state(), ref(trainer.engine)
    trainer.rest()
    gc.collect()
    assert engine() is None
    trainer.weights()["U"][:] = 0
    after = trainer.state()
    assert engine() is None
    assert list(after.arrays) == list(before.arrays)
    for name, array in before.arrays.items():
        assert array.tobytes() == after.arrays[name].tobytes()


def test_a_run_on_hold_lets_its_engine_go_and_answers_and_goes_on_all_the_same(
    make_run, small, resting, soon
):
    config = small(steps=60, report_every=20)
    whole = make_run(config)
    whole.wait(20)
    run = make_run(config)
    run.pause()
    assert resting.wait(20)
    assert resting.engine_is_gone
    run.advance(5)
    stands = run.wait_until(lambda s: s.status == RunStatus.PAUSED and s.step >= 5).step
    assert run.weights(timeout=20)[0] == stands
    run.resume()
    assert run.wait(20).status == RunStatus.FINISHED
    assert curves(run.snapshot) == curves(whole.snapshot)
    for name, array in whole.weights()[1].items():
        np.testing.assert_array_equal(run.weights()[1][name], array)


def test_settings_change_while_a_run_rests(make_run, small, resting, soon):
    run = make_run(small(steps=40))
    run.pause()
    assert resting.wait(20)
    run.change(unrollings=9, learning_rate=0.25)
    run.wait_until(lambda s: s.live.unrollings == 9)
    run.resume()
    shot = run.wait(20)
    assert (shot.status, shot.step) == (RunStatus.FINISHED, 40)
    assert shot.history.column("learning_rate")[-1] == pytest.approx(0.25, rel=0.2)


def test_a_run_that_waits_for_its_place_again_lets_its_engine_go(make_run, small, resting):
    slots = Slots(1)
    run = make_run(small(**ENDLESS), slots)
    run.wait_until(lambda s: s.step > 0)
    run.pause()
    run.wait_until(has(RunStatus.PAUSED))
    other = make_run(small(**ENDLESS), slots)
    other.wait_until(has(RunStatus.RUNNING))
    run.resume()
    assert resting.wait(20)
    assert resting.engine_is_gone
    other.stop()
    step = run.snapshot.step
    run.wait_until(lambda s: s.step > step)
