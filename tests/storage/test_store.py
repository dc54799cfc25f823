"""The list of runs: found, edited, deleted, brought back, and told from those of the dead."""

import json
from contextlib import suppress

import pytest

from core.errors import StoreError
from core.records import Event, EventKind, Report, RunStatus, StepRecord
from core.steps import columns_of
from core.storage.rows import COLUMNS
from core.storage.store import UNDO_SECONDS, Store


@pytest.fixture
def clock():
    """A clock that the test moves."""
    return [1_000.0]


@pytest.fixture
def store(open_store, clock):
    return open_store(clock=lambda: clock[0])


@pytest.fixture
def add(store, small, clock):
    """Add a run that has ended."""

    def add_(run_id, status=RunStatus.FINISHED, **changes):
        clock[0] += 1
        store.create(run_id, small(**changes), source="page")
        store.update(run_id, status=status, owner=None)
        return store.get(run_id)

    return add_


def test_runs_come_newest_first(store, add):
    for run_id in ("a1", "b2", "c3"):
        add(run_id)
    assert [row.id for row in store.runs()] == ["c3", "b2", "a1"]


def test_a_row_says_what_the_run_is(store, small):
    store.create("r", small(unrollings=9), source="cli", planned=[Event(3, "clip", 0.5)])
    row = store.get("r")
    assert row.config == small(unrollings=9)
    assert (row.name, row.status, row.source) == ("Arch 1 tanh, N 8, T 9", "queued", "cli")
    assert row.planned == (Event(3, "clip", 0.5),)
    assert row.preset == "demo"
    assert row.differences["unrollings"] == 9
    assert "architecture" not in row.differences
    assert row.as_json() == {
        "id": "r",
        "name": "Arch 1 tanh, N 8, T 9",
        "status": "queued",
        "steps": 0,
        "planned_steps": 20,
        "validation_bits_per_character": None,
        "created": 1_000.0,
    }


def test_one_id_is_one_run(store, add, small):
    add("a")
    with pytest.raises(StoreError, match="UNIQUE"):
        store.create("a", small(), source="page")
    assert len(store.runs()) == 1


def test_a_run_is_found_by_its_id_its_beginning_or_its_name(store, add):
    for run_id in ("abcd1234", "abce1234", "ffff0000"):
        add(run_id)
    store.edit("ffff0000", name="mine")
    assert store.find("abcd1234").id == "abcd1234"
    assert store.find("abcd").id == "abcd1234"
    assert store.find("mine").id == "ffff0000"
    with pytest.raises(StoreError, match="2 runs are called 'abc': give the id of one of them"):
        store.find("abc")
    with pytest.raises(StoreError, match="There is no run 'nothing' here"):
        store.find("nothing")


def test_what_a_user_says_about_a_run_is_kept(store, open_store, add):
    add("a")
    store.edit("a", name="  A name ", starred=True, tags=["relu", "week 3"], note="Look!")
    store.edit("a", name="   ")  # no name is no change
    row = open_store().get("a")
    assert (row.name, row.starred, row.tags) == ("A name", True, ("relu", "week 3"))
    assert row.note == "Look!"
    store.edit("a", starred=False, tags=[], note="")
    row = store.get("a")
    assert (row.starred, row.tags, row.note) == (False, (), "")
    with pytest.raises(StoreError, match="There is no run"):
        store.edit("b", name="x")


def test_a_deleted_run_can_be_had_back_for_a_minute(store, open_store, add, clock):
    for run_id in "abc":
        add(run_id)
    for run_id in "ab":
        store.checkpoint_path(run_id).parent.mkdir(exist_ok=True)
        store.checkpoint_path(run_id).write_bytes(b"weights")
        store.ledger.put_events(run_id, 0, [Event(1, "stopped")])
        store.delete(run_id)
    assert [row.id for row in store.runs()] == ["c"]
    assert store.known_of(["a", "c", "d"]) == {"a", "c"}  # its id is taken still
    clock[0] += UNDO_SECONDS - 1
    store.undelete("a")
    assert [row.id for row in store.runs()] == ["c", "a"]
    assert store.checkpoint_path("a").exists()
    clock[0] += 5
    open_store(clock=lambda: clock[0])
    with pytest.raises(StoreError, match="There is no run 'b'"):
        store.undelete("b")
    assert not store.checkpoint_path("b").exists()
    assert store.ledger.events("a") == (Event(1, "stopped"),)
    assert store.ledger.events("b") == ()


def test_what_was_deleted_is_forgotten_for_good_when_the_list_is_read(store, add, clock):
    add("a")
    store.delete("a")
    clock[0] += UNDO_SECONDS + 1
    assert store.runs() == []
    with pytest.raises(StoreError, match="There is no run 'a'"):
        store.undelete("a")


def test_a_measurement_is_of_its_settings_from_the_first_step_to_the_last(store, add):
    add("whole")
    add("stopped", RunStatus.STOPPED)
    add("changed")
    store.ledger.put_events("changed", 0, [Event(3, EventKind.CLIP, 0.5)])
    add("looked at")
    store.ledger.put_events("looked at", 0, [Event(3, EventKind.FINISHED)])
    for run_id, values in {
        "planned": {"planned": (Event(3, EventKind.CLIP, 0.5),)},
        "given": {"given_weights": True},
        "import": {"source": "import"},
    }.items():
        add(run_id)
        store.update(run_id, **values)
    assert [row.id for row in store.measurements()] == ["looked at", "whole"]


def test_a_run_that_is_brought_back_just_before_it_is_forgotten_keeps_its_weights(
    store, open_store, add, clock, monkeypatch
):
    add("a")
    store.checkpoint_path("a").parent.mkdir(exist_ok=True)
    store.checkpoint_path("a").write_bytes(b"weights")
    store.delete("a")
    other = open_store(clock=lambda: clock[0])
    clock[0] += UNDO_SECONDS + 1
    transaction = store.transaction

    def after_the_other():
        other.undelete("a")
        return transaction()

    monkeypatch.setattr(store, "transaction", after_the_other)
    store._purge()
    assert [row.id for row in store.runs()] == ["a"]
    assert store.checkpoint_path("a").exists()


def test_an_active_run_is_not_deleted(store, small):
    store.create("a", small(), source="page")
    with pytest.raises(StoreError, match="Run a is queued: stop it before deleting it"):
        store.delete("a")


def test_the_runs_of_a_process_that_has_ended_are_interrupted(open_store, small):
    first, second, looking = open_store(), open_store(), open_store()
    first.create("a", small(), source="page")
    second.create("b", small(), source="cli")
    assert [row.status for row in looking.runs()] == ["queued", "queued"]
    assert [row.here for row in first.runs()] == [False, True]
    first.close()
    assert {row.id: str(row.status) for row in looking.runs()} == {
        "a": "interrupted",
        "b": "queued",
    }
    assert "Resume goes on from its last checkpoint" in looking.get("a").message
    second.close()
    assert looking.get("b").status == RunStatus.INTERRUPTED


def test_a_twin_writes_under_the_same_name(open_store, small):
    store, looking = open_store(), open_store()
    twin = store.twin()
    twin.create("a", small(), source="page")
    assert store.get("a").here
    twin.close()
    assert looking.get("a").status == RunStatus.QUEUED
    store.close()
    assert looking.get("a").status == RunStatus.INTERRUPTED


def test_a_run_of_another_living_process_cannot_be_claimed(open_store, small):
    first, second = open_store(), open_store()
    first.create("a", small(), source="page")
    with pytest.raises(StoreError, match="Run a is queued in another process"):
        second.claim("a", small(), 0, 0)


def test_claiming_drops_what_came_after_the_checkpoint(store, add, small):
    add("a")
    records = [StepRecord(s, s, float(s), 1.0, 1.0, False, 0.1, s / 9) for s in range(1, 2_301)]
    reports = [Report(s, s, s / 9, None, 9 - s / 1_000, "text") for s in (0, 1_000, 2_000)]
    store.ledger.put_steps("a", columns_of(records))
    store.ledger.put_reports("a", reports)
    store.ledger.put_events("a", 0, [Event(s, "clip", 1.0) for s in (5, 1_400, 2_200)])
    store.claim("a", small(steps=9), 1_234, 1)
    assert store.ledger.steps("a")["step"].tolist() == list(range(1, 1_235))
    assert store.ledger.steps("a")["loss_nats"].tolist() == [float(s) for s in range(1, 1_235)]
    assert [r.step for r in store.ledger.reports("a")] == [0, 1_000]
    assert store.ledger.events("a") == (Event(5, "clip", 1.0),)
    row = store.get("a")
    assert (row.status, row.step, row.planned_steps) == (RunStatus.QUEUED, 1_234, 9)
    assert row.last_validation == 8.0
    assert row.here


def test_claiming_from_the_start_drops_everything(store, add, small):
    add("a")
    store.ledger.put_events("a", 0, [Event(5, "clip", 1.0)])
    store.claim("a", small(), 0, 0)
    assert store.ledger.events("a") == ()
    assert len(store.ledger.steps("a")["step"]) == 0


def test_a_transaction_is_all_or_nothing(store, add):
    add("a")
    with suppress(ZeroDivisionError), store.transaction() as connection:
        connection.execute("UPDATE runs SET name = 'x'")
        raise ZeroDivisionError
    assert store.get("a").name != "x"


def test_a_loss_that_is_no_number_survives(store, add):
    add("a")
    report = Report(3, 3, 0.5, 2.0, float("nan"), "x")
    store.ledger.put_reports("a", [report])
    store.refresh_validation("a")
    (again,) = store.ledger.reports("a")
    assert again.validation_loss_nats != again.validation_loss_nats
    assert store.get("a").best_validation is None
    assert json.dumps(store.get("a").as_json(), allow_nan=False)


def test_a_store_that_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="set UNROLL_HOME to a folder that can be written"):
        Store(tmp_path / "file" / "home")


def test_a_row_is_made_again_only_when_something_changed(store, open_store, add):
    add("a")
    add("b")
    before = {row.id: row for row in store.runs()}
    open_store().edit("a", note="from elsewhere")
    after = {row.id: row for row in store.runs()}
    assert after["b"] is before["b"]
    assert (before["a"].note, after["a"].note) == ("", "from elsewhere")


def test_every_column_of_a_run_is_a_field_of_its_row(store):
    with store.reading() as connection:
        names = {name for _, name, *_ in connection.execute("PRAGMA table_info(runs)")}
    assert names - {"configuration"} == set(COLUMNS) - {"settings"}


def test_a_change_of_a_run_that_is_gone_says_so(store, add):
    add("a")
    assert store.update("a", tags=("x",), starred=True)
    assert (store.get("a").tags, store.get("a").starred) == (("x",), True)
    assert not store.update("b", starred=True)


def test_a_name_is_one_line(store, add):
    add("a")
    store.edit("a", name=" two\n# lines ")
    assert store.get("a").name == "two # lines"
