"""A run in its thread: what commands do and when, what readers see, and how it can end.

A gated run trains only as far as the test lets it, so "within one step" is exact.
"""

from dataclasses import FrozenInstanceError
from math import log
from threading import Event
from time import monotonic

import numpy as np
import pytest
import torch

from core.config import LiveSettings
from core.errors import ConfigError, RunError, TextError
from core.history import History
from core.records import RunStatus, StepRecord
from core.training.run import Run, RunSnapshot
from core.training.slots import Slots

ENDLESS = {"steps": 1_000_000, "report_every": 1_000_000}


def has(status, step=None):
    """A condition for `wait_until`."""
    return lambda shot: shot.status == status and step in (None, shot.step)


def occurred(shot, *kinds):
    """The steps and kinds of all events, or of these kinds."""
    return [(event.step, event.kind) for event in shot.events if not kinds or event.kind in kinds]


def steps_taken(run, gate):
    """Where a run that holds still stands. Its thread answers, so it is not at the gate."""
    step, _ = run.weights(timeout=20)
    assert gate.arrived == step
    return step


def pause_after(run, gate, step):
    """Pause while this step is being taken."""
    gate.stand_before(step)
    run.pause()
    gate.let(1)
    return run.wait_until(has(RunStatus.PAUSED, step))


def curves(shot):
    """All that training computed, without the clock."""
    columns = ("step", "characters_seen", "loss_nats", "grad_norm", "learning_rate")
    return (
        {name: shot.history.column(name).tolist() for name in columns},
        [(r.step, r.train_loss_nats, r.validation_loss_nats, r.sample) for r in shot.reports],
    )


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
    given = {name: torch.full(shape, 0.25) for name, shape in config.parameter_shapes.items()}
    run = make_run(config, initial_weights=given)
    run.wait(20)
    step, weights = run.weights()
    assert step == 0
    for name, shape in config.parameter_shapes.items():
        np.testing.assert_array_equal(weights[name], np.full(shape, 0.25, np.float32))


# -- commands --------------------------------------------------------------------------------


def test_pause_and_resume_take_effect_within_one_step(make_run, gate, small):
    run = make_run(small(steps=10))
    shot = pause_after(run, gate, 5)
    assert steps_taken(run, gate) == 5
    assert len(shot.history) == 5
    assert occurred(shot) == [(5, "paused")]

    run.resume()
    gate.await_arrival(6)
    assert run.wait_until(has(RunStatus.RUNNING)).step == 5
    gate.open()
    shot = run.wait(20)
    assert occurred(shot) == [(5, "paused"), (5, "resumed"), (10, "finished")]


def test_stop_takes_effect_within_one_step_and_keeps_the_records(make_run, gate, small):
    run = make_run(small(steps=10, report_every=2))
    gate.stand_before(5)
    run.stop()
    gate.let(1)
    shot = run.wait(20)
    assert (shot.status, shot.step) == (RunStatus.STOPPED, 5)
    assert shot.message == "Stopped before the last step."
    assert gate.arrived == 5
    assert len(shot.history) == 5
    assert [report.step for report in shot.reports] == [0, 2, 4]
    assert occurred(shot) == [(5, "stopped")]


def test_a_paused_run_can_be_stopped(make_run, gate, small):
    run = make_run(small())
    pause_after(run, gate, 3)
    run.stop()
    shot = run.wait(20)
    assert (shot.status, shot.step) == (RunStatus.STOPPED, 3)


def test_a_pause_before_the_first_step_holds_there(make_run, gate, small, corpus):
    loading, go_on = Event(), Event()

    def load(key, progress):
        loading.set()
        assert go_on.wait(20)
        return corpus

    run = make_run(small(), load_text=load)
    assert loading.wait(20)
    run.pause()
    go_on.set()
    assert run.wait_until(has(RunStatus.PAUSED)).step == 0
    assert gate.arrived == 0


def test_advance_takes_so_many_steps_and_holds_still_again(make_run, gate, small):
    run = make_run(small(steps=40))
    pause_after(run, gate, 2)
    gate.let(100)
    run.advance()
    assert run.wait_until(has(RunStatus.PAUSED, 3))
    assert steps_taken(run, gate) == 3
    run.advance(10)
    assert run.wait_until(has(RunStatus.PAUSED, 13))
    assert steps_taken(run, gate) == 13
    run.resume()
    assert run.wait(20).step == 40


def test_advance_pauses_a_run_that_trains_after_so_many_steps(make_run, gate, small):
    run = make_run(small(steps=40))
    gate.stand_before(5)
    run.advance(3)
    gate.let(100)
    shot = run.wait_until(has(RunStatus.PAUSED))
    assert shot.step == 8  # the step that was being taken, and three more
    assert steps_taken(run, gate) == 8


def test_two_advances_add_up(make_run, gate, small):
    run = make_run(small(steps=40))
    pause_after(run, gate, 1)
    run.advance(2)
    run.advance(3)
    gate.let(100)
    run.wait_until(has(RunStatus.PAUSED, 6))
    assert steps_taken(run, gate) == 6


def test_a_pause_ends_an_advance_within_one_step(make_run, gate, small):
    run = make_run(small(steps=40))
    pause_after(run, gate, 2)
    run.advance(30)
    gate.await_arrival(3)
    run.pause()
    gate.let(100)
    run.wait_until(has(RunStatus.PAUSED, 3))
    assert steps_taken(run, gate) == 3


def test_an_advance_past_the_last_step_finishes_the_run(make_run, gate, small):
    run = make_run(small(steps=4))
    pause_after(run, gate, 2)
    gate.open()
    run.advance(10)
    assert occurred(run.wait(20)) == [(2, "paused"), (4, "finished")]


def test_pausing_again_or_resuming_twice_is_no_event(make_run, gate, small):
    run = make_run(small(steps=6))
    pause_after(run, gate, 2)
    run.pause()
    run.pause()
    assert steps_taken(run, gate) == 2
    run.resume()
    run.resume()
    gate.open()
    assert occurred(run.wait(20)) == [(2, "paused"), (2, "resumed"), (6, "finished")]


def test_an_ended_run_takes_no_commands_but_stop(make_run, small):
    run = make_run(small(steps=1))
    run.wait(20)
    message = "This run is finished and takes no more commands; start a new one."
    for command in (run.pause, run.resume, run.advance, lambda: run.change(clip=2)):
        with pytest.raises(RunError) as caught:
            command()
        assert str(caught.value) == message
    run.stop()
    assert run.snapshot.status == RunStatus.FINISHED


# -- what a pause keeps ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        {"optimiser": "adam"},
        {"optimiser": "adadelta", "learning_rate": 2.5, "activation": "relu"},
        {"architecture": "arch2", "feedback": "free"},
    ],
)
def test_pause_keeps_the_hidden_state(settings, make_run, gate, small):
    config = small(steps=30, report_every=7, **settings)
    paused = make_run(config)
    for step in (1, 2, 9, 20):
        pause_after(paused, gate, step)
        paused.resume()
        gate.await_arrival(step + 1)
    gate.open()
    straight = make_run(config)
    assert curves(paused.wait(20)) == curves(straight.wait(20))


def test_advancing_step_by_step_trains_the_same_curve(make_run, gate, small):
    config = small(steps=15)
    stepped = make_run(config)
    pause_after(stepped, gate, 1)
    gate.open()
    for step in range(2, 15):
        stepped.advance()
        stepped.wait_until(has(RunStatus.PAUSED, step))
    stepped.resume()
    assert curves(stepped.wait(20)) == curves(make_run(config).wait(20))


# -- live changes ----------------------------------------------------------------------------


def test_a_live_change_counts_from_the_next_step_and_becomes_an_event(make_run, gate, small):
    run = make_run(small(steps=8, learning_rate=0.002, clip=1.25))
    gate.stand_before(3)
    run.change(learning_rate=0.5)
    gate.stand_before(6)
    run.change(clip=1e-3, unrollings=9)
    gate.open()
    shot = run.wait(20)
    assert [(e.step, e.kind, e.value) for e in shot.events[:-1]] == [
        (3, "learning_rate", 0.5),
        (6, "clip", 1e-3),
        (6, "unrollings", 9),
    ]
    assert shot.history.column("learning_rate").tolist() == [0.002] * 3 + [0.5] * 5
    np.testing.assert_allclose(shot.history.column("grad_norm_clipped")[6:], 1e-3)
    per_step = np.diff(shot.history.column("characters_seen"), prepend=0)
    assert per_step.tolist() == [24] * 6 + [36] * 2
    assert shot.live == run.live == LiveSettings(learning_rate=0.5, clip=1e-3, unrollings=9)
    assert shot.config.live == LiveSettings(learning_rate=0.002, clip=1.25, unrollings=6)


def test_a_change_while_paused_is_noted_at_once(make_run, gate, small):
    run = make_run(small(steps=8))
    pause_after(run, gate, 4)
    run.change(clip=0.5)
    shot = run.wait_until(lambda shot: shot.live.clip == 0.5)
    assert shot.status == RunStatus.PAUSED
    assert occurred(shot) == [(4, "paused"), (4, "clip")]
    assert steps_taken(run, gate) == 4


def test_changing_nothing_is_no_event(make_run, gate, small):
    run = make_run(small(steps=5, clip=2))
    gate.stand_before(3)
    run.change(clip=2)
    run.change(clip=3)
    run.change(clip=2)
    gate.open()
    assert occurred(run.wait(20)) == [(5, "finished")]


def test_changes_before_one_step_are_taken_together(make_run, gate, small):
    run = make_run(small(steps=5))
    gate.stand_before(2)
    run.change(clip=3)
    run.change(learning_rate=1)
    assert run.live == LiveSettings(learning_rate=1, clip=3, unrollings=6)
    gate.open()
    assert occurred(run.wait(20), "clip", "learning_rate") == [(2, "learning_rate"), (2, "clip")]


def test_a_value_that_is_not_allowed_is_refused_at_once(make_run, gate, small):
    run = make_run(small(steps=5))
    gate.stand_before(2)
    for wrong, name in (({"unrollings": 0}, "unrollings"), ({"nodes": 5}, "nodes")):
        with pytest.raises(ConfigError, match=name):
            run.change(clip=3, **wrong)
    gate.open()
    shot = run.wait(20)
    assert occurred(shot) == [(5, "finished")]
    assert shot.live == shot.config.live


def test_unrollings_too_long_for_the_text_are_refused_in_an_event_and_the_run_goes_on(
    make_run, gate, small, make_corpus
):
    short = make_corpus(200)  # 190 to train on
    run = make_run(small(steps=6), load_text=lambda key, progress: short)
    gate.stand_before(3)
    run.change(unrollings=100, clip=0.5)
    gate.stand_before(4)
    assert run.live == LiveSettings(learning_rate=0.002, clip=0.5, unrollings=6)
    run.change(learning_rate=0.1)
    gate.open()
    shot = run.wait(20)
    assert [(e.step, e.kind, e.value, e.text) for e in shot.events[:-1]] == [
        (
            3,
            "refused",
            None,
            "unrollings=100 with batch_size=4 needs 404 characters; this text has 190. "
            "Lower either, or pick a longer text.",
        ),
        (3, "clip", 0.5, ""),  # what else was asked for still counts
        (4, "learning_rate", 0.1, ""),
    ]
    assert (shot.status, shot.step, shot.characters_seen) == (RunStatus.FINISHED, 6, 6 * 24)


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


# -- the queue -------------------------------------------------------------------------------


def test_a_third_run_waits_for_a_place_and_a_pause_gives_it_one(make_run, small):
    slots, config = Slots(2), small(**ENDLESS)
    first, second = make_run(config, slots), make_run(config, slots)
    for run in (first, second):
        run.wait_until(lambda shot: shot.step > 0)
    third = make_run(config, slots)
    assert third.snapshot.status == RunStatus.QUEUED

    first.pause()
    third.wait_until(lambda shot: shot.step > 0)
    assert first.snapshot.status == RunStatus.PAUSED

    first.resume()
    first.wait_until(has(RunStatus.QUEUED))
    second.stop()
    first.wait_until(has(RunStatus.RUNNING))
    assert [event.kind for event in first.snapshot.events] == ["paused", "resumed"]
    assert second.wait(20).status == RunStatus.STOPPED


@pytest.mark.parametrize("load", ["fails", "finishes"])
def test_a_run_that_ends_gives_its_place_back(load, make_run, small):
    def broken(key, progress):
        raise TextError("no text")

    slots = Slots(1)
    options = {"load_text": broken} if load == "fails" else {}
    for _ in range(3):
        assert not make_run(small(steps=2), slots, **options).wait(20).status.active


def test_a_queued_run_can_be_stopped(make_run, small):
    slots = Slots(1)
    first = make_run(small(**ENDLESS), slots)
    first.wait_until(has(RunStatus.RUNNING))
    queued = make_run(small(), slots)
    queued.stop()
    shot = queued.wait(20)
    assert (shot.status, shot.step, shot.message) == (
        RunStatus.STOPPED,
        0,
        "Stopped before the last step.",
    )
    assert queued.weights() is None
    assert first.snapshot.status == RunStatus.RUNNING


def test_a_run_that_waits_for_its_place_again_obeys_a_pause_before_it_trains(
    make_run, gate, small, monkeypatch
):
    slots = Slots(1)
    run = make_run(small(), slots)
    pause_after(run, gate, 3)
    assert slots.acquire(lambda: False)
    run.resume()
    run.wait_until(has(RunStatus.QUEUED))
    run.pause()
    slots.release()
    run.wait_until(lambda shot: occurred(shot, "paused") == [(3, "paused"), (3, "paused")])
    assert steps_taken(run, gate) == 3


def test_weights_of_a_run_without_a_network_yet_are_none_and_asked_for_in_no_time(
    make_run, small, corpus
):
    slots, loading, go_on = Slots(1), Event(), Event()

    def load(key, progress):
        loading.set()
        assert go_on.wait(20)
        return corpus

    first = make_run(small(), slots, load_text=load)
    assert loading.wait(20)
    queued = make_run(small(), slots)
    began = monotonic()
    assert first.weights(timeout=15) is None
    assert queued.weights(timeout=15) is None
    assert Run("idle", small(), Slots(1)).weights(timeout=15) is None
    assert monotonic() - began < 10
    go_on.set()


def test_weights_of_a_run_that_waits_for_its_place_again_are_those_it_paused_with(
    make_run, gate, small
):
    slots = Slots(1)
    run = make_run(small(), slots)
    pause_after(run, gate, 3)
    assert slots.acquire(lambda: False)
    run.resume()
    run.wait_until(has(RunStatus.QUEUED))
    began = monotonic()
    step, weights = run.weights(timeout=15)
    assert step == 3
    assert set(weights) == set("UWbVc")
    assert monotonic() - began < 10
    slots.release()


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
