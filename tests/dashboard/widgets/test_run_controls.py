"""Start, pause, step and stop, as the buttons that a run's status allows."""

import re

import pytest
from visit import ENDLESS, TINY, Visit

from core.config import PRESETS
from core.records import RunStatus
from dashboard import session
from dashboard.server import manager

pytestmark = pytest.mark.usefixtures("own_server")


def test_start_trains_and_locks_all_settings_but_the_live_ones():
    visit = Visit(**ENDLESS)
    run = visit.start()
    run.wait_until(lambda s: s.step > 5)
    visit.look()
    assert ":green-badge[running]" in visit.status()
    assert visit.allowed() == ["Pause", "1 step", "10 steps", "Stop", "New run"]
    free = {widget.label for widget in visit.widgets() if not widget.disabled}
    assert free == {
        "Learning rate",
        "Clip at norm",
        "Unrollings T",
        "Unit",
        "Horizontal axis",
        "Scale of losses",
    }
    assert len(visit.page.get("file_uploader")) == 0


def test_pause_holds_the_run_and_resume_lets_it_go_on():
    visit = Visit(**ENDLESS)
    run = visit.started_and_paused()
    step = run.snapshot.step
    assert ":orange-badge[paused]" in visit.status()
    assert visit.allowed() == ["Resume", "1 step", "10 steps", "Stop", "New run"]
    assert visit.figures()["Time left"] == "–"
    visit.click("Resume")
    run.wait_until(lambda s: s.status == RunStatus.RUNNING and s.step > step)
    visit.look()
    assert visit.allowed() == ["Pause", "1 step", "10 steps", "Stop", "New run"]


@pytest.mark.parametrize(("label", "count"), [("1 step", 1), ("10 steps", 10)])
def test_a_paused_run_takes_exactly_the_steps_asked_for(label, count):
    visit = Visit(**ENDLESS)
    run = visit.started_and_paused()
    step = run.snapshot.step
    for clicks in (1, 2):
        visit.click(label)
        run.wait_until(lambda s, expected=step + clicks * count: s.step == expected)
    visit.look()
    assert f"[paused] step {step + 2 * count:,} of 1,000,000" in visit.status()


def test_stop_ends_the_run_and_keeps_its_curve():
    visit = Visit(**ENDLESS)
    run = visit.start()
    run.wait_until(lambda s: s.step > 5)
    visit.click("Stop")
    run.wait(30)
    visit.look()
    assert ":gray-badge[stopped]" in visit.status()
    assert visit.allowed() == ["Start", "Resume"]
    assert visit.page.query_params["run"] == run.run_id
    assert visit.figures()["Training loss, nats"] != "–"


def test_a_run_that_ends_by_itself_frees_the_settings():
    visit = Visit(**TINY, steps=5)
    run = visit.train_to_the_end()
    assert visit.status() == ":blue-badge[finished] step 5 of 5 · CPU, compiled code"
    assert visit.page.get("progress")[0].value == 100
    assert visit.allowed() == ["Start"]
    assert not visit.widget("field_nodes").disabled
    assert run.snapshot.status == RunStatus.FINISHED


def test_a_stopped_run_is_resumed_by_the_button_that_ends_a_pause():
    visit = Visit(**ENDLESS)
    run = visit.started_and_paused()
    run.stop()
    run.wait(30)
    visit.look()
    visit.click("Resume")
    again = session.manager().get(run.run_id)
    assert again is not run
    again.wait_until(lambda s: s.status == RunStatus.RUNNING and s.step > run.snapshot.step)


def test_resume_drawn_for_a_pause_does_not_train_a_run_on_that_was_stopped_since():
    visit = Visit(**ENDLESS)
    run = visit.started_and_paused()
    run.stop()
    run.wait(30)
    visit.click("Resume")
    assert visit.said("toast")[0].startswith("This run is stopped")
    assert session.manager().runs() == [run]


def test_the_buttons_follow_an_order_before_the_run_has_obeyed_it(monkeypatch):
    visit = Visit(**ENDLESS)
    run = visit.start()
    run.wait_until(lambda s: s.step > 5)
    slow = run.snapshot  # as if its present step took for ever
    monkeypatch.setattr(type(run), "snapshot", property(lambda _: slow))
    visit.click("Pause")
    assert "Resume" in visit.allowed()
    visit.click("Resume")
    assert "Pause" in visit.allowed()


def test_start_after_the_end_starts_another_run():
    visit = Visit(**TINY, steps=5)
    first, second = visit.train_to_the_end(), visit.train_to_the_end()
    assert first.run_id != second.run_id
    assert visit.page.query_params["run"] == second.run_id
    losses = [run.snapshot.history.column("loss_nats").tolist() for run in (first, second)]
    assert losses[0] == losses[1]


def test_a_double_click_on_start_starts_one_run(monkeypatch):
    visit = Visit(**ENDLESS)
    start = session.start

    def clicked_twice(config):
        start(config)
        start(config)

    monkeypatch.setattr(session, "start", clicked_twice)
    visit.look()
    visit.start()
    assert len(manager().runs()) == 1


def test_a_command_that_comes_too_late_is_told_and_does_no_harm():
    visit = Visit(**ENDLESS)
    run = visit.start()
    run.stop()
    run.wait(30)
    visit.click("Pause")  # the button was drawn before the end
    sentence = "This run is stopped and takes no more commands; start a new one."
    assert visit.said("toast") == [sentence]
    assert visit.allowed() == ["Start", "Resume"]


def test_a_run_waits_for_a_free_place_and_can_be_stopped_there():
    config = PRESETS["demo"].config.changed(**ENDLESS)
    others = [manager().start(config) for _ in range(2)]
    for other in others:
        other.wait_until(lambda s: s.status == RunStatus.RUNNING)
    visit = Visit(run="none", **ENDLESS)
    run = visit.start()
    assert ":gray-badge[queued]" in visit.status()
    place, who = visit.status().partition(" · ")[2].split("; ")
    assert re.fullmatch(r"place 1 in the queue(, about \d+:\d\d:\d\d to wait)?", place)
    assert all(other.run_id in who for other in others)
    visit.click("Stop")
    run.wait(30)
    assert ":gray-badge[stopped]" in visit.look().status()
