"""Damaged and foreign files: each is refused in a sentence, set aside, and overwrites nothing."""

import io
import json
import pickle
import shutil
import sqlite3
import zipfile
from contextlib import closing

import numpy as np
import pytest
import safetensors.numpy

from core.errors import StoreError
from core.storage.store import Store
from core.storage.stored_run import StoredRun, past_of
from core.storage.writer import Writer
from core.storage.zip_export import export_run
from core.storage.zip_import import import_run
from core.training.manager import RunManager

PATIENCE = 20.0


@pytest.fixture(scope="module")
def trained(tmp_path_factory, small, corpus):
    """A store's folder with a finished run, to take copies of, and the run's id."""
    folder = tmp_path_factory.mktemp("trained")
    store = Store(folder)
    writer = Writer(store, source="page")
    manager = RunManager(observe=writer.observe, load_text=lambda key, progress=None: corpus)
    run = manager.start(small(steps=1_200, probe_every=300))
    run.wait(PATIENCE)
    assert writer.flush()
    writer.close()
    store.close()
    return folder, run.run_id


@pytest.fixture
def home(trained, tmp_path):
    """Where the store is: a copy that the test may damage."""
    return shutil.copytree(trained[0], tmp_path / "home")


@pytest.fixture
def run_id(trained):
    """The finished run in it; everything of it is on disk."""
    return trained[1]


def refusal(action, *arguments, **named):
    with pytest.raises(StoreError) as caught:
        action(*arguments, **named)
    message = str(caught.value)
    assert message.endswith(".")
    assert "\n" not in message
    assert len(message) < 600
    return message


# -- the database ----------------------------------------------------------------------------


def truncated(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = path.read_bytes()
    assert len(data) > 20_000
    path.write_bytes(data[: len(data) // 2])


def scribbled_over(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(path.read_bytes())
    data[100:8_000] = bytes(7_900)
    path.write_bytes(data)


def a_pickle(path):
    path.write_bytes(pickle.dumps({"runs": 1}) * 400)


def of_another_program(path):
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
        connection.execute("INSERT INTO recipes VALUES ('soup')")
        connection.commit()


@pytest.mark.parametrize("damage", [truncated, scribbled_over, a_pickle, of_another_program])
def test_a_damaged_database_is_set_aside_and_a_new_one_begun(home, store, run_id, damage):
    store.close()
    path = home / "runs.sqlite"
    for log in home.glob("runs.sqlite-*"):
        log.unlink()
    damage(path)
    before = path.read_bytes()
    message = refusal(Store, home)
    assert "cannot be read" in message
    (aside,) = home.glob("runs-damaged-*.sqlite")
    assert aside.name in message
    assert aside.read_bytes() == before
    assert not path.exists()
    again = Store(home)
    assert again.runs() == []
    again.close()
    assert (home / "checkpoints" / f"{run_id}.safetensors").exists()


def test_a_database_of_a_newer_version_is_left_as_it_is(home, store, run_id):
    store.close()
    path = home / "runs.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    message = refusal(Store, home)
    assert "written by a newer Unroll (its schema is 99" in message
    assert sorted(p.name for p in home.glob("runs*")) == ["runs.sqlite", "runs.sqlite.opening"]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM runs").fetchone() == (1,)


def test_a_folder_in_the_databases_place_is_a_sentence(tmp_path):
    (tmp_path / "runs.sqlite").mkdir()
    assert "cannot be written (unable to open" in refusal(Store, tmp_path)


def test_damaged_steps_are_a_sentence_and_the_run_can_still_be_listed(store, run_id):
    with store.transaction() as connection:
        connection.execute("UPDATE metrics SET data = zeroblob(500) WHERE block = 0")
    assert "recorded steps 1 to 1,000 are damaged" in refusal(store.ledger.steps, run_id)
    assert "are damaged" in refusal(StoredRun, store, run_id)
    assert [row.id for row in store.runs()] == [run_id]


def test_a_stretch_that_unpacks_without_end_is_refused(store, run_id):
    import zlib

    with store.transaction() as connection:
        bomb = zlib.compress(bytes(50_000_000))
        connection.execute("UPDATE metrics SET data = ? WHERE block = 0", (bomb,))
    assert "are damaged" in refusal(store.ledger.steps, run_id)


# -- checkpoints -----------------------------------------------------------------------------


def cut_short(path):
    path.write_bytes(path.read_bytes()[:-100])


def pickled(path):
    path.write_bytes(pickle.dumps({"U": [1.0]}))


def rewritten(change):
    def damage(path):
        tensors = safetensors.numpy.load_file(path)
        with safetensors.safe_open(path, "numpy") as file:
            metadata = file.metadata()
        change(tensors, metadata)
        path.write_bytes(safetensors.numpy.save(tensors, metadata))

    return damage


def not_finite(tensors, metadata):
    tensors["W"][3, 2] = np.nan


def other_shapes(tensors, metadata):
    tensors["U"] = tensors["U"][:-1].copy()


def without_cursors(tensors, metadata):
    del tensors["cursors"]


def counters_gone(tensors, metadata):
    metadata["state"] = "{}"


def counted(**values):
    def change(tensors, metadata):
        metadata["state"] = json.dumps(json.loads(metadata["state"]) | values)

    return rewritten(change)


def not_an_allowed_setting(tensors, metadata):
    metadata["config"] = json.dumps({"nodes": 10**9})


def without_slots(tensors, metadata):
    del tensors["optimiser.mean"]


CHECKPOINTS = {
    "truncated": (cut_short, "not a whole safetensors file"),
    "a pickle": (pickled, "not a whole safetensors file"),
    "NaN": (rewritten(not_finite), "values in W that are not finite"),
    "shapes": (rewritten(other_shapes), r"has U of shape \(26, 8\), not \(27, 8\)"),
    "no cursors": (rewritten(without_cursors), "not a whole checkpoint"),
    "no counters": (rewritten(counters_gone), "not a whole checkpoint"),
    "a step in words": (counted(reported_step="ten"), "its counters are not numbers"),
    "a negative count": (counted(events=-3), "its counters are not numbers"),
    "an endless count": (counted(step=10**400), "its counters are not numbers"),
    "no duration": (counted(seconds=float("nan")), "not a whole checkpoint"),
    "an endless duration": (counted(seconds=10**400), "not a whole checkpoint"),
    "a planned step": (
        counted(planned=[{"step": "x", "kind": "clip", "value": 1.0, "text": ""}]),
        "its counters are not numbers",
    ),
    "settings": (rewritten(not_an_allowed_setting), "nodes=1000000000 is not allowed"),
}


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_a_damaged_checkpoint_is_set_aside_and_the_curves_stay(store, run_id, name):
    damage, words = CHECKPOINTS[name]
    path = store.checkpoint_path(run_id)
    damage(path)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=words):
        past_of(store, run_id, steps=2_000)
    aside = path.with_name(path.name + ".damaged")
    assert not path.exists()
    assert aside.read_bytes() == before
    assert len(store.ledger.steps(run_id)["step"]) == 1_200


def test_a_checkpoint_of_a_newer_version_is_left_as_it_is(store, run_id):
    path = store.checkpoint_path(run_id)
    rewritten(lambda _, metadata: metadata.update({"unroll-checkpoint": "9"}))(path)
    assert "written by a newer Unroll" in refusal(past_of, store, run_id, 2_000)
    assert path.exists()


def test_a_checkpoint_without_its_optimiser_ends_the_run_with_a_sentence(
    store, run_id, make_manager
):
    rewritten(without_slots)(store.checkpoint_path(run_id))
    config, past = past_of(store, run_id, steps=2_000)
    shot = make_manager().start(config, run_id=run_id, past=past).wait(PATIENCE)
    assert shot.status == "failed"
    assert shot.message.startswith("The saved state lacks optimiser.mean")


# -- imports ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def exported(trained):
    file = io.BytesIO()
    store = Store(trained[0])
    export_run(store, trained[1], file)
    store.close()
    return file.getvalue()


def changed(data, method=zipfile.ZIP_DEFLATED, /, *, folder="", **members):
    """The zip with other members, in a folder: bytes replace, None removes."""
    out = io.BytesIO()
    names = {name.replace("_", "."): content for name, content in members.items()}
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", method) as new:
        for name in old.namelist():
            content = names.pop(name, old.read(name))
            if content is not None:
                new.writestr(folder + name, content)
        for name, content in names.items():
            new.writestr(folder + name, content)
    return out.getvalue()


def about(data, **changes):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        values = json.loads(archive.read("config.json"))
    return changed(data, config_json=json.dumps({**values, **changes}))


def config(data, **changes):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        values = json.loads(archive.read("config.json"))["config"]
    return about(data, config={**values, **changes})


def clipped_at(data, value):
    event = {"step": 3, "kind": "clip", "value": value, "text": ""}
    told = {"planned": [], "events": [event], "at_checkpoint": 0}
    return changed(data, events_json=json.dumps(told))


def metrics(data, change):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        lines = archive.read("metrics.csv").decode().splitlines()
    change(lines)
    return changed(data, metrics_csv="\n".join(lines))


def twice(lines):
    lines.insert(5, lines[5])


def without_a_number(lines):
    lines[7] = lines[7].replace(lines[7].split(",")[2], "nan")


IMPORTS = {
    "not a zip": (lambda data: b"hello", "not a whole .zip"),
    "a pickle": (lambda data: pickle.dumps({"config": 1}), "not a whole .zip"),
    "truncated": (lambda data: data[: len(data) // 2], "not a whole .zip"),
    "another zip": (lambda data: changed(data, config_json=None), "not an exported run"),
    "a bomb": (
        lambda data: changed(data, events_json=b" " * 2**25),
        r"\(events\.json: it holds more than 4 MB, which no run's does\): export it again",
    ),
    "a bomb in bzip2": (
        lambda data: changed(data, zipfile.ZIP_BZIP2, config_json=b" " * 2**20),
        "packed by another method than ordinary zip",
    ),
    "brackets": (
        lambda data: changed(data, config_json=b"[" + b"[]," * 10**6 + b"0]"),
        "it holds more than 1,000,000 values",
    ),
    "a line without end": (
        lambda data: changed(data, probes_csv=b"0," * 10**6),
        "it has a line of more than 65,536 bytes",
    ),
    "a newer format": (lambda data: about(data, unroll=2), "exported by a newer Unroll"),
    "no JSON": (lambda data: changed(data, config_json=b"[[[["), "missing or damaged"),
    "a setting": (lambda data: config(data, nodes=-4), "nodes=-4 is not allowed"),
    "not a setting": (lambda data: config(data, code="rm"), "code is not a setting"),
    "a status": (lambda data: about(data, status="hacked"), "missing or damaged"),
    "a NaN name": (lambda data: about(data, seconds="soon"), "missing or damaged"),
    "an endless time": (lambda data: about(data, seconds=1e300), "missing or damaged"),
    "an endless count": (lambda data: about(data, characters_seen=10**30), "missing or damaged"),
    "no floors": (lambda data: about(data, floors=[]), "missing or damaged"),
    "floors without uniform": (
        lambda data: about(data, floors={"bigram": 2.4}),
        "missing or damaged",
    ),
    "floors that are none": (
        lambda data: about(data, floors={"uniform": "3"}),
        "missing or damaged",
    ),
    "a list as a name": (lambda data: about(data, name=["run"]), "missing or damaged"),
    "a text as tags": (lambda data: about(data, tags="abc"), "missing or damaged"),
    "a word for yes": (lambda data: about(data, given_weights="no"), "missing or damaged"),
    "a hash that is none": (lambda data: about(data, text_sha256="../x"), "missing or damaged"),
    "an event": (lambda data: clipped_at(data, -1.0), "clip=-1.0 is not allowed"),
    "no metrics": (lambda data: changed(data, metrics_csv=None), "missing or damaged"),
    "a doubled step": (lambda data: metrics(data, twice), "missing or damaged"),
    "a NaN": (lambda data: metrics(data, without_a_number), "missing or damaged"),
    "other shapes": (lambda data: config(data, nodes=9), "of another configuration"),
    "another text": (lambda data: changed(data, text_txt=b"abc " * 900), "its text is not"),
    "a pickle inside": (
        lambda data: changed(data, checkpoint_safetensors=pickle.dumps({"U": 1})),
        "not a whole safetensors file",
    ),
}


@pytest.mark.parametrize("name", IMPORTS)
def test_a_file_that_is_not_an_exported_run_is_refused_and_leaves_no_trace(
    store, exported, tmp_path, name
):
    damage, words = IMPORTS[name]
    path = tmp_path / "run.zip"
    path.write_bytes(damage(exported))
    before = {p: p.read_bytes() for p in (store.home / "checkpoints").iterdir()}
    with pytest.raises(StoreError, match=words) as caught:
        import_run(store, path)
    assert str(caught.value).startswith("run.zip ")
    assert str(caught.value).endswith(".")
    assert len(store.runs()) == 1
    assert {p: p.read_bytes() for p in (store.home / "checkpoints").iterdir()} == before


def test_an_import_cannot_name_a_path_or_replace_a_run(store, exported, run_id, tmp_path):
    for wanted in ("../../evil", run_id, "a" * 500):
        path = tmp_path / "run.zip"
        path.write_bytes(about(exported, id=wanted))
        new = import_run(store, path)
        assert new not in (wanted, run_id)
        assert store.checkpoint_path(new).parent == store.home / "checkpoints"
    assert len(store.runs()) == 4


def test_a_zip_that_was_unpacked_and_packed_again_comes_in(store, exported, run_id):
    packed = changed(exported, folder="unroll run/")
    with zipfile.ZipFile(file := io.BytesIO(packed), "a") as archive:
        archive.writestr("__MACOSX/unroll run/._config.json", b"\0\5\26\7")
        archive.writestr("unroll run/.DS_Store", b"\0")
    new = import_run(store, file.getvalue())
    assert store.ledger.reports(new) == store.ledger.reports(run_id)
    assert store.ledger.steps(new)["loss_nats"].tolist() == (
        store.ledger.steps(run_id)["loss_nats"].tolist()
    )


def test_a_stranger_cannot_name_a_file_of_this_machine(store, exported, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("nobody reads this " * 99)
    data = config(exported, text=str(secret))
    row = store.get(import_run(store, data))
    assert row.config.text == f"own:{row.text_sha256[:12]}"


def test_floors_that_an_older_version_took_in_are_not_shown(store, run_id):
    store.update(run_id, floors={"bigram": 2.4, "mine": 1.0})
    assert store.get(run_id).floors == {}


def test_an_imported_name_is_one_line(store, exported):
    new = import_run(store, about(exported, name="  a\n# \x1bb\t"))
    assert store.get(new).name == "a # b"


def test_a_file_that_is_not_there_is_a_sentence(store, tmp_path):
    assert "cannot be read (No such file" in refusal(import_run, store, tmp_path / "none.zip")
