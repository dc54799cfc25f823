"""A run that nobody looks at ends with its state where its place is wanted, else it trains on."""

from queue import Queue

import pytest
from run_watching import ENDLESS, has

from core.records import RunStatus
from core.training import driver
from core.training.attendance import Attendance, _Guard
from core.training.manager import RunManager


@pytest.fixture
def start(load_text, small):
    """Starts runs that are guarded, in a place each."""
    managers = []

    def make(attendance, **options):
        manager = RunManager(max_running=2, load_text=load_text, observe=attendance.guard)
        managers.append(manager)
        return manager.start(small(**ENDLESS), **options)

    yield make
    for manager in managers:
        manager.stop_all()


@pytest.fixture
def idled(monkeypatch):
    """Runs on hold are soon idle, again and again; waits until one has been so for a while."""
    runs, idle = Queue(), _Guard.idle

    def noted(guard):
        idle(guard)
        runs.put(guard._run)

    monkeypatch.setattr(driver, "_IDLE", 0.01)
    monkeypatch.setattr(_Guard, "idle", noted)

    def wait_for(run):
        while not runs.empty():
            runs.get()
        often = 0
        while often < 3:  # the first may have begun before
            often += runs.get(timeout=20) is run

    return wait_for


def test_a_run_that_nobody_has_seen_for_so_long_is_held_with_its_state_and_says_so(start, clock):
    run = start(Attendance(600, lambda run: True, clock))
    run.wait_until(lambda shot: shot.step > 2)
    clock.now = 599.0
    step = run.snapshot.step
    assert run.wait_until(lambda shot: shot.step > step + 2).status == RunStatus.RUNNING
    clock.now = 601.0
    shot = run.wait(20)
    assert (shot.status, shot.message) == (
        RunStatus.INTERRUPTED,
        "Nobody looked at this run for 10 minutes and others share this server, so it was ended "
        "and is kept. Resume goes on from here.",
    )
    assert run.weights()[0] == shot.step > 2


def test_a_run_whose_records_are_not_kept_is_paused_and_loses_nothing(load_text, small, clock):
    attendance = Attendance(600, lambda run: True, clock)
    manager = RunManager(load_text=load_text, observe=lambda run: attendance.guard(run, kept=False))
    run = manager.start(small(**ENDLESS))
    run.wait_until(lambda shot: shot.step > 2)
    clock.now = 601.0
    assert run.wait_until(has(RunStatus.PAUSED)).message == attendance.reason
    run.resume()  # by whoever comes back, and so sees it
    assert run.wait_until(has(RunStatus.RUNNING)).message == ""
    manager.stop_all()


def test_a_run_that_somebody_paused_and_left_ends_too_and_one_that_is_looked_at_stays(
    start, clock, idled
):
    attendance = Attendance(600, lambda run: True, clock)
    left, watched = start(attendance), start(attendance)
    for run in (left, watched):
        run.wait_until(lambda shot: shot.step > 2)
        run.pause()
        run.wait_until(has(RunStatus.PAUSED))
    clock.now = 601.0
    attendance.seen(watched.run_id)
    clock.now = 700.0
    shot = left.wait(20)
    assert (shot.status, shot.message) == (RunStatus.INTERRUPTED, attendance.reason)
    assert left.weights()[0] == shot.step > 2
    idled(watched)
    assert watched.snapshot.status == RunStatus.PAUSED


def test_a_paused_run_that_ended_unseen_would_be_lost_where_nothing_is_kept(
    load_text, small, clock, idled
):
    attendance = Attendance(600, lambda run: True, clock)
    manager = RunManager(load_text=load_text, observe=lambda run: attendance.guard(run, kept=False))
    run = manager.start(small(**ENDLESS))
    run.pause()
    run.wait_until(has(RunStatus.PAUSED))
    clock.now = 700.0
    idled(run)
    assert run.snapshot.status == RunStatus.PAUSED
    manager.stop_all()


def test_a_run_that_is_looked_at_trains_on(start, clock):
    attendance = Attendance(600, lambda run: True, clock)
    run = start(attendance)
    for minute in range(1, 40):
        clock.now = 60.0 * minute
        attendance.seen(run.run_id)
    step = run.snapshot.step
    assert run.wait_until(lambda shot: shot.step > step + 50).status == RunStatus.RUNNING


def test_where_nobody_wants_its_place_a_run_trains_unseen(start, clock):
    asked = []
    run = start(Attendance(600, lambda run: asked.append(run), clock))
    clock.now = 10_000.0
    run.wait_until(lambda shot: len(asked) > 0)
    assert run.wait_until(lambda shot: shot.step > 50).status == RunStatus.RUNNING


def test_a_lane_of_a_race_ends_too_to_be_resumed_by_itself(start, clock):
    class Alone:
        def turn(self, *_):
            return True

        over = stands = leave = wake = lambda *_: False

    run = start(Attendance(600, lambda run: True, clock), race=Alone())
    run.wait_until(lambda shot: shot.step > 2)
    clock.now = 601.0
    shot = run.wait(20)
    assert (shot.status, shot.message[:30]) == (
        RunStatus.INTERRUPTED,
        "Nobody looked at this run for ",
    )


def test_nothing_is_remembered_of_runs_that_have_ended_or_that_nobody_guards(start, clock):
    attendance = Attendance(600, lambda run: True, clock)
    run = start(attendance)
    attendance.seen("made up")
    assert list(attendance._seen) == [run.run_id]
    run.stop()
    run.wait(20)
    assert list(attendance._seen) == []


def test_a_run_that_is_forgotten_while_it_asks_is_left_alone(start, clock):
    attendance = Attendance(600, lambda run: True, clock)
    run = start(attendance)
    attendance.forget(run.run_id)
    clock.now = 601.0
    assert not attendance.left(run)
