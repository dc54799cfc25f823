"""Runs that wait for a place to train, and what they answer meanwhile."""

from threading import Event
from time import monotonic

import pytest
from run_watching import ENDLESS, has, occurred, pause_after, steps_taken

from core.errors import TextError
from core.records import RunStatus
from core.training.run import Run
from core.training.slots import Slots


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
