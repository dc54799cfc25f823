"""Several visitors of one server."""

from threading import Event, Thread
from types import SimpleNamespace

import pytest
from visit import ENDLESS, TINY, Visit

from core.config import PRESETS
from core.records import RunStatus
from dashboard import pace, session
from dashboard.server import library, manager

pytestmark = pytest.mark.usefixtures("own_server")


def test_a_second_visitor_finds_the_active_run_and_starts_none():
    run = Visit(**ENDLESS).started_and_paused()
    visit = Visit()
    assert manager().runs() == [run]
    assert visit.page.query_params["run"] == run.run_id
    assert visit.chosen() == run.snapshot.config.model_dump()
    assert visit.allowed() == ["Resume", "1 step", "10 steps", "Stop", "New run"]


def test_a_second_visitor_who_stops_the_run_stops_it_for_both():
    first, second = Visit(**ENDLESS), None
    run = first.start()
    second = Visit()
    second.click("Stop")
    run.wait(30)
    for visit in (first, second):
        assert visit.look().allowed() == ["Start", "Resume"]
        assert ":gray-badge[stopped]" in visit.status()


def test_a_visitor_after_the_end_sees_the_last_run_and_starts_afresh():
    Visit(**TINY, steps=3).train_to_the_end()
    library().flush()
    visit = Visit()
    assert visit.status().startswith(":blue-badge[finished] step 3 of 3")
    assert visit.chosen() == PRESETS["demo"].config.model_dump()
    assert "run" not in visit.page.query_params


def test_the_live_changes_of_a_run_that_nobody_asked_for_are_not_in_the_address():
    Visit(**TINY, steps=3, events="1-clip-0.5").train_to_the_end()
    library().flush()
    visit = Visit(**TINY, steps=3)
    assert visit.status().startswith(":blue-badge[finished] step 3 of 3")
    assert "events" not in visit.page.query_params


def test_a_second_visitor_can_set_up_another_run_while_one_trains():
    first = Visit(**ENDLESS)
    running = first.started_and_paused()
    second = Visit().click("New run")
    assert "Start" in second.allowed()
    assert second.page.query_params["run"] == "new"
    again = Visit(**second.page.query_params)  # a reload stays there
    assert "Start" in again.allowed()
    other = again.start()
    assert other.run_id != running.run_id
    assert running.snapshot.status == "paused"


def test_a_data_folder_that_cannot_be_made_is_a_sentence(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("UNROLL_HOME", str(tmp_path / "file" / "below"))
    visit = Visit()
    [sentence] = visit.said("error")
    assert "UNROLL_HOME" in sentence


def test_a_page_that_many_others_watch_beside_asks_less_often(monkeypatch):
    monkeypatch.setattr(pace._watchers(), "_apart", 0)  # the others change their pace, too
    visit = Visit(**ENDLESS)
    run = visit.started_and_paused()
    assert visit.page.session_state["pace"] == 0.5
    for page in range(pace.FEW + 3):
        pace._watchers().refreshed(f"page {page}", 60.0)  # they count for minutes
    visit.look()
    assert visit.page.session_state["pace"] == 1
    assert visit.figures()["Training loss, nats"] != "–"
    assert run.snapshot.status == "paused"  # watched all the time


def test_a_second_click_that_comes_while_the_first_one_starts_a_run_starts_no_other(monkeypatch):
    started, first_is_in, second_is_in, goes_on = [], Event(), Event(), Event()
    trains = SimpleNamespace(snapshot=SimpleNamespace(status=RunStatus.RUNNING))

    def start(config, run_id, planned):
        first_is_in.set()
        assert goes_on.wait(20)
        started.append(run_id)

    def await_start(run_id, wait=session._starting.wait):
        if first_is_in.is_set():
            second_is_in.set()
        wait(run_id)

    monkeypatch.setattr(session.st, "session_state", {})
    monkeypatch.setattr(session.gate, "start", start)
    monkeypatch.setattr(session, "find_run", lambda run_id: trains if run_id in started else None)
    monkeypatch.setattr(session, "attendance", lambda: SimpleNamespace(seen=lambda run_id: None))
    monkeypatch.setattr(session, "manager", lambda: SimpleNamespace(get=lambda run_id: None))
    monkeypatch.setattr(session._starting, "wait", await_start)
    clicks = [Thread(target=session.start, args=(PRESETS["demo"].config,)) for _ in range(2)]
    clicks[0].start()
    assert first_is_in.wait(20)
    clicks[1].start()
    assert second_is_in.wait(20)
    goes_on.set()
    for click in clicks:
        click.join(20)
    assert len(started) == 1
