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
from core.training import held_engine
from core.training.slots import Slots
from core.training.trainer import Trainer


@pytest.fixture
def resting(monkeypatch):
    """Set once a trainer of a run rests, with which engines are gone by then.

    Without the collector: it comes to what has lived for long once in many minutes.
    """
    rested, built, build = Event(), [], held_engine.build_engine

    def noted(*arguments):
        engine = build(*arguments)
        built.append(ref(engine))
        return engine

    class Noted(Trainer):
        def rest(self):
            super().rest()
            rested.gone = [engine() is None for engine in built]
            rested.set()

    monkeypatch.setattr(held_engine, "build_engine", noted)
    monkeypatch.setattr(driver_module, "Trainer", Noted)
    gc.collect()
    gc.disable()
    yield rested
    gc.enable()


@pytest.fixture
def soon(monkeypatch):
    """Runs on hold let their engines go at once."""
    monkeypatch.setattr(driver_module, "_IDLE", 0.01)


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


def test_a_trainer_at_rest_still_tells_its_state_and_hands_out_its_weights(small, corpus):
    trainer = Trainer(small(), corpus)
    trainer.advance(3)
    before, engine = trainer.state(), ref(trainer.engine)
    trainer.rest()
    gc.collect()
    assert engine() is None
    assert trainer.weights()["U"] is trainer.weights()["U"]
    after = trainer.state()
    assert engine() is None
    assert list(after.arrays) == list(before.arrays)
    for name, array in before.arrays.items():
        assert array.tobytes() == after.arrays[name].tobytes()


def test_a_run_on_hold_lets_its_engine_go_and_answers_and_goes_on_all_the_same(
    make_run, small, resting, soon
):
    config = small(steps=60, report_every=20)
    run = make_run(config)
    run.pause()
    assert resting.wait(20)
    assert resting.gone[0]
    before = run.weights(timeout=20)[0]
    run.advance(5)
    run.wait_until(has(RunStatus.PAUSED, before + 5))
    assert run.weights(timeout=20)[0] == before + 5
    run.resume()
    assert run.wait(20).status == RunStatus.FINISHED
    whole = make_run(config)
    whole.wait(20)
    assert curves(run.snapshot) == curves(whole.snapshot)
    for name, array in whole.weights()[1].items():
        np.testing.assert_array_equal(run.weights()[1][name], array)


def test_who_asks_for_weights_all_the_while_keeps_no_engine(make_run, small, resting, monkeypatch):
    monkeypatch.setattr(driver_module, "_IDLE", 0.2)
    run = make_run(small(**ENDLESS))
    run.pause()
    run.wait_until(has(RunStatus.PAUSED))
    asked = 0
    while not resting.is_set():
        assert run.weights(timeout=20)
        asked += 1
        assert asked < 1_000_000
    assert asked > 1


def test_a_run_that_would_not_fit_any_more_is_not_woken(
    make_run, small, resting, soon, monkeypatch
):
    run = make_run(small(**ENDLESS))
    run.pause()
    assert resting.wait(20)
    monkeypatch.setattr("core.engines.memory.free_bytes", lambda: 976)
    run.resume()
    shot = run.wait(20)
    assert shot.status == RunStatus.FAILED
    assert "of memory, and 976 bytes are free here. Lower one of them." in shot.message
    assert not shot.traceback


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
    assert resting.gone[0]
    other.stop()
    step = run.snapshot.step
    run.wait_until(lambda s: s.step > step)


def test_a_lane_of_a_race_that_holds_still_lets_its_engine_go(make_run, small, resting):
    class Held:
        def __init__(self):
            self.goes_on = Event()

        def stands(self, _):
            return not self.goes_on.is_set()

        def turn(self, *_):
            return self.goes_on.wait(20)

        over = leave = wake = lambda *_: False

    race = Held()
    run = make_run(small(steps=10), race=race)
    assert resting.wait(20)
    assert resting.gone[0]
    race.goes_on.set()
    assert run.wait(20).status == RunStatus.FINISHED
