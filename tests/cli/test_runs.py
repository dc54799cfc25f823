"""`python -m core runs`: the list for people and programs, and what each verb does."""

import csv
import errno
import json
import signal
import zipfile
from dataclasses import replace

import pytest

from core.cli.main import main
from core.data.alphabet import decode
from core.engines import devices
from core.records import StepRecord
from core.storage.checkpoints import load_checkpoint, save_checkpoint
from core.storage.store import Store
from core.training.trainer import Trainer


@pytest.fixture
def cli(capsys):
    """Run a command line; returns status, stdout and stderr."""

    def run(*arguments):
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as exit_:
            status = exit_.code
        out, err = capsys.readouterr()
        return status, out, err

    return run


@pytest.fixture
def text(tmp_path, corpus):
    path = tmp_path / "words.txt"
    path.write_text(decode(corpus.ids))
    return path


@pytest.fixture
def train(cli, text):
    """Train a small run; returns its JSON."""

    def run(*arguments, **settings):
        chosen = {
            "nodes": 8,
            "batch_size": 4,
            "unrollings": 6,
            "steps": 12,
            "report_every": 5,
            "device": "cpu",
            "text": text,
            "probe_every": 0,
            **settings,
        }
        options = [f"--{name.replace('_', '-')}={value}" for name, value in chosen.items()]
        status, out, err = cli("train", "--json", *options, *arguments)
        outcome = json.loads(out)
        assert status == (outcome["status"] != "finished"), err
        return outcome

    return run


def listed(cli):
    status, out, _ = cli("runs", "list", "--json")
    assert status == 0
    return json.loads(out)


def test_the_list_is_json_newest_first_with_the_keys_that_programs_rely_on(cli, train):
    assert listed(cli) == []
    first, second = train(), train(steps=3)
    rows = listed(cli)
    assert [row["id"] for row in rows] == [second["id"], first["id"]]
    assert list(rows[0]) == [
        "id",
        "name",
        "status",
        "steps",
        "planned_steps",
        "validation_bits_per_character",
        "created",
    ]
    assert rows[1]["status"] == "finished"
    assert (rows[1]["steps"], rows[1]["planned_steps"]) == (12, 12)
    assert rows[1]["validation_bits_per_character"] == first["validation_bits_per_character"]
    assert rows[0]["created"] > rows[1]["created"]


def test_the_list_is_a_table_for_people(cli, train):
    assert "There are no runs yet" in cli("runs", "list")[1]
    outcome = train()
    head, line = cli("runs", "list")[1].splitlines()
    assert head.split() == ["id", "status", "steps", "bits", "started", "name"]
    assert line.startswith(f"{outcome['id']}  finished  12/12  ")
    assert line.endswith("Arch 1 tanh, N 8, T 6")


def test_without_the_store_nothing_is_recorded(cli, train):
    outcome = train("--no-store")
    assert "id" not in outcome
    assert listed(cli) == []


def test_show_tells_everything(cli, train):
    outcome = train("--events", "3-clip-0.5")
    status, out, _ = cli("runs", "show", outcome["id"], "--json")
    shown = json.loads(out)
    assert status == 0
    assert shown["config"]["nodes"] == 8
    assert [(e["step"], e["kind"]) for e in shown["events"]] == [(3, "clip"), (12, "finished")]
    assert [report["step"] for report in shown["reports"]] == [0, 5, 10, 12]
    assert shown["reports"][-1]["sample"] == outcome["sample"]
    _, out, _ = cli("runs", "show", outcome["id"][:5])
    assert "after step 3: clip 0.5" in out
    assert f"sample at step 12: {outcome['sample']}" in out


def losses_of(path):
    with path.open() as file:
        return {int(row["step"]): float(row["loss_nats"]) for row in csv.DictReader(file)}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(("presses", "trained", "kept"), [(1, 8, 8), (2, 7, 0)])
def test_an_interrupted_training_is_resumed_exactly(
    number, presses, trained, kept, cli, train, press, text, tmp_path, small, corpus
):
    press(after=7, times=presses, number=number)
    outcome = train(steps=30)
    assert (outcome["status"], outcome["steps"]) == ("stopped", trained)
    press(after=None)
    metrics = tmp_path / "resumed.csv"
    status, out, err = cli("runs", "resume", outcome["id"], "--metrics", metrics, "--json")
    assert status == 0, err
    resumed = json.loads(out)
    assert (resumed["id"], resumed["status"]) == (outcome["id"], "finished")
    assert resumed["steps"] == 30
    config = small(text=str(text), steps=30, report_every=5, optimiser="adam")
    config = config.changed(**json.loads(cli("runs", "show", outcome["id"], "--json")[1])["config"])
    whole = {r.step: r.loss_nats for r in Trainer(config, corpus).train() if type(r) is StepRecord}
    again = losses_of(metrics)
    assert again == {step: whole[step] for step in again}
    assert list(again) == list(range(kept + 1, 31))
    store = Store()
    assert store.ledger.steps(outcome["id"])["loss_nats"].tolist() == list(whole.values())
    store.close()


def test_a_finished_run_is_resumed_to_more_steps(cli, train):
    outcome = train()
    status, _, err = cli("runs", "resume", outcome["id"])
    assert (status, err.count("\n")) == (2, 1)
    assert "has trained 12 of 12 steps: extend it to more than 12." in err
    status, out, _ = cli("runs", "resume", outcome["id"], "--steps", 20, "--json")
    assert json.loads(out)["steps"] == 20
    assert listed(cli)[0]["planned_steps"] == 20


@pytest.fixture
def from_cuda(cli, train):
    """The id of a run that a machine with CUDA trained, as it would be here."""
    run_id = train()["id"]
    store = Store()
    path = store.checkpoint_path(run_id)
    checkpoint = load_checkpoint(path)
    config = checkpoint.config.changed(device="cuda")
    save_checkpoint(path, replace(checkpoint, config=config))
    store.update(run_id, config)
    store.close()
    return run_id


@pytest.fixture
def _without_cuda(monkeypatch):
    monkeypatch.setattr(devices, "cuda_is_available", lambda: False)


@pytest.mark.usefixtures("_without_cuda")
def test_a_run_of_a_gpu_goes_on_without_one_and_says_so(cli, from_cuda):
    status, out, err = cli("runs", "resume", from_cuda, "--steps=20")
    assert (status, "finished after 20 steps" in out) == (0, True)
    assert "on cpu: this machine shows no CUDA device, for which it was begun)" in out
    assert err.startswith(
        f"Run {from_cuda} was begun for CUDA, and this machine shows no CUDA device: it goes on on "
        "the CPU.\n"
    )
    assert json.loads(cli("runs", "show", from_cuda, "--json")[1])["config"]["device"] == "cuda"


@pytest.mark.usefixtures("_without_cuda")
def test_a_run_moves_to_the_device_that_is_named(cli, from_cuda):
    status, _, err = cli("runs", "resume", from_cuda, "--steps=20", "--device=cuda")
    assert status == 2
    assert err.startswith("device=cuda is not available: this machine shows torch no CUDA device")
    assert cli("runs", "resume", from_cuda, "--device=gpu", "--steps=20")[0] == 2
    status, _, err = cli("runs", "resume", from_cuda, "--steps=20", "--device=cpu")
    assert (status, "CUDA" in err) == (0, False)
    assert json.loads(cli("runs", "show", from_cuda, "--json")[1])["config"]["device"] == "cpu"
    assert cli("runs", "resume", from_cuda, "--steps=25")[0] == 0


def test_a_run_goes_out_and_comes_in(cli, train, tmp_path, monkeypatch):
    outcome = train()
    archive = tmp_path / "out.zip"
    status, out, _ = cli("runs", "export", outcome["id"], archive)
    assert (status, out) == (0, f"{archive}\n")
    assert "metrics.csv" in zipfile.ZipFile(archive).namelist()
    monkeypatch.setenv("UNROLL_HOME", str(tmp_path / "elsewhere"))
    status, out, _ = cli("runs", "import", archive, "--json")
    assert status == 0
    assert json.loads(out)["id"] == outcome["id"]
    (row,) = listed(cli)
    assert (row["status"], row["steps"]) == ("finished", 12)
    assert row["validation_bits_per_character"] == outcome["validation_bits_per_character"]


def test_an_export_without_a_name_is_called_after_the_run(cli, train, tmp_path, monkeypatch):
    outcome = train()
    monkeypatch.chdir(tmp_path)
    assert cli("runs", "export", outcome["id"])[:2] == (0, f"{outcome['id']}.zip\n")
    assert (tmp_path / f"{outcome['id']}.zip").exists()
    assert cli("runs", "export", outcome["id"], "--script", "r.py")[:2] == (0, "r.py\n")
    assert "import torch" in (tmp_path / "r.py").read_text()


def test_a_script_that_cannot_be_written_is_told_in_a_sentence(cli, train, tmp_path, monkeypatch):
    outcome = train()

    def no_room(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.replace", no_room)
    status, _, err = cli("runs", "export", outcome["id"], "--script", tmp_path / "r.py")
    assert status != 0
    assert "r.py cannot be written (No space left on device): make room there, or name" in err
    assert list(tmp_path.glob("*.py")) == list(tmp_path.glob(".*.part")) == []


def test_a_deleted_run_comes_back_within_a_minute(cli, train):
    outcome = train()
    assert cli("runs", "delete", outcome["id"])[0] == 0
    assert listed(cli) == []
    assert cli("runs", "delete", "--undo", outcome["id"])[0] == 0
    assert [row["id"] for row in listed(cli)] == [outcome["id"]]


def test_what_can_be_deleted_is_deleted_and_the_rest_is_told(cli, train):
    first, second = train()["id"], train()["id"]
    status, _, err = cli("runs", "delete", first, "nothing", second)
    assert (status, listed(cli)) == (1, [])
    assert "There is no run 'nothing' here" in err
    assert cli("runs", "delete", "--undo", first, "nothing", second)[:2] == (
        1,
        f"{first} is back.\n{second} is back.\n",
    )


def test_one_of_two_exports_that_cannot_be_written_leaves_the_other(cli, train, tmp_path):
    outcome = train()
    archive = tmp_path / "run.zip"
    status, out, err = cli("runs", "export", outcome["id"], archive, "--script", tmp_path)
    assert (status, out, err.count("\n")) == (1, f"{archive}\n", 1)
    assert zipfile.is_zipfile(archive)


REFUSED = {
    "no such run": (["runs", "show", "nothing"], "There is no run 'nothing' here"),
    "no verb": (["runs"], "--help"),
    "nothing to export": (["runs", "export"], "Name a run to export"),
    "no such file": (["runs", "import", "none.zip"], "none.zip cannot be imported. It cannot be"),
    "checkpoints": (["train", "--checkpoint-every", "0"], "choose seconds from 0.1 to 86,400"),
    "events": (["train", "--events", "soon"], "The live change soon is not understood"),
    "resume": (["runs", "resume", "x"], "There is no run 'x' here"),
    "undo": (["runs", "delete", "--undo", "x"], "There is no run 'x' here"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_done_is_one_sentence_and_status_2(cli, name):
    arguments, words = REFUSED[name]
    status, out, err = cli(*arguments)
    assert (status, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1


def test_without_tensorboard_its_export_is_a_sentence(cli, train, tmp_path, monkeypatch):
    train()
    monkeypatch.setitem(__import__("sys").modules, "torch.utils.tensorboard", None)
    status, _, err = cli("runs", "export", "--tensorboard", tmp_path / "tb")
    assert (status, err.count("\n")) == (2, 1)
    assert err.startswith("TensorBoard is not installed here: `pip install tensorboard` adds it")


def test_with_tensorboard_all_runs_are_exported_and_replaced(cli, train, tmp_path, event_files):
    first, second = train()["id"], train(activation="relu")["id"]
    status, out, _ = cli("runs", "export", "--tensorboard", tmp_path / "tb")
    assert (status, out) == (0, f"2 runs written to {tmp_path / 'tb'}.\n")
    assert sorted(folder.name for folder in (tmp_path / "tb").iterdir()) == [
        f"Arch-1-ReLU-N-8-T-6-{second}",
        f"Arch-1-tanh-N-8-T-6-{first}",
    ]
    _, out, _ = cli("runs", "export", "--tensorboard", tmp_path / "tb", first)
    assert "1 runs written to" in out
    assert out.endswith("; 1 took the place of an earlier export.\n")
    assert cli("runs", "export", first, "--tensorboard", tmp_path, "-o", "x.zip")[0] == 2
