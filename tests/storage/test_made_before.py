"""A store and zips that the version before wrote: everything in them is found, and goes on.

`made_before/expected.json` is what that version said of them. Whatever is opened here is a copy:
the files themselves must stay as that version left them.
"""

import io
import json
import shutil
import sqlite3
import zipfile
import zlib
from pathlib import Path

import pytest

from core.config import LATER
from core.data.corpora import load_corpus
from core.experiments.recorded_cells import runs_of_cells
from core.experiments.sweep_store import SweepStore
from core.records import Event, RunStatus
from core.storage import schema
from core.storage.store import Store
from core.storage.stored_run import StoredRun, past_of
from core.storage.stretches import pack, unpack
from core.storage.zip_export import export_run
from core.storage.zip_import import import_run
from core.training.manager import RunManager

PATIENCE = 60.0
MADE = Path(__file__).parent / "made_before"
EXPECTED = json.loads((MADE / "expected.json").read_text(encoding="utf-8"))
RUNS = ("aaaa0001", "bbbb0002", "cccc0003")
CHANGES = (
    Event(10, "learning_rate", 0.001),
    Event(12, "clip", 0.0),
    Event(15, "unrollings", 8.0),
)
SETTINGS = {
    "aaaa0001": {"activation": "relu", "optimiser": "adam", "learning_rate": 0.002, "steps": 25},
    "bbbb0002": {"architecture": "arch2", "feedback": "free", "optimiser": "adadelta", "steps": 60},
    "cccc0003": {"init": "identity", "clip": 0.0, "learning_rate": 100.0, "nodes": 24},
}
GO_ON = {  # the steps to train to, the changes on the way, and the uninterrupted run's losses
    "aaaa0001": (60, CHANGES, EXPECTED["finished_extended_to_60"]),
    "bbbb0002": (None, (), EXPECTED["interrupted_to_60"]),
}


@pytest.fixture
def home(tmp_path):
    """A copy of the folder as the version before left it."""
    return shutil.copytree(MADE / "home", tmp_path / "home")


@pytest.fixture
def elsewhere(tmp_path):
    """An empty store, as on another machine."""
    store = Store(tmp_path / "elsewhere")
    yield store
    store.close()


def numbers(hexadecimal):
    return [float.fromhex(loss) for loss in hexadecimal]


def losses_of(snapshot):
    return snapshot.history.column("loss_nats").tolist()


def assert_is_as_it_was(snapshot, run_id):
    """All that was recorded of a run, against what the version before said of it."""
    expected = EXPECTED[run_id]
    assert losses_of(snapshot) == numbers(expected["losses"])
    assert [[e.step, str(e.kind), e.value, e.text] for e in snapshot.events] == expected["events"]
    assert [[r.step, r.validation_loss_nats] for r in snapshot.reports] == expected["reports"]
    assert len(snapshot.probes) == expected["probes"]
    assert [probe.step for probe in snapshot.probes] == [0, 10, 20][: expected["probes"]]
    assert all(probe.flow[0] == 1.0 for probe in snapshot.probes)
    for name, value in SETTINGS[run_id].items():
        assert getattr(snapshot.config, name) == value, name
    assert snapshot.text_title == "Latch, lag 4"
    # What that version kept were the whole text's entropies; the lines are counted when it goes on.
    assert snapshot.floors == {}
    assert snapshot.contexts == ()


def assert_goes_on(store, run_id, make_manager, make_writer):
    """Resumed or extended, it comes out as a run that was never cut off, trained here and now."""
    steps, changes, then = GO_ON[run_id]
    recorded = numbers(EXPECTED[run_id]["losses"])
    manager = make_manager(make_writer(store=store), load_text=load_corpus)
    config, past = past_of(store, run_id, steps)
    resumed = losses_of(manager.start(config, run_id=run_id, past=past).wait(PATIENCE))
    assert manager.writer.flush()
    uninterrupted = losses_of(RunManager().start(config, planned=changes).wait(PATIENCE))
    assert len(resumed) == 60
    assert resumed[:25] == recorded
    # Not to the last bit: the version before drew first weights that differ there, and another
    # processor rounds products otherwise than the one that recorded the first part.
    assert resumed == pytest.approx(uninterrupted, abs=1e-4)
    assert resumed == pytest.approx(numbers(then), abs=1e-4)
    stored = StoredRun(store, run_id).snapshot
    assert (stored.status, losses_of(stored)) == (RunStatus.FINISHED, resumed)
    assert list(stored.floors) == ["uniform", "unigram", "bigram", "trigram", "fourgram"]
    assert [curve.step for curve in stored.contexts][-1] == 60


def test_every_run_is_in_the_list_and_what_was_cut_off_is_interrupted(store):
    rows = {row.id: row for row in store.runs()}
    assert list(rows) == [listed["id"] for listed in EXPECTED["list"]]
    for listed in EXPECTED["list"]:
        if listed["status"] == "paused":
            listed = listed | {"status": "interrupted"}
        assert rows[listed["id"]].as_json() == listed
    row = rows["aaaa0001"]
    assert (row.name, row.starred, row.tags) == ("Before the move", True, ("old", "test"))
    assert row.note == "A note.\nTwo lines."
    assert row.planned == CHANGES
    assert {row.browser for row in rows.values()} == {None}  # they are nobody's
    assert (rows["cccc0003"].diagnosis, rows["aaaa0001"].diagnosis) == ("Diverged", "")


@pytest.mark.parametrize("run_id", RUNS)
def test_a_run_says_all_that_it_said(store, run_id):
    assert_is_as_it_was(StoredRun(store, run_id).snapshot, run_id)
    assert StoredRun(store, run_id).weights()[0] == len(EXPECTED[run_id]["losses"])


@pytest.mark.parametrize("run_id", GO_ON)
def test_a_run_goes_on_as_if_it_had_never_been_cut_off(store, make_manager, make_writer, run_id):
    assert_goes_on(store, run_id, make_manager, make_writer)


@pytest.mark.parametrize("run_id", RUNS)
def test_a_zip_comes_in_and_goes_out_with_the_same_members(elsewhere, run_id):
    path = MADE / f"{run_id}.zip"
    assert import_run(elsewhere, path) == run_id
    assert_is_as_it_was(StoredRun(elsewhere, run_id).snapshot, run_id)
    again = io.BytesIO()
    export_run(elsewhere, run_id, again)
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(again) as after:
        assert after.namelist() == before.namelist()
        for name in ("metrics.csv", "probes.csv", "samples.txt", "repeat.py"):
            assert after.read(name) == before.read(name), name
        happened, happened_again = (json.loads(z.read("events.json")) for z in (before, after))
        told, told_again = (json.loads(z.read("config.json")) for z in (before, after))
    assert happened_again == happened
    assert list(told_again) == [*told, "floors_held_out"]
    changes = {name for name in told if told[name] != told_again[name]}
    assert changes <= {"created", "status", "floors", "config"}  # it is new, and nobody trains it
    assert told_again["config"] == told["config"] | LATER | {"engine": "auto"}  # settings of after


@pytest.mark.parametrize("run_id", GO_ON)
def test_a_run_out_of_a_zip_goes_on_as_well(elsewhere, make_manager, make_writer, run_id):
    import_run(elsewhere, MADE / f"{run_id}.zip")
    assert_goes_on(elsewhere, run_id, make_manager, make_writer)


def facts_of(path):
    """The version of a store, its tables, the kinds of its probes, and its steps as they lie."""
    connection = sqlite3.connect(path)
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    tables = {
        name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type='table'")
    }
    kinds = {kind for (kind,) in connection.execute("SELECT DISTINCT kind FROM probes")}
    stretches = connection.execute("SELECT data, block, rows FROM metrics").fetchall()
    connection.close()
    return version, tables, kinds, stretches


def test_opening_brings_the_store_up_to_date_and_keeps_every_record(home):
    path = home / "runs.sqlite"
    version, tables, kinds, before = facts_of(path)
    assert (version, kinds) == (1, {"ProbeRecord"})
    for _ in range(2):  # the second time there is nothing to do
        store = Store(home)
        assert len(store.ledger.probes("aaaa0001")) == EXPECTED["aaaa0001"]["probes"]
        assert store.get("aaaa0001").floors == {}  # were entropies of the whole text
        store.close()
        version, tables_now, kinds, after = facts_of(path)
        assert (version, tables_now) == (len(schema.RUNS.migrations), tables - {"findings"})
        assert (kinds, after) == ({"flow"}, before)


def test_steps_are_packed_to_the_same_bytes(home):
    *_, stretches = facts_of(home / "runs.sqlite")
    assert len(stretches) == 5
    for data, stretch, rows in stretches:
        again = pack(unpack(data, stretch, rows))
        assert zlib.decompress(again) == zlib.decompress(data)


def test_the_results_of_a_sweep_are_found_by_the_keys_they_had(home, store):
    """Its measure has changed since: the plan asks for new cells, what was measured stays."""
    results = SweepStore(home / "sweeps.sqlite")
    plan, sha256 = results.latest_plan()
    told = EXPECTED["cells"]
    assert [cell.name for cell in plan.cells(sha256)] == [cell["name"] for cell in told.values()]
    found = results.get(told)
    for key, cell in told.items():
        assert (found[key].recall, found[key].loss_nats) == (cell["recall"], cell["loss_nats"])
        assert len(found[key].marks) == 60
    assert runs_of_cells(store, told) == {key: key[:8] for key in told}
    for key in told:
        assert len(StoredRun(store, key[:8]).snapshot.history) == 60
