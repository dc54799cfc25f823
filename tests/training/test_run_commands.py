"""What commands do to a run, and when.

A gated run trains only as far as the test lets it, so "within one step" is exact.
"""

from threading import Event

import numpy as np
import pytest
from run_watching import curves, has, occurred, pause_after, steps_taken

from core.config import LiveSettings
from core.errors import ConfigError, RunError
from core.records import RunStatus

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


def test_an_advance_by_no_step_is_refused_and_changes_nothing(make_run, gate, small):
    run = make_run(small(steps=3))
    with pytest.raises(RunError, match="steps=-1 is not allowed: choose 1 or more"):
        run.advance(-1)
    gate.let(100)
    assert run.wait(20).status == RunStatus.FINISHED


def test_an_advance_forgets_why_the_run_was_held(make_run, gate, small):
    run = make_run(small(steps=40))
    gate.stand_before(2)
    run.hold("The disk is full.")
    gate.let(100)
    assert run.wait_until(has(RunStatus.PAUSED, 2)).message == "The disk is full."
    run.advance(2)
    shot = run.wait_until(lambda shot: shot.step == 4 and shot.message == "")
    assert shot.status == RunStatus.PAUSED


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
