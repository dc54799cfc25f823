"""The runs that come with Unroll: unpacked once, found like any other, changed by nobody."""

import json
import shutil
import zipfile
from contextlib import closing

import pytest

from core.config import TrainingConfig
from core.errors import StoreError
from core.paths import cache_home
from core.records import RunStatus
from core.storage import recorded
from core.storage.recorded import FOLDER, RecordedRuns
from core.storage.stored_run import StoredRun, past_of

SMALLEST = "diverged"


@pytest.fixture
def exports(tmp_path):
    """A folder with one export in it."""
    folder = tmp_path / "exports"
    folder.mkdir()
    shutil.copy(FOLDER / f"{SMALLEST}.zip", folder)
    return folder


@pytest.fixture
def about():
    """What the export tells of its run."""
    with zipfile.ZipFile(FOLDER / f"{SMALLEST}.zip") as archive:
        return json.loads(archive.read("config.json"))


def unpacked():
    return sorted(path.name for path in (cache_home() / "recorded").iterdir())


def test_a_recorded_run_is_found_with_its_id_its_date_and_its_mark(exports, about):
    with closing(RecordedRuns(exports)) as runs:
        [row] = runs.runs()
        assert (row.id, row.name, row.note) == (about["id"], about["name"], about["note"])
        assert row.created == about["created"]
        assert row.recorded
        shot = StoredRun(runs, row.id).snapshot
    assert (shot.status, shot.step) == (RunStatus.DIVERGED, about["steps"])
    assert shot.engine == "compiled"  # which is told by its checkpoint
    assert len(shot.history) == about["steps"]
    assert shot.probes
    assert shot.contexts


def test_they_are_unpacked_once(exports, monkeypatch):
    with closing(RecordedRuns(exports)) as runs:
        home = runs.home
    monkeypatch.setattr(recorded, "import_run", None)  # would not bear a call
    with closing(RecordedRuns(exports)) as runs:
        assert runs.home == home
        assert len(runs.runs()) == 1
    assert unpacked() == [home.name]


def test_other_exports_have_another_folder(exports):
    with closing(RecordedRuns(exports)) as runs:
        home = runs.home
    shutil.copy(FOLDER / "arch2.zip", exports)
    with closing(RecordedRuns(exports)) as runs:
        assert runs.home != home
        assert len(runs.runs()) == 2


def test_of_two_processes_at_once_either_unpacks_them(exports, monkeypatch):
    of_another = []

    def import_run(store, file, **options):
        if not of_another:
            of_another.append(None)
            of_another.append(RecordedRuns(exports))
        return original(store, file, **options)

    original = recorded.import_run
    monkeypatch.setattr(recorded, "import_run", import_run)
    with closing(RecordedRuns(exports)) as runs, closing(of_another[1]) as others:
        assert runs.home == others.home
        assert len(runs.runs()) == 1
    assert unpacked() == [runs.home.name]


@pytest.mark.parametrize("harm", [lambda file: file.write_bytes(b"no"), lambda file: file.unlink()])
def test_what_was_unpacked_and_is_damaged_is_unpacked_anew(exports, harm):
    with closing(RecordedRuns(exports)) as runs:
        home = runs.home
    harm(home / "runs.sqlite")
    with closing(RecordedRuns(exports)) as runs:
        assert runs.home == home
        assert len(runs.runs()) == 1


def test_what_cannot_be_unpacked_leaves_nothing_behind(exports):
    (exports / "damaged.zip").write_bytes(b"PK")
    with pytest.raises(StoreError, match=r"damaged\.zip"):
        RecordedRuns(exports)
    assert unpacked() == []


def test_a_folder_that_cannot_be_written_is_a_sentence(exports):
    (cache_home() / "recorded").touch()
    with pytest.raises(StoreError, match=r"cannot be unpacked into .*: make room there"):
        RecordedRuns(exports)


@pytest.mark.parametrize(
    "change",
    [
        lambda runs, run_id: runs.edit(run_id, name="mine"),
        lambda runs, run_id: runs.delete(run_id),
        lambda runs, run_id: runs.claim(run_id, TrainingConfig(), 0, 0),
        lambda runs, run_id: runs.create("abcd", TrainingConfig(), source="page"),
    ],
    ids=["edited", "deleted", "trained on", "added to"],
)
def test_they_cannot_be_changed(exports, change):
    with closing(RecordedRuns(exports)) as runs:
        before = runs.runs()
        with pytest.raises(StoreError, match=r"comes with Unroll.*duplicate it"):
            change(runs, before[0].id)
        assert runs.runs() == before


def test_a_finished_one_has_nothing_to_resume(exports, about):
    with closing(RecordedRuns(exports)) as runs, pytest.raises(StoreError, match="diverged"):
        past_of(runs, about["id"])
