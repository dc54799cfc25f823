"""What is refused below the widgets, whoever has drawn a button: each thing by its sentence."""

import io
import zipfile

import pytest
from visit import ENDLESS, TINY

from core.config import PRESETS
from core.errors import RunError, StoreError, SweepError
from core.experiments.lanes import rival
from core.experiments.plan import SweepPlan
from core.experiments.race import Race
from core.records import Event, RunStatus
from core.storage.recorded import FOLDER
from core.storage.store import Store
from core.storage.zip_export import export_run
from core.training.limits import Limits
from core.training.run import Run
from dashboard import gate, texts, visitor
from dashboard.server import find_run, library, limits, manager

pytestmark = pytest.mark.usefixtures("own_server")

ME, YOU = "a" * 64, "b" * 64
TRAINS = PRESETS["demo"].config.changed(**ENDLESS)
SHORT = PRESETS["demo"].config.changed(**TINY, steps=20, report_every=10)


@pytest.fixture
def key(monkeypatch):
    """This server has a teacher's key."""
    monkeypatch.setenv("UNROLL_TEACHER_KEY", "chalk")


@pytest.fixture
def mine(as_):
    """A run of mine that trains."""
    run = gate.start(TRAINS, "aaaaaaaaaaaa", ())
    run.wait_until(lambda s: s.step > 2)
    return run


@pytest.fixture
def ended(as_):
    """A run of mine that was stopped, out of the store."""
    run = gate.start(TRAINS, "cccccccccccc", ())
    run.wait_until(lambda s: s.step > 2)
    run.stop()
    run.wait(30)
    library().flush()
    return run


LOCKED = r"^Your teacher has locked starting for now\.$"
COMMANDS = [
    Run.pause,
    Run.resume,
    Run.stop,
    lambda run: run.advance(1),
    lambda run: run.change(clip=1.0),
]
CHANGES = {
    "rename": lambda store, run_id: store.edit(run_id, name="Mine now"),
    "delete": Store.delete,
    "undelete": Store.undelete,
}


@pytest.mark.parametrize("order", COMMANDS)
def test_another_cannot_command_a_run_and_it_goes_on(mine, as_, order):
    as_(YOU)
    before = mine.snapshot.step
    with pytest.raises(RunError, match=r"^Run aaaaaaaaaaaa was started in another browser, which"):
        order(gate.commanded(mine))
    assert mine.wait_until(lambda s: s.step > before + 2).status == RunStatus.RUNNING
    assert mine.live == TRAINS.live


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_another_cannot_change_what_is_kept_of_a_run(ended, as_, change):
    before = library().shelf().get(ended.run_id)
    as_(YOU)
    with pytest.raises(RunError, match=r"^Run cccccccccccc was started in another browser"):
        change(gate.to_change(ended.run_id), ended.run_id)
    assert library().shelf().get(ended.run_id) == before


def test_another_cannot_resume_or_extend_a_run(ended, as_):
    as_(YOU)
    for steps in (None, 2_000_000):
        with pytest.raises(RunError, match="was started in another browser"):
            gate.resume(ended.run_id, steps)
    assert library().shelf().get(ended.run_id).status == RunStatus.STOPPED


def test_its_owner_and_the_teacher_may_and_it_stays_its_owners(ended, as_):
    as_("c" * 64, teacher=True)
    run = gate.resume(ended.run_id)
    assert run.browser == ME
    as_(ME)
    gate.commanded(run).stop()
    run.wait(30)
    library().flush()
    gate.to_change(ended.run_id).edit(ended.run_id, name="Still mine")
    assert library().shelf().get(ended.run_id).browser == ME


def test_what_was_started_on_the_server_itself_is_the_teachers(as_):
    run = manager().start(TRAINS)
    with pytest.raises(RunError, match="was started on the server itself, or before browsers own"):
        gate.commanded(run)
    as_(YOU, teacher=True)
    assert gate.commanded(run) is run


def test_on_ones_own_machine_a_second_browser_commands_what_the_first_began(mine, as_):
    as_(YOU, shared=False)
    assert gate.commanded(mine) is mine
    assert gate.own_first([]) == []
    assert gate.is_own(mine)


def test_a_list_holds_ones_own_runs_and_the_one_that_is_watched(ended, as_):
    rows = library().shelf().runs()
    assert [row.id for row in gate.own_first(rows)] == [ended.run_id]
    as_(YOU)
    assert gate.own_first(rows) == []
    assert [row.id for row in gate.own_first(rows, watched=ended.run_id)] == [ended.run_id]
    as_("c" * 64, teacher=True)
    assert [row.id for row in gate.own_first(rows)] == [ended.run_id]


def test_each_has_their_own_race_and_finds_no_others(as_):
    race = gate.start_race((SHORT, rival(SHORT)), "step", 10)
    assert gate.own_race() is race
    assert {run.browser for run in race.runs} == {ME}
    as_(YOU)
    assert gate.own_race() is None
    own = gate.start_race((SHORT, rival(SHORT)), "step", 10)
    assert not race.wait(30).active
    assert not own.wait(30).active
    with pytest.raises(RunError, match="another browser"):
        gate.commanded(race.runs[0])


def test_the_teacher_commands_anothers_race_and_another_student_does_not(as_):
    race = gate.start_race((TRAINS, rival(TRAINS)), "step", 1_000_000)
    as_(YOU)
    for order in (Race.pause, Race.resume, Race.step, Race.stop):
        with pytest.raises(RunError, match="in another browser, which alone commands it"):
            gate.command_race(race, order)
    assert (race.snapshot.held, race.snapshot.active) == (False, True)
    as_("c" * 64, teacher=True)
    gate.command_race(race, Race.stop)
    assert race.wait(30).stopped


def test_what_one_measured_is_ones_own_and_was_left_to_its_settings(ended, as_):
    def trained(run_id, planned=()):
        gate.start(SHORT, run_id, planned).wait(30)
        library().flush()

    trained("dddddddddddd")
    trained("eeeeeeeeeeee", [Event(5, "clip", 1.0)])
    file = io.BytesIO()
    export_run(library().shelf(), "dddddddddddd", file)
    gate.take_in(file.getvalue())
    assert len(library().shelf().runs()) == 4
    assert [row.id for row in gate.own_measurements()] == ["dddddddddddd"]
    as_(YOU)
    assert gate.own_measurements() == []


def test_a_sweep_is_the_teachers(as_):
    for order in (lambda: gate.start_sweep(SweepPlan()), gate.stop_sweep):
        with pytest.raises(SweepError, match="so its teacher alone starts and stops one"):
            order()


@pytest.mark.usefixtures("key")
def test_a_lock_stops_everybody_but_the_teacher(ended, as_):
    visitor.classroom().lock_starting(True)
    for begin in (
        lambda: gate.start(SHORT, "dddddddddddd", ()),
        lambda: gate.resume(ended.run_id),
        lambda: gate.start_race((SHORT, rival(SHORT)), "step", 10),
        lambda: gate.take_in(b""),
    ):
        with pytest.raises(RunError, match=LOCKED):
            begin()
    as_(YOU, teacher=True)
    assert gate.start(SHORT, "dddddddddddd", ()).wait(30).status == RunStatus.FINISHED


def test_a_lock_that_an_earlier_class_left_holds_nobody_without_a_key(as_):
    visitor.classroom().lock_starting(True)
    assert gate.start(SHORT, "dddddddddddd", ()).wait(30).status == RunStatus.FINISHED


@pytest.mark.usefixtures("key")
def test_a_lock_lets_nothing_that_is_paused_train_on(mine, as_):
    race = gate.start_race((TRAINS, rival(TRAINS)), "step", 1_000_000)
    mine.pause()
    mine.wait_until(lambda s: s.status == RunStatus.PAUSED)
    gate.command_race(race, Race.pause)
    visitor.classroom().lock_starting(True)
    with pytest.raises(RunError, match=LOCKED):
        gate.to_train_on(mine)
    for order in (Race.resume, Race.step):
        with pytest.raises(RunError, match=LOCKED):
            gate.command_race(race, order)
    assert race.snapshot.held
    gate.commanded(mine).change(clip=1.0)
    gate.command_race(race, Race.stop)
    as_(YOU, teacher=True)
    assert gate.to_train_on(mine) is mine


def test_whoever_has_shown_no_secret_starts_nothing(as_):
    as_(None)
    with pytest.raises(RunError, match="does not know yet which browser it is in"):
        gate.start(SHORT, "dddddddddddd", ())
    assert manager().runs() == []


def test_what_one_person_may_have_is_limited_and_another_persons_share_is_not_theirs(
    as_, monkeypatch
):
    monkeypatch.setenv("UNROLL_MOST_RUNS", "1")
    monkeypatch.setenv("UNROLL_MOST_STEPS", "1000000")
    monkeypatch.setenv("UNROLL_MOST_CHARACTERS", "50")
    limits.clear()
    gate.start(TRAINS, "aaaaaaaaaaaa", ())
    with pytest.raises(RunError, match="1 of your runs train, wait or are paused, and on this"):
        gate.start(SHORT, "dddddddddddd", ())
    with pytest.raises(RunError, match=r"^steps=1,000,001 is too many"):
        gate.start(TRAINS.changed(steps=1_000_001), "dddddddddddd", ())
    with pytest.raises(RunError, match=r"^This text has 51 characters"):
        texts.require_text(51)
    as_(YOU)
    assert gate.start(SHORT, "eeeeeeeeeeee", ()).wait(30).status == RunStatus.FINISHED
    as_(ME, shared=False)
    texts.require_text(10**9)
    assert gate.start(SHORT, "ffffffffffff", ()).wait(30).status == RunStatus.FINISHED


def test_whoever_keeps_too_much_starts_nothing_more_until_they_delete(ended, as_, monkeypatch):
    assert library().shelf().bytes_of(ME) > 10_000
    assert library().shelf().bytes_of(YOU) == 0
    monkeypatch.setattr(gate, "limits", lambda: Limits(stored=10_000))
    with pytest.raises(StoreError, match=r"^Your runs take 0 MB.*: delete some of them"):
        gate.start(SHORT, "dddddddddddd", ())
    gate.to_change(ended.run_id).delete(ended.run_id)
    assert gate.start(SHORT, "dddddddddddd", ()).wait(30).status == RunStatus.FINISHED


def test_a_run_that_is_brought_along_is_whose_browser_brought_it_and_tells_no_owner(
    ended, as_, tmp_path
):
    path = tmp_path / "run.zip"
    export_run(library().shelf(), ended.run_id, path)
    with zipfile.ZipFile(path) as parts:
        assert not any(ME.encode() in parts.read(name) for name in parts.namelist())
    as_(YOU)
    row = gate.take_in(path.read_bytes())
    assert (row.browser, row.id != ended.run_id) == (YOU, True)


def test_nobody_takes_the_id_of_a_run_whose_link_others_have(ended, as_):
    file = io.BytesIO()
    export_run(library().shelf(), ended.run_id, file)
    gate.to_change(ended.run_id).delete(ended.run_id)
    library().shelf().forget(ended.run_id)  # as a minute later
    as_(YOU)
    brought = gate.take_in(file.getvalue())
    assert find_run(ended.run_id) is None
    as_(YOU, shared=False)
    library().shelf().forget(brought.id)
    assert gate.take_in(file.getvalue()).id == ended.run_id  # at home it is the same run


def test_a_file_brings_no_more_steps_than_a_run_may_have_here(ended, as_, monkeypatch):
    file = io.BytesIO()
    export_run(library().shelf(), ended.run_id, file)
    monkeypatch.setattr(gate, "limits", lambda: Limits(steps=999_999))
    with pytest.raises(RunError, match=r"^steps=1,000,000 is too many for a server of many"):
        gate.take_in(file.getvalue())
    as_(ME, teacher=True)
    assert gate.take_in(file.getvalue()).planned_steps == 1_000_000


def test_the_command_line_deletes_a_run_from_its_link_too(ended, as_):
    assert find_run(ended.run_id) is ended
    store = Store()
    store.delete(ended.run_id)
    assert find_run(ended.run_id) is None
    store.undelete(ended.run_id)
    store.close()
    assert find_run(ended.run_id).snapshot.step == ended.snapshot.step


def test_what_another_noted_of_a_run_is_not_in_a_list(ended, as_):
    library().shelf().edit(ended.run_id, note="I did not understand b", tags=["mine"], starred=True)
    (row,) = gate.own_first(library().shelf().runs())
    assert (row.note, row.tags, row.starred) == ("I did not understand b", ("mine",), True)
    as_(YOU)
    (row,) = gate.own_first(library().shelf().runs(), watched=ended.run_id)
    assert (row.name, row.note, row.tags, row.starred) == (row.name, "", (), False)


def test_the_link_of_a_race_shows_others_no_run_that_was_deleted(as_):
    race = gate.start_race((SHORT, rival(SHORT)), "step", 10)
    race.wait(30)
    library().flush()
    as_(YOU)
    assert gate.watched_race(race.race_id) is race
    library().shelf().delete(race.runs[1].run_id)
    assert gate.watched_race(race.race_id) is None
    as_(ME)
    assert gate.watched_race(race.race_id) is race


def test_a_file_cannot_take_the_place_of_a_recorded_run_that_all_see(as_, recordings):
    recorded = [row.id for row in library().recordings()]
    brought = gate.take_in((FOLDER / "arch2.zip").read_bytes())
    assert (brought.browser, brought.id in recorded) == (ME, False)
    assert [row.id for row in library().recordings()] == recorded


def test_anothers_run_is_not_to_be_taken_away_with_its_text(ended, as_):
    row = library().shelf().get(ended.run_id)
    mine = gate.may_export(row)
    as_(YOU)
    yours = gate.may_export(row)
    as_(YOU, teacher=True)
    assert (mine, yours, gate.may_export(row)) == (True, False, True)
