"""Runs as TensorBoard event files: a folder a run, which bears its name."""

import pytest

from core.errors import StoreError
from core.records import RunStatus
from core.storage.tensorboard import export_tensorboard

pytestmark = pytest.mark.usefixtures("event_files")


@pytest.fixture
def run_id(make_manager, small):
    """A run of twelve steps that is recorded."""
    manager = make_manager()
    run = manager.start(small(steps=12, report_every=5))
    assert run.wait(20).status == RunStatus.FINISHED
    assert manager.writer.flush()
    return run.run_id


@pytest.fixture
def tb(tmp_path):
    """Where the folders are made."""
    return tmp_path / "tb"


def folders(place):
    """The files of each folder, by the folder's name."""
    return {
        folder.name: sorted(file.name for file in folder.iterdir()) for folder in place.iterdir()
    }


def test_every_step_and_report_is_written(store, run_id, tb):
    assert not export_tensorboard(store, store.get(run_id), tb)
    (file,) = (tb / f"Arch-1-tanh-N-8-T-6-{run_id}").iterdir()
    lines = [line.rsplit(" ", 1) for line in file.read_text().splitlines()]
    assert [int(step) for tag, step in lines if tag == "training/loss_nats"] == list(range(1, 13))
    assert [int(step) for tag, step in lines if tag == "sample"] == [0, 5, 10, 12]


def test_an_earlier_export_is_replaced_whatever_the_run_was_called(store, run_id, tb):
    export_tensorboard(store, store.get(run_id), tb)
    store.update(run_id, name="../Mine & yours: 100 %")
    assert export_tensorboard(store, store.get(run_id), tb)
    (name,) = folders(tb)
    assert name == f"Mine-yours-100-{run_id}"


def test_the_folder_of_a_former_version_is_replaced(store, run_id, tb):
    (tb / run_id).mkdir(parents=True)
    (tb / run_id / "events.out.tfevents.old").touch()
    assert export_tensorboard(store, store.get(run_id), tb)
    assert list(folders(tb)) == [f"Arch-1-tanh-N-8-T-6-{run_id}"]


def test_other_files_are_left_alone(store, run_id, tb):
    (tb / f"notes-{run_id}").mkdir(parents=True)
    (tb / f"notes-{run_id}" / "mine.txt").touch()
    assert not export_tensorboard(store, store.get(run_id), tb)
    assert folders(tb)[f"notes-{run_id}"] == ["mine.txt"]


def test_what_cannot_be_written_leaves_the_earlier_export(store, run_id, tb, monkeypatch):
    export_tensorboard(store, store.get(run_id), tb)
    before = folders(tb)

    def break_off(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("torch.utils.tensorboard.SummaryWriter.add_scalar", break_off)
    with pytest.raises(StoreError, match=r"cannot be written \(No space left on device\)"):
        export_tensorboard(store, store.get(run_id), tb)
    assert folders(tb) == before
