"""A run in its thread: how it ends, and what readers see of it."""

import gc
from dataclasses import FrozenInstanceError
from math import log
from threading import Event
from weakref import ref

import numpy as np
import pytest
from run_watching import curves, has, occurred, pause_after

from core.errors import TextError
from core.history import History
from core.records import RunStatus, StepRecord
from core.training import driver as driver_module
from core.training.run import Run
from core.training.slots import Slots
from core.training.snapshot import RunSnapshot
from core.training.state import Past
from core.training.trainer import Trainer

# -- a run without disturbance ---------------------------------------------------------------


def test_a_run_trains_all_its_steps_and_says_so(make_run, small, corpus):
    shot = make_run(small(steps=25)).wait(20)
    assert (shot.status, shot.step, shot.message) == ("finished", 25, "All steps are done.")
    assert shot.characters_seen == 25 * 4 * 6
    assert shot.history.column("step").tolist() == list(range(1, 26))
    assert [report.step for report in shot.reports] == [0, 10, 20, 25]
    assert occurred(shot) == [(25, "finished")]
    assert shot.seconds == shot.reports[-1].seconds > 0
    assert shot.traceback == ""
    assert (shot.device, shot.device_reason) == ("cpu", "as asked for")
    assert (shot.text_title, shot.text_length) == ("words", len(corpus))
    assert list(shot.floors) == ["uniform", "unigram", "bigram", "trigram", "fourgram"]
    assert log(27) == shot.floors["uniform"] > shot.floors["unigram"] > shot.floors["bigram"] > 0


def test_a_run_of_no_steps_reports_once(make_run, small):
    shot = make_run(small(steps=0)).wait(20)
    assert shot.status == RunStatus.FINISHED
    assert [report.step for report in shot.reports] == [0]
    assert len(shot.history) == 0


def test_a_run_starts_from_the_given_weights(make_run, small):
    config = small(steps=0)
    given = {
        name: np.full(shape, 0.25, np.float32) for name, shape in config.parameter_shapes.items()
    }
    run = make_run(config, initial_weights=given)
    run.wait(20)
    step, weights = run.weights()
    assert step == 0
    for name, shape in config.parameter_shapes.items():
        np.testing.assert_array_equal(weights[name], np.full(shape, 0.25, np.float32))


# -- ends nobody asked for -------------------------------------------------------------------


def test_an_expected_error_fails_the_run_with_its_sentence_alone(make_run, small):
    def load(key, progress):
        raise TextError("There is no text 'builtin': choose another.")

    shot = make_run(small(), load_text=load).wait(20)
    assert (shot.status, shot.step) == (RunStatus.FAILED, 0)
    assert shot.message == "There is no text 'builtin': choose another."
    assert shot.traceback == ""
    assert [(e.step, e.kind, e.text) for e in shot.events] == [(0, "failed", shot.message)]


def test_a_text_too_short_for_the_windows_fails_the_run(make_run, small, make_corpus):
    short = make_corpus(200)
    shot = make_run(small(unrollings=48), load_text=lambda key, progress: short).wait(20)
    assert shot.status == RunStatus.FAILED
    assert shot.message.startswith("unrollings=48 with batch_size=4 needs 196 characters")


def test_an_unexpected_error_fails_the_run_with_its_traceback(make_run, gate, small, monkeypatch):
    run = make_run(small())
    gate.stand_before(3)
    monkeypatch.setattr(gate, "pass_through", lambda: 1 / 0)
    gate.let(1)
    shot = run.wait(20)
    assert (shot.status, shot.step, len(shot.history)) == (RunStatus.FAILED, 3, 3)
    assert shot.message == "ZeroDivisionError: division by zero"
    assert shot.traceback.startswith("Traceback")
    assert "_train" in shot.traceback
    assert occurred(shot) == [(3, "failed")]
    assert run.weights()[0] == 3


def test_a_divergence_ends_the_run_and_keeps_the_last_finite_weights(make_run, small):
    explosive = {"activation": "relu", "init": "identity", "nodes": 20, "unrollings": 20}
    run = make_run(small(**explosive, learning_rate=100, clip=0))
    shot = run.wait(20)
    assert shot.status == RunStatus.DIVERGED
    assert shot.message.startswith(f"Diverged at step {shot.step + 1}: ")
    assert occurred(shot) == [(shot.step, "diverged")]
    assert len(shot.history) == shot.step
    step, weights = run.weights()
    assert step == shot.step
    assert all(np.isfinite(value).all() for value in weights.values())


# -- what readers see ------------------------------------------------------------------------


def test_weights_are_copies_of_the_step_they_name(make_run, gate, small, corpus):
    config = small(steps=10)
    run = make_run(config)
    pause_after(run, gate, 4)
    step, weights = run.weights()
    assert step == 4
    kept = {name: value.copy() for name, value in weights.items()}
    gate.open()
    run.resume()
    run.wait(20)
    for name, value in weights.items():
        np.testing.assert_array_equal(value, kept[name])
    step, last = run.weights()
    assert step == 10
    assert not np.array_equal(last["W"], kept["W"])

    again = make_run(config.changed(steps=4))
    again.wait(20)
    for name, value in again.weights()[1].items():
        np.testing.assert_array_equal(value, kept[name])


def test_taking_weights_from_a_live_run_does_not_change_its_losses(make_run, small):
    config = small(steps=300)
    disturbed, steps = make_run(config), set()
    while disturbed.snapshot.status.active:
        if (taken := disturbed.weights()) is not None:
            steps.add(taken[0])
    assert len(steps) > 5
    assert curves(disturbed.snapshot) == curves(make_run(config).wait(20))


def test_snapshots_never_change(make_run, gate, small):
    run = make_run(small(steps=20, report_every=2))
    shot = pause_after(run, gate, 5)
    columns, reports = curves(shot)
    events, envelope = shot.events, shot.history.envelope()
    with pytest.raises(FrozenInstanceError):
        shot.step = 6
    run.change(clip=3)
    run.resume()
    gate.open()
    assert run.wait(20).step == 20
    assert (shot.status, shot.step, shot.live.clip) == (RunStatus.PAUSED, 5, 1.25)
    assert curves(shot) == (columns, reports)
    assert shot.events == events
    for name, values in shot.history.envelope().items():
        np.testing.assert_array_equal(values, envelope[name])


def test_every_snapshot_agrees_with_itself(make_run, small):
    run, shots = make_run(small(steps=100)), []
    while not shots or shots[-1].status.active:
        shots.append(run.snapshot)
    for shot in {id(shot): shot for shot in shots}.values():
        assert len(shot.history) == shot.step
        assert shot.characters_seen == 24 * shot.step
        assert all(report.step <= shot.step for report in shot.reports)


def test_fetching_the_text_is_followed_and_can_be_stopped(make_run, small, corpus):
    go_on = Event()

    def load(key, progress):
        assert key == "builtin"
        progress(0, 0)  # a server that does not tell the size
        progress(1, 4)
        assert go_on.wait(20)
        progress(2, 4)
        return corpus

    run = make_run(small(), load_text=load)
    shot = run.wait_until(lambda shot: shot.progress == 0.25)
    assert (shot.status, shot.message) == (RunStatus.RUNNING, "Fetching the text")
    run.stop()
    go_on.set()
    shot = run.wait(20)
    assert (shot.status, shot.step, shot.progress) == (RunStatus.STOPPED, 0, None)
    assert shot.text_title == ""


def test_waiting_for_what_does_not_come_is_an_error(small):
    run = Run("idle", small(), Slots(1))
    with pytest.raises(TimeoutError, match=r"run idle did not get there in 0.01 s"):
        run.wait_until(has(RunStatus.RUNNING), timeout=0.01)


def test_a_snapshot_tells_the_pace_of_the_last_200_steps_and_the_time_left(small):
    config, history = small(steps=1_000), History()
    shot = RunSnapshot("id", config, config.live, RunStatus.RUNNING)
    assert shot.steps_per_second is None
    assert shot.seconds_left is None
    seconds = 0.0
    for step in range(1, 401):
        seconds += 10 if step <= 200 else 0.5
        history.append(StepRecord(step, 24 * step, 1, 1, 1, False, 0.1, seconds))
        if step == 1:
            one = RunSnapshot("id", config, config.live, "running", history=history.view(), step=1)
            assert one.steps_per_second is None
    shot = RunSnapshot("id", config, config.live, "running", history=history.view(), step=400)
    assert shot.steps_per_second == pytest.approx(2)
    assert shot.seconds_left == pytest.approx(300)


def test_an_ended_run_lets_its_engine_go_at_once(make_run, small, monkeypatch):
    made = []

    class Noted(Trainer):
        def __init__(self, *arguments, **named):
            super().__init__(*arguments, **named)
            made.extend((ref(self), ref(self.engine)))

    monkeypatch.setattr(driver_module, "Trainer", Noted)
    gc.collect()
    gc.disable()  # without the collector: it comes to what has lived for long once in many minutes
    try:
        run = make_run(small(steps=60))
        shot = run.wait(20)
        assert [one() for one in made] == [None, None]
    finally:
        gc.enable()
    assert (shot.status, len(shot.history)) == (RunStatus.FINISHED, 60)
    assert run.weights()[0] == 60  # the last ones are still to be had
    assert shot.history.column("step").base.size == 60  # of the room set aside nothing is kept


def test_an_ended_run_forgets_what_it_went_on_from(make_run, small):
    run = make_run(small(steps=3), past=Past())
    assert run.wait(20).status == RunStatus.FINISHED
    assert run.past is None
