"""Races: lanes in lockstep, commands on all at once, and whose race it is."""

from threading import Event

import numpy as np
import pytest

from core.errors import RunError, StoreError
from core.experiments import race as race_module
from core.experiments import races as races_module
from core.experiments.lanes import lanes_of
from core.experiments.lead import Lead
from core.experiments.lockstep import Lockstep
from core.experiments.race import Race
from core.experiments.races import Races, _Lane
from core.records import RunStatus
from core.training import driver
from core.training.attendance import Attendance
from core.training.limits import Limits
from core.training.manager import RunManager
from core.training.observer import RunObserver
from core.training.slots import Slots

PATIENCE = 20.0


@pytest.fixture
def races(load_text):
    manager = RunManager(max_running=1, load_text=load_text)
    yield Races(manager)
    manager.stop_all()


def limit_of(race):
    """Where a race holds, once its lanes have come back from their steps."""
    lockstep = race._lockstep
    with lockstep._changed:
        assert lockstep._changed.wait_for(lambda: lockstep._beyond is None, PATIENCE)
        return lockstep._limit


@pytest.mark.parametrize("count", [1, 5])
def test_a_race_has_two_to_four_lanes(races, small, count):
    with pytest.raises(RunError, match="choose 2 to 4 lanes"):
        races.start([small(seed=seed) for seed in range(count)], "step", 5)


# -- racing ---------------------------------------------------------------------------------


def test_each_lane_trains_as_it_would_alone(races, small, make_run):
    lanes = lanes_of(small(steps=12), [{"activation": "relu"}])
    race = races.start(lanes, "step", 12).wait(30)
    for lane, config in zip(race.lanes, lanes, strict=True):
        alone = make_run(config).wait(30)
        assert lane.status == RunStatus.FINISHED
        np.testing.assert_array_equal(
            lane.history.column("loss_nats"), alone.history.column("loss_nats")
        )
        assert lane.reports[-1].validation_loss_nats == alone.reports[-1].validation_loss_nats


def test_by_characters_longer_windows_take_fewer_steps(races, small):
    lanes = lanes_of(small(unrollings=5, report_every=10), [{"unrollings": 10}])
    race = races.start(lanes, "characters_seen", 4 * 5 * 40).wait(30)
    assert [lane.step for lane in race.lanes] == [40, 20]
    assert [lane.characters_seen for lane in race.lanes] == [800, 800]
    places = [[report.characters_seen for report in lane.reports] for lane in race.lanes]
    assert places == [[0, 200, 400, 600, 800]] * 2


def test_no_lane_is_ever_more_than_one_window_ahead(races, small, monkeypatch):
    ahead = []
    turn = Lockstep.turn

    def watched(self, name, position, interrupted, patience):
        may = turn(self, name, position, interrupted, patience)
        known = [p for p in self._positions.values() if p is not None]
        ahead.append(position - min(known))
        return may

    monkeypatch.setattr(Lockstep, "turn", watched)
    lanes = lanes_of(small(unrollings=5), [{"unrollings": 10}, {"unrollings": 7}])
    races.start(lanes, "characters_seen", 4 * 5 * 60).wait(30)
    assert len(ahead) > 60 + 30
    assert max(ahead) == 0  # who goes is the one furthest behind


def test_pause_step_and_resume_act_on_all(races, small):
    lanes = lanes_of(small(unrollings=5), [{"unrollings": 10}])
    race = races.start(lanes, "characters_seen", 4 * 5 * 1_000_000)
    race.runs[0].wait_until(lambda s: s.step > 4)
    race.pause()
    assert race.snapshot.held
    held_at = limit_of(race)

    def wait_for(place):
        for run in race.runs:
            run.wait_until(lambda s: s.characters_seen >= place)
        return race.snapshot

    # Steps of 20 and of 40 characters: all are at the hold, and none a whole step past it.
    assert all(held_at <= lane.characters_seen < held_at + 40 for lane in wait_for(held_at).lanes)
    race.step()
    after = wait_for(held_at + 40)
    assert all(held_at + 40 <= lane.characters_seen < held_at + 80 for lane in after.lanes)
    race.resume()
    wait_for(held_at + 400)
    race.stop()
    ended = race.wait(20)
    assert {lane.status for lane in ended.lanes} == {RunStatus.STOPPED}
    assert not ended.active


def test_a_waiting_lane_hands_out_its_weights_and_takes_no_step_for_it(races, small):
    race = races.start(lanes_of(small(), [{"activation": "relu"}]), "step", 1_000_000)
    race.runs[0].wait_until(lambda s: s.step > 4)
    race.pause()
    limit = limit_of(race)
    for run in race.runs:
        run.wait_until(lambda s: s.step >= limit)
        step, weights = run.weights(timeout=20)
        assert step == limit
        assert set(weights) == set("UWbVc")
    assert {lane.step for lane in race.snapshot.lanes} == {limit}


def test_a_lane_that_diverges_leaves_the_others_racing(races, small):
    explosive = {"init": "identity", "activation": "relu", "clip": 0, "learning_rate": 100}
    first = small(unrollings=20, nodes=20)
    started = races.start(lanes_of(first, [explosive]), "step", 200)
    race = started.wait(30)
    assert started.lead() == Lead(0)
    assert [lane.status for lane in race.lanes] == [RunStatus.FINISHED, RunStatus.DIVERGED]
    assert race.lanes[0].step == 200
    assert race.reached == 200


def test_a_race_by_seconds_ends_each_lane_when_its_time_is_up(races, small):
    race = races.start(lanes_of(small(), [{"nodes": 64}]), "seconds", 0.3).wait(30)
    assert {lane.status for lane in race.lanes} == {RunStatus.FINISHED}
    for lane in race.lanes:
        seconds = lane.history.column("seconds")
        assert lane.seconds >= 0.3
        assert seconds[-2] < 0.3  # the step before was not the last
        assert lane.reports[-1].step == lane.step


def test_one_race_at_a_time_and_a_page_s_run_beside_it(races, small):
    lanes = lanes_of(small(), [{"activation": "relu"}])
    race = races.start(lanes, "step", 1_000_000)
    with pytest.raises(RunError, match="A race runs already"):
        races.start(lanes, "step", 5)
    beside = races._manager.start(small(steps=5))
    assert beside.wait(30).status == RunStatus.FINISHED
    race.stop()
    race.wait(20)
    assert not races.current().snapshot.active


def test_a_race_without_a_report_has_no_lead_and_reads_no_text_for_it(races, small):
    lanes = lanes_of(small(report_every=1_000_000), [{"activation": "relu"}])
    race = races.start(lanes, "step", 1_000_000)
    race.runs[0].wait_until(lambda s: s.step > 4)
    race._load_text = None
    race.pause()
    assert race.lead() is None
    race.stop()
    race.wait(20)


def test_several_seeds_of_each_lane_race_together(races, small):
    lanes = lanes_of(small(seed=5), [{"activation": "relu"}])
    race = races.start(lanes, "step", 10, seeds=3)
    ended = race.wait(30)
    configs = [[run.config for run in runs] for runs in ended.runs]
    assert [[config.seed for config in seeds] for seeds in configs] == [[5, 6, 7]] * 2
    assert [{config.activation for config in seeds} for seeds in configs] == [{"tanh"}, {"relu"}]
    assert [lane.config.seed for lane in ended.lanes] == [5, 5]
    assert len(race.lead().gaps_nats) == 3


def test_lanes_that_differ_in_the_seed_have_one_each(races, small):
    lanes = lanes_of(small(), [{"seed": 1}])
    with pytest.raises(RunError, match="choose 1 seed"):
        races.start(lanes, "step", 5, seeds=3)


def test_noise_is_measured_where_the_race_stands_and_once_for_each_place(
    small, make_corpus, monkeypatch
):
    text, read = make_corpus(60_000), []
    measure = race_module.character_losses
    monkeypatch.setattr(
        race_module, "character_losses", lambda *seen: read.append(1) or measure(*seen)
    )
    manager = RunManager(load_text=lambda key, progress=None: text)
    lanes = lanes_of(small(report_every=10), [{"learning_rate": 0.1}])
    race = Races(manager).start(lanes, "step", 1_000_000)
    race.runs[0].wait_until(lambda s: s.step > 40)
    going = race.lead()
    assert (going.ahead, going.unknown[:17], read) == (False, "noise is measured", [])
    race.stop()
    ended = race.wait(20)
    lead = race.lead()
    assert race.lead() is lead
    assert len(read) == 2
    assert lead.shows_from_nats > 0
    losses = [measure(run.weights()[1], run.snapshot.config, text.validation) for run in race.runs]
    means = sorted(loss.mean() for loss in losses)
    assert lead.gap_nats == pytest.approx(means[1] - means[0])
    assert ended.stopped
    assert ended.reached == min(lane.step for lane in ended.lanes)


def test_a_lane_that_cannot_be_recorded_stops_those_that_began(load_text, small):
    asked = []

    def observe(run):
        asked.append(run)
        if len(asked) == 3:
            raise StoreError("The disk is full.")
        return RunObserver()

    manager = RunManager(load_text=load_text, observe=observe)
    races = Races(manager)
    lanes = lanes_of(small(), [{"activation": "relu"}, {"clip": 0.0}])
    with pytest.raises(StoreError, match="The disk is full"):
        races.start(lanes, "step", 1_000_000)
    assert races.current() is None
    assert [run.wait(PATIENCE).status for run in asked[:2]] == [RunStatus.STOPPED] * 2
    assert [run.snapshot.step for run in asked] == [0, 0, 0]


# -- among the runs of many people -----------------------------------------------------------


@pytest.fixture
def shared(load_text):
    """Races that wait for a place among all runs, of which one trains at a time."""
    manager = RunManager(max_running=1, load_text=load_text)
    yield Races(manager, shared=True), manager
    manager.stop_all()


def endless(small):
    config = small(steps=1_000_000, report_every=1_000_000)
    return config, config.changed(activation="relu")


def test_all_lanes_of_a_race_take_one_place_and_wait_for_it_in_turn(shared, small):
    races, manager = shared
    alone = manager.start(endless(small)[0], browser="a")
    alone.wait_until(lambda shot: shot.step > 0)
    race = races.start(endless(small), "step", 1e6, owner="b", browser="b")
    later = manager.start(endless(small)[0], browser="a")
    assert [run.snapshot.status for run in race.runs] == [RunStatus.QUEUED] * 2
    alone.stop()
    for run in race.runs:
        run.wait_until(lambda shot: shot.step > 2, PATIENCE)
    assert later.snapshot.status == RunStatus.QUEUED
    race.stop()
    later.wait_until(lambda shot: shot.step > 0, PATIENCE)


def test_a_race_that_is_held_lets_others_train_and_goes_on_after_them(shared, small):
    races, manager = shared
    race = races.start(endless(small), "step", 1e6, owner="b", browser="b")
    for run in race.runs:
        run.wait_until(lambda shot: shot.step > 2, PATIENCE)
    other = manager.start(endless(small)[0], browser="a")
    race.pause()
    other.wait_until(lambda shot: shot.step > 2, PATIENCE)
    held_at = limit_of(race)
    race.resume()
    assert [run.snapshot.step for run in race.runs] == [held_at, held_at]
    other.stop()
    for run in race.runs:
        run.wait_until(lambda shot: shot.step > held_at + 2, PATIENCE)


def test_a_lane_that_is_behind_keeps_its_place_until_it_has_caught_up(make_run, small):
    lockstep = Lockstep(["run0", "ahead"])
    lockstep.turn("ahead", 3.0, lambda: True)
    lockstep.hold()
    given_back, where = Event(), []

    class Place(Slots):
        def release(self, owner=None):
            where.append(lockstep._positions["run0"])
            super().release(owner)
            given_back.set()

    make_run(small(steps=10), slots=Place(1), race=_Lane(lockstep, "step"))
    assert given_back.wait(PATIENCE)
    assert where == [2.0]  # whence its last step was let go, to where the other one is


def test_each_owner_has_one_race_at_a_time(shared, small):
    races, _ = shared
    first = races.start(endless(small), "step", 1e6, owner="a")
    with pytest.raises(RunError, match="A race runs already"):
        races.start(endless(small), "step", 1e6, owner="a")
    second = races.start(endless(small), "step", 1e6, owner="b")
    assert (races.current("a"), races.current("b"), races.current("c")) == (first, second, None)


def test_a_race_that_somebody_paused_and_left_ends_with_its_state(
    load_text, small, clock, monkeypatch
):
    monkeypatch.setattr(driver, "_IDLE", 0.01)
    attendance = Attendance(600, lambda run: True, clock)
    manager = RunManager(load_text=load_text, observe=attendance.guard)
    race = Races(manager).start([small(), small(seed=5)], "step", 1_000_000)
    for run in race.runs:
        run.wait_until(lambda shot: shot.step > 2)
    race.pause()
    limit_of(race)
    clock.now = 700.0
    for run in race.runs:
        shot = run.wait(PATIENCE)
        assert (shot.status, shot.message) == (RunStatus.INTERRUPTED, attendance.reason)
        assert run.weights()[0] == shot.step > 2


def test_on_a_server_of_many_a_race_by_time_is_bounded_too(shared, small):
    races, _ = shared
    with pytest.raises(RunError, match="1,000 seconds are too many"):
        races.start(endless(small), "seconds", 1_000, limits=Limits(seconds=999))
    assert races.current() is None
    assert races.start(endless(small), "seconds", 999, limits=Limits(seconds=999)).snapshot.active


def test_a_race_goes_on_with_a_lane_that_was_paused_by_itself(races, small):
    race = races.start(endless(small), "step", 1e6)
    for go_on in (Race.resume, Race.step):
        race.runs[1].wait_until(lambda shot: shot.step > 2, PATIENCE)
        race.runs[1].hold("The disk is full.")
        stood = race.runs[1].wait_until(lambda shot: shot.status == RunStatus.PAUSED, PATIENCE)
        assert race.snapshot.held
        go_on(race)
        for run in race.runs:
            run.wait_until(lambda shot, at=stood.step: shot.step > at, PATIENCE)
        race.resume()
    assert race.runs[1].snapshot.message == ""


def test_the_oldest_races_of_many_are_forgotten_and_none_that_is_on(shared, small, monkeypatch):
    monkeypatch.setattr(races_module, "MOST_KEPT", 3)
    races, _ = shared
    on = races.start(endless(small), "step", 1e6, owner="on")
    on.pause()
    for owner in "abcd":
        races.start([small(steps=2), small(steps=2, seed=5)], "step", 2, owner=owner).wait(PATIENCE)
    assert [races.current(owner) is None for owner in ("on", *"abcd")] == [
        *(False, True, True, False, False)
    ]
