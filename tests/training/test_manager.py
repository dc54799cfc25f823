"""The runs of a process: started, found, forgotten and stopped."""

from threading import Event

import pytest

from core.errors import ConfigError, RunError, StoreError
from core.records import RunStatus
from core.training.manager import RunManager
from core.training.observer import RunObserver

ENDLESS = {"steps": 1_000_000, "report_every": 1_000_000}


@pytest.fixture
def make_manager(load_text):
    managers = []

    def make(**options):
        managers.append(RunManager(load_text=load_text, **options))
        return managers[-1]

    yield make
    for manager in managers:
        manager.stop_all()


def running(shot):
    return shot.status == RunStatus.RUNNING


def test_a_started_run_is_found_by_its_name(make_manager, small):
    manager = make_manager()
    run = manager.start(small(steps=3))
    assert manager.get(run.run_id) is run
    assert manager.get("no such run") is None
    shot = run.wait(20)
    assert (shot.status, shot.step, shot.text_title) == (RunStatus.FINISHED, 3, "words")


def test_runs_come_newest_first_and_have_names_of_their_own(make_manager, small):
    manager = make_manager()
    assert manager.runs() == []
    runs = [manager.start(small(steps=1)) for _ in range(5)]
    assert manager.runs() == runs[::-1]
    assert len({run.run_id for run in runs}) == 5


def test_only_so_many_runs_train_at_once(make_manager, small):
    manager = make_manager(max_running=2)
    first, second = (manager.start(small(**ENDLESS)) for _ in range(2))
    first.wait_until(running)
    second.wait_until(running)
    third = manager.start(small(steps=3))
    assert third.snapshot.status == RunStatus.QUEUED
    second.stop()
    assert third.wait(20).status == RunStatus.FINISHED
    assert first.snapshot.status == RunStatus.RUNNING


def test_the_latest_active_run_is_the_newest_that_can_still_train(make_manager, small):
    manager = make_manager()
    assert manager.latest_active() is None
    first, second = manager.start(small(**ENDLESS)), manager.start(small(**ENDLESS))
    first.wait_until(running)
    second.wait_until(running)
    manager.start(small(steps=1))
    assert manager.runs()[0].snapshot.status == RunStatus.QUEUED
    manager.runs()[0].stop()
    manager.runs()[0].wait(20)
    assert manager.latest_active() is second
    second.pause()
    second.wait_until(lambda shot: shot.status == RunStatus.PAUSED)
    assert manager.latest_active() is second
    second.stop()
    second.wait(20)
    assert manager.latest_active() is first


def test_the_oldest_ended_runs_are_forgotten_and_active_ones_never(make_manager, small):
    manager = make_manager(max_running=3, max_kept=2)
    kept = manager.start(small(**ENDLESS))
    ended = []
    for _ in range(4):
        ended.append(manager.start(small(steps=1)))
        ended[-1].wait(20)
    last = manager.start(small(**ENDLESS))
    assert manager.runs() == [last, ended[3], ended[2], kept]
    assert manager.get(ended[0].run_id) is None


def test_who_holds_on_to_a_forgotten_run_holds_what_it_was_and_not_what_it_did(make_manager, small):
    class Race:
        stands = over = leave = wake = lambda *_: False

        def turn(self, *_):
            return True

    manager = make_manager(max_running=1, max_kept=1)
    config = small(steps=3, probe_every=1)
    first, lane = manager.start(config), manager.start(config, race=Race())
    for run in (first, lane, manager.start(config)):
        run.wait(20)
    manager.start(small(**ENDLESS))
    assert [run in manager.runs() for run in (first, lane)] == [False, False]
    shot = first.snapshot
    assert (shot.status, shot.step, shot.config) == (RunStatus.FINISHED, 3, config)
    assert (len(shot.history), shot.reports, shot.probes) == (0, (), ())
    assert [event.kind for event in shot.events] == ["finished"]
    assert first.weights() is None
    assert len(lane.snapshot.history) == 3  # a race shows its lanes for as long as it is there
    assert lane.weights()[0] == 3


def test_a_run_that_was_deleted_is_held_no_longer_and_one_that_trains_is(make_manager, small):
    manager = make_manager()
    ended, trains = manager.start(small(steps=1)), manager.start(small(**ENDLESS))
    ended.wait(20)
    for run_id in (ended.run_id, trains.run_id, "made up"):
        manager.forget(run_id)
    assert manager.runs() == [trains]


def test_stopping_all_ends_every_run(make_manager, small):
    manager = make_manager(max_running=1)
    runs = [manager.start(small(**ENDLESS)) for _ in range(3)]
    runs[0].wait_until(running)
    manager.stop_all()
    assert [run.snapshot.status for run in runs] == [RunStatus.STOPPED] * 3
    manager.stop_all()


def test_a_program_that_ends_interrupts_every_run_and_keeps_the_states(make_manager, small):
    manager = make_manager(max_running=1)
    trains, waits = (manager.start(small(**ENDLESS)) for _ in range(2))
    trains.wait_until(running)
    ended = manager.start(small(steps=1))
    ended.stop()
    assert ended.wait(20).status == RunStatus.STOPPED
    assert manager.interrupt_all(20)
    for run in (trains, waits):
        shot = run.snapshot
        assert (shot.status, shot.events[-1].kind) == (RunStatus.INTERRUPTED, "interrupted")
        assert shot.message == "The program was ended. Resume goes on from here."
        assert shot.events[-1].step == shot.step
    assert ended.snapshot.status == RunStatus.STOPPED


def test_a_step_without_an_end_does_not_hold_up_a_program_that_ends(make_manager, small):
    passed = Event()
    slow = RunObserver()
    slow.record = lambda record: passed.wait(20)
    manager = make_manager(observe=lambda run: slow)
    run = manager.start(small(**ENDLESS))
    run.wait_until(running)
    assert not manager.interrupt_all(0.01)
    passed.set()
    assert run.wait(20).status == RunStatus.INTERRUPTED


def test_a_run_is_found_before_it_is_recorded(make_manager, small):
    found = []

    def observe(run):  # as slow as a disk
        found.append(manager.get(run.run_id) is run and manager.latest_active() is run)
        return RunObserver()

    manager = make_manager(observe=observe)
    assert manager.start(small(steps=1)).wait(20).status == RunStatus.FINISHED
    assert found == [True]


def test_a_run_that_cannot_be_recorded_is_not_started(make_manager, small):
    def observe(run):
        raise StoreError("The disk is full.")

    manager = make_manager(observe=observe)
    with pytest.raises(StoreError, match="The disk is full"):
        manager.start(small(steps=1))
    assert manager.runs() == []


def test_a_press_too_many_starts_nothing_until_a_run_has_ended(make_manager, small):
    manager = make_manager(max_running=1, most_active=3)
    runs = [manager.start(small(**ENDLESS)) for _ in range(3)]
    for _ in range(20):
        with pytest.raises(RunError, match="3 runs train, wait or are paused already, and 3 may"):
            manager.start(small(**ENDLESS))
    assert manager.runs() == runs[::-1]
    runs[1].stop()
    runs[1].wait(20)
    assert manager.start(small(**ENDLESS)).snapshot.status == RunStatus.QUEUED


def test_a_run_that_would_not_fit_into_the_memory_is_not_started(make_manager, small, monkeypatch):
    monkeypatch.setattr("core.engines.memory.free_bytes", lambda: 976)
    manager = make_manager()
    with pytest.raises(ConfigError, match="of memory, and 976 bytes are free"):
        manager.start(small(unrollings=100, nodes=200, device="cpu"))
    assert manager.runs() == []


def test_of_two_who_go_on_with_one_run_at_once_the_second_is_refused(make_manager, small):
    manager = make_manager()
    run = manager.start(small(**ENDLESS))
    run.wait_until(lambda s: s.step > 2)
    with pytest.raises(RunError, match=rf"^Run {run.run_id} is running: it goes on already"):
        manager.start(small(**ENDLESS), run_id=run.run_id)
    assert manager.runs() == [run]


def test_a_run_for_which_there_is_no_thread_has_failed_and_holds_nobody_up(
    make_manager, small, monkeypatch
):
    def start(thread):
        raise RuntimeError("can't start new thread")

    told = []

    class Told(RunObserver):
        def status(self, status, message):
            told.append(status)

    manager = make_manager(max_running=1)
    manager._observe = lambda run: Told()
    with monkeypatch.context() as patch:
        patch.setattr("core.training.run.Thread.start", start)
        with pytest.raises(RunError, match=r"no thread for the run \(can't start new thread\)"):
            manager.start(small(steps=1), run_id="none")
    failed = manager.get("none").wait(1).status
    assert (failed, told) == (RunStatus.FAILED, [RunStatus.FAILED])
    assert manager.start(small(steps=1)).wait(20).status == RunStatus.FINISHED
