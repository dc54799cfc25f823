"""Two people at one server, each with a browser of their own, as their pages show it."""

from time import monotonic

import pytest
from visit import ENDLESS, TINY, Visit

from core.records import RunStatus
from dashboard import visitor
from dashboard.server import attendance, library, manager

pytestmark = pytest.mark.usefixtures("own_server")

ME, YOU = "a" * 64, "b" * 64
WATCH = "This run was started in another browser, which alone commands it."


@pytest.fixture
def shared(monkeypatch):
    monkeypatch.setenv("UNROLL_TEACHER_KEY", "chalk")


def listed(visit):
    visit.page.switch_page("views/runs.py")
    visit.look()
    tables = visit.page.dataframe
    return list(tables[0].value.index) if tables else []


@pytest.mark.usefixtures("shared")
def test_who_watches_by_link_finds_no_button_that_fits_and_every_setting_locked():
    run = Visit(ME, **ENDLESS).start()
    run.wait_until(lambda s: s.step > 2)
    other = Visit(YOU, run=run.run_id)
    assert ":green-badge[running]" in other.status()
    assert other.allowed() == ["New run"]
    assert other.said("info")[0].startswith(WATCH)
    locked = {widget.label for widget in other.widgets() if widget.disabled}
    assert locked >= {"Learning rate", "Clip at norm", "Unrollings T", "Text"}
    other.click("Set up the same")
    assert other.chosen()["steps"] == ENDLESS["steps"]
    assert other.allowed() == ["Start"]
    own = other.start()
    assert (run.browser, own.browser) == (ME, YOU)
    assert run.snapshot.status == RunStatus.RUNNING


@pytest.mark.usefixtures("shared")
def test_a_press_of_a_button_that_should_not_be_there_is_refused_by_its_sentence():
    run = Visit(ME, **ENDLESS).start()
    other = Visit(ME, run=run.run_id)
    other.page.session_state["browser"] = YOU  # who presses what was drawn for another
    other.click("Stop")
    assert other.said("toast") == [
        f"Run {run.run_id} was started in another browser, which alone commands it. You can watch "
        "it, and set up the same."
    ]
    assert run.snapshot.status.active


@pytest.mark.usefixtures("shared")
def test_a_newcomer_is_not_dropped_into_anothers_run_and_finds_none_in_the_list():
    run = Visit(ME, **ENDLESS).start()
    assert Visit(ME).page.query_params["run"] == run.run_id
    newcomer = Visit(YOU, **TINY)
    assert "run" not in newcomer.page.query_params
    assert newcomer.allowed() == ["Start"]
    assert listed(newcomer) == []
    owner = Visit(ME)
    assert listed(owner) == [run.run_id]
    assert "Whose" not in owner.page.dataframe[0].value
    assert listed(Visit(YOU, run=run.run_id)) == [run.run_id]


@pytest.mark.usefixtures("shared")
def test_whoever_waits_is_told_of_others_runs_and_not_which():
    first = [Visit(ME, **ENDLESS).start(), Visit(ME, run="new", **ENDLESS).start()]
    for run in first:
        run.wait_until(lambda s: s.step > 2)
    other = Visit(YOU, **ENDLESS)
    other.start()
    assert "place 1 in the queue" in other.status()
    assert other.status().endswith("; 2 runs of others train")
    assert not any(run.run_id in other.status() for run in first)


@pytest.mark.usefixtures("shared")
def test_the_teacher_types_the_key_once_and_empties_the_queue():
    runs = [Visit(ME, run="new", **ENDLESS).start() for _ in range(3)]
    teacher = Visit(YOU)
    teacher.page.text_input(key="teacher_key").set_value("cheese")
    teacher.look()
    assert teacher.said("error")[0].startswith("This is not the teacher's key")
    assert not visitor.classroom().proof_of(YOU)
    teacher.page.text_input(key="teacher_key").set_value("chalk")
    teacher.look()
    assert sorted(listed(teacher)) == sorted(run.run_id for run in runs)
    assert list(teacher.page.dataframe[0].value["Whose"]) == ["aaaaaa"] * 3
    teacher.click("Empty the queue")
    assert runs[2].wait(20).status == RunStatus.STOPPED
    assert all(run.snapshot.status.active for run in runs[:2])
    # Another session of this browser is the teacher's, too; another browser is not.
    again = Visit(YOU, run=runs[0].run_id)
    assert "Stop" in again.allowed()
    assert "Stop" not in Visit("c" * 64, run=runs[0].run_id).allowed()


@pytest.mark.usefixtures("shared")
def test_a_run_that_nobody_watches_ends_with_its_state_for_its_owner_to_resume():
    run = Visit(ME, **ENDLESS).start()
    attendance().patience = 0.0
    held = run.wait(20)
    assert held.status == RunStatus.INTERRUPTED
    attendance().patience = 600.0
    back = Visit(ME, run=run.run_id)
    (told,) = back.said("warning")
    assert told.startswith("Nobody looked at this run for ")
    assert "Resume" not in Visit(YOU, run=run.run_id).allowed()
    back.click("Resume")
    goes_on = manager().get(run.run_id)
    shot = goes_on.wait_until(lambda s: s.step > held.step)
    assert (shot.status, shot.message) == (RunStatus.RUNNING, "")
    assert shot.history.column("step").tolist() == list(range(1, shot.step + 1))


@pytest.mark.usefixtures("shared")
def test_a_run_whose_records_nobody_keeps_is_paused_instead(monkeypatch):
    monkeypatch.setattr(library(), "writer", None)
    run = Visit(ME, **ENDLESS).start()
    attendance().patience = 0.0
    run.wait_until(lambda s: s.status == RunStatus.PAUSED)
    attendance().patience = 600.0


def test_on_ones_own_machine_a_run_trains_unseen():
    run = Visit(ME, **ENDLESS).start()
    attendance().patience = 0.0
    began = monotonic()
    shot = run.wait_until(lambda s: monotonic() > began + 2.5)  # it is asked about every second
    assert shot.status == RunStatus.RUNNING


def test_without_a_teachers_key_on_ones_own_machine_nothing_of_this_is_there():
    run = Visit(ME, **ENDLESS).start()
    run.wait_until(lambda s: s.step > 2)
    second = Visit(YOU)
    assert second.page.query_params["run"] == run.run_id
    assert "Stop" in second.allowed()
    assert "teacher_key" not in {field.key for field in second.page.text_input}
    assert second.said("info") == []
    second.click("Stop")
    assert run.wait(20).status == RunStatus.STOPPED
    library().flush()
    assert library().shelf().get(run.run_id).browser == ME


@pytest.mark.usefixtures("shared")
def test_a_run_that_is_watched_can_be_opened_in_the_list_and_neither_named_nor_deleted():
    run = Visit(ME, **ENDLESS).started_and_paused()
    run.stop()
    run.wait(20)
    other = Visit(YOU, run=run.run_id)
    assert listed(other) == [run.run_id]
    other.page.session_state["runs_chosen"] = [run.run_id]
    other.look()
    fits = {b.label for b in other.page.button if str(b.key).startswith("runs_") and not b.disabled}
    assert fits == {"Open", "Duplicate"}
    assert other.said("info")[0].startswith(WATCH)
    assert not {"Name", "Tags", "Note"} & {field.label for field in other.page.text_input}
