"""A run leaves as one file, comes in on another machine, and is repeated without Unroll."""

import csv
import io
import json
import shlex
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import torch

from core.cli.main import main
from core.data.alphabet import decode
from core.data.corpora import keep, load_corpus
from core.errors import StoreError
from core.records import Event, StepRecord
from core.steps import cut
from core.storage import zip_import
from core.storage.batch import write
from core.storage.script import script_for
from core.storage.store import Store
from core.storage.stored_run import StoredRun, past_of
from core.storage.weights import load_weights_bytes
from core.storage.zip_export import export_run
from core.storage.zip_import import import_run
from core.storage.zip_parts import step_tables
from core.training.manager import RunManager
from core.training.trainer import Trainer

PATIENCE = 60.0
ALL = {
    "arch1-concat-adam": {},
    "arch1-add-sgd": {"combine": "add", "optimiser": "sgd", "learning_rate": 1.0},
    "arch1-multiply": {"combine": "multiply", "init": "orthogonal"},
    "arch1-relu-adadelta": {
        "activation": "relu",
        "optimiser": "adadelta",
        "learning_rate": 1.5,
        "init": "identity",
    },
    "arch1-published": {"init": "published", "clip": 0.1, "decay_rate": 0.5, "decay_steps": 30},
    "arch2-teacher": {"architecture": "arch2"},
    "arch2-free": {"architecture": "arch2", "feedback": "free", "init": "orthogonal"},
    "arch2-stale": {"architecture": "arch2", "inputs": "stale", "loss": "squared-error"},
}


@pytest.fixture
def finished(store, make_manager, corpus, small):
    """Train a run with two live changes; returns its id and last snapshot."""

    def train(**changes):
        kept = keep(corpus)
        manager = make_manager(load_text=load_corpus)
        config = small(text=kept.key, steps=120, probe_every=50, seed=3, **changes)
        planned = [Event(40, "learning_rate", 0.02), Event(40, "unrollings", 9)]
        run = manager.start(config, planned=planned)
        shot = run.wait(PATIENCE)
        assert shot.status == "finished"
        assert manager.writer.flush()
        return run.run_id, shot

    return train


ELSEWHERE = """
import contextlib, io, json, os, runpy, sys, traceback
for line in sys.stdin:
    folder, *sys.argv = json.loads(line)
    os.chdir(folder)
    printed, problem = io.StringIO(), ""
    try:
        with contextlib.redirect_stdout(printed):
            runpy.run_path(sys.argv[0], run_name="__main__")
    except BaseException:
        problem = traceback.format_exc()
    print(json.dumps([printed.getvalue(), problem]), flush=True)
"""


@pytest.fixture(scope="module")
def elsewhere():
    """A process that runs scripts as another machine would: with torch and numpy, and nothing of
    ours. One for all of them, since it takes seconds to import torch."""
    command = [sys.executable, "-I", "-W", "error", "-c", ELSEWHERE]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    ) as process:
        yield process
        process.stdin.close()


@pytest.fixture
def run_script(elsewhere):
    """Run a script in a folder, and return the losses that it prints."""

    def run(source, folder, *arguments):
        (folder / "repeat.py").write_text(source, encoding="utf-8")
        print(json.dumps([str(folder), "repeat.py", *arguments]), file=elsewhere.stdin, flush=True)
        printed, problem = json.loads(elsewhere.stdout.readline())
        assert not problem, problem
        return [float(line.split()[1]) for line in printed.splitlines()]

    return run


def unpacked(store, run_id):
    file = io.BytesIO()
    export_run(store, run_id, file)
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_zip_holds_all_that_there_is_to_know(store, finished):
    run_id, shot = finished()
    files = unpacked(store, run_id)
    assert sorted(files) == [
        "README.txt",
        "checkpoint.safetensors",
        "config.json",
        "events.json",
        "figure-gradient.html",
        "figure-loss.html",
        "metrics.csv",
        "probes.csv",
        "repeat.py",
        "samples.txt",
        "text.txt",
        "weights.safetensors",
    ]
    about = json.loads(files["config.json"])
    assert about["config"] == shot.config.model_dump()
    assert (about["id"], about["status"], about["steps"]) == (run_id, "finished", 120)
    rows = list(csv.DictReader(io.StringIO(files["metrics.csv"].decode())))
    assert list(rows[0]) == [
        *("step", "characters_seen", "loss_nats", "grad_norm", "grad_norm_clipped"),
        *("clipped", "learning_rate", "seconds"),
    ]
    assert [float(row["loss_nats"]) for row in rows] == shot.history.column("loss_nats").tolist()
    clipped = sum(int(row["clipped"]) for row in rows)
    assert clipped == pytest.approx(len(rows) * shot.history.clipped_share(len(rows)))
    told = json.loads(files["events.json"])["events"]
    assert [(e["step"], e["kind"], e["value"]) for e in told] == [
        (40, "learning_rate", 0.02),
        (40, "unrollings", 9),
        (120, "finished", None),
    ]
    assert len(files["probes.csv"].splitlines()) == 1 + len(shot.probes) == 4
    samples = files["samples.txt"].decode()
    assert all(report.sample in samples for report in shot.reports)
    parameters, config, _ = load_weights_bytes(files["weights.safetensors"])
    assert config == shot.config
    assert set(parameters) == set("UWbVc")
    for name in ("figure-loss.html", "figure-gradient.html"):
        page = files[name].decode()
        assert page.count("<polyline") == 2
        assert "http" not in page
        assert "nan" not in page
    assert "bigram" in files["figure-loss.html"].decode()


def test_the_readme_says_how_to_repeat_it(store, finished):
    run_id, _ = finished()
    readme = unpacked(store, run_id)["README.txt"].decode()
    assert f"python -m core runs resume {run_id}" in readme
    assert "events=40-learning_rate-0.02+40-unrollings-9" in readme
    assert "unrollings = 9 after step 40" in readme


def test_the_readmes_command_repeats_the_run(store, finished, tmp_path, monkeypatch, capsys):
    run_id, shot = finished()
    files = unpacked(store, run_id)
    (tmp_path / "text.txt").write_bytes(files["text.txt"])
    monkeypatch.chdir(tmp_path)
    lines = files["README.txt"].decode().splitlines()
    (command,) = [line.strip() for line in lines if "core train" in line]
    words = shlex.split(command.removeprefix("python -m core "))
    assert main([*words, "--metrics", "m.csv", "--no-store"]) == 0
    capsys.readouterr()
    torch.set_flush_denormal(False)
    with open("m.csv") as file:
        losses = [float(row["loss_nats"]) for row in csv.DictReader(file)]
    assert losses == shot.history.column("loss_nats").tolist()


def test_another_machine_takes_the_run_in_and_goes_on_exactly(
    store, finished, tmp_path, monkeypatch
):
    run_id, shot = finished()
    archive = tmp_path / "run.zip"
    export_run(store, run_id, archive)

    monkeypatch.setenv("UNROLL_HOME", str(tmp_path / "elsewhere"))
    other = Store()
    assert import_run(other, archive) == run_id
    again = StoredRun(other, run_id).snapshot
    for name in ("step", "loss_nats", "grad_norm", "seconds", "learning_rate"):
        assert again.history.column(name).tobytes() == shot.history.column(name).tobytes()
    for name in ("status", "reports", "events", "probes", "floors", "step", "live"):
        assert getattr(again, name) == getattr(shot, name), name
    config, past = past_of(other, run_id, steps=200)
    longer = RunManager().start(config, run_id=run_id, past=past).wait(PATIENCE)
    whole = list(_whole(shot.config.changed(steps=200)))
    assert longer.history.column("loss_nats").tolist() == whole
    other.close()


def _whole(config):
    trainer = Trainer(config, load_corpus(config.text))
    trainer.plan([Event(40, "learning_rate", 0.02), Event(40, "unrollings", 9)])
    return (r.loss_nats for r in trainer.train() if isinstance(r, StepRecord))


@pytest.mark.parametrize("name", ALL)
@pytest.mark.slow
def test_the_script_repeats_the_run_with_torch_and_numpy_only(
    store, finished, run_script, tmp_path, name
):
    run_id, shot = finished(**ALL[name])
    files = unpacked(store, run_id)
    folder = tmp_path / "fresh"
    folder.mkdir()
    (folder / "text.txt").write_bytes(files["text.txt"])
    source = files["repeat.py"].decode()
    losses = run_script(source, folder, "100")
    assert losses == pytest.approx(shot.history.column("loss_nats")[:100].tolist(), abs=1e-4)
    assert 40 <= len(source.splitlines()) <= 75


@pytest.mark.parametrize("text", ["builtin", "latch:7", "latch:7:3"])
def test_the_script_brings_its_text_along(store, make_manager, run_script, small, tmp_path, text):
    manager = make_manager(load_text=load_corpus)
    run = manager.start(small(text=text, steps=12))
    shot = run.wait(PATIENCE)
    assert manager.writer.flush()
    source = script_for(store.get(run.run_id), store.ledger.events(run.run_id))
    losses = run_script(source, tmp_path)
    assert losses == pytest.approx(shot.history.column("loss_nats").tolist(), abs=1e-5)


def test_the_script_reads_a_text_as_it_was_written(
    store, make_manager, run_script, small, tmp_path, corpus
):
    raw = decode(corpus.ids).title().replace("The ", "Thé 42\n") + " Größe"
    (tmp_path / "text.txt").write_text(raw, encoding="utf-8")
    manager = make_manager(load_text=load_corpus)
    run = manager.start(small(text=str(tmp_path / "text.txt"), steps=12))
    shot = run.wait(PATIENCE)
    assert manager.writer.flush()
    source = script_for(store.get(run.run_id), store.ledger.events(run.run_id))
    losses = run_script(source, tmp_path)
    assert losses == pytest.approx(shot.history.column("loss_nats").tolist(), abs=1e-5)


def test_a_run_that_diverged_can_be_exported(store, make_manager, small):
    manager = make_manager()
    explosive = {"activation": "relu", "init": "identity", "learning_rate": 100, "clip": 0}
    run = manager.start(small(**explosive, nodes=20, unrollings=20, steps=500))
    assert run.wait(PATIENCE).status == "diverged"
    assert manager.writer.flush()
    about = json.loads(unpacked(store, run.run_id)["config.json"])
    assert about["status"] == "diverged"


def test_while_a_run_comes_in_others_write_and_no_list_has_it(
    store, open_store, finished, monkeypatch
):
    run_id, shot = finished()
    file = io.BytesIO()
    export_run(store, run_id, file)
    other, seen = open_store(), []

    def watched(store_, id_, *batch):
        seen.append([row.id for row in other.runs()])
        if len(seen) <= 12:  # else it would wait in vain: the last part makes the run whole
            other.edit(run_id, note=f"written {len(seen)} times")
        return write(store_, id_, *batch)

    monkeypatch.setattr(zip_import, "write", watched)
    monkeypatch.setattr(zip_import, "step_tables", in_tens)
    brought = import_run(store, file.getvalue())
    assert seen == [[run_id]] * 13  # 12 tables of steps; with the rest of it, it is whole
    assert {row.id for row in other.runs()} == {run_id, brought}
    again = StoredRun(store, brought).snapshot
    for name in ("step", "loss_nats", "grad_norm", "seconds"):
        assert again.history.column(name).tobytes() == shot.history.column(name).tobytes()


def in_tens(parts):
    for table in step_tables(parts):
        for first in range(0, len(table["step"]), 10):
            yield cut(table, slice(first, first + 10))


def test_what_a_killed_process_has_left_of_an_import_is_forgotten(
    open_store, finished, make_manager, monkeypatch
):
    now = [1_000.0]
    store = open_store(clock=lambda: now[0])
    run_id, _ = finished()
    file = io.BytesIO()
    export_run(store, run_id, file)

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(zip_import, "write", killed)
    monkeypatch.setattr(Store, "forget", lambda *_: None)
    with pytest.raises(KeyboardInterrupt):
        import_run(store, file.getvalue())
    (left,) = store.known_of(ids_in(store)) - {run_id}
    assert [row.id for row in store.runs()] == [run_id]
    assert store.checkpoint_path(left).exists()
    now[0] += 3_700
    store.runs()
    assert store.known_of([left]) == frozenset()
    assert not store.checkpoint_path(left).exists()


def ids_in(store):
    with store.reading() as connection:
        return [run_id for (run_id,) in connection.execute("SELECT id FROM runs")]


def test_a_file_with_more_steps_than_its_run_planned_is_refused(store, finished):
    run_id, _ = finished()
    file = io.BytesIO()
    export_run(store, run_id, file)
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    about = json.loads(parts["config.json"])
    about["config"]["steps"] = 119
    parts["config.json"] = json.dumps(about)
    changed = io.BytesIO()
    with zipfile.ZipFile(changed, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    with pytest.raises(StoreError, match="is not a run that can be imported"):
        import_run(store, changed.getvalue())
    assert [row.id for row in store.runs()] == [run_id]


def test_two_who_import_one_file_at_once_get_a_run_each_with_its_weights(store, finished, tmp_path):
    run_id, shot = finished()
    file = io.BytesIO()
    export_run(store, run_id, file)
    for place in range(5):
        other, together = Store(tmp_path / f"{place}"), Barrier(2)

        def take(_, other=other, together=together):
            together.wait(PATIENCE)
            return import_run(other, file.getvalue())

        with ThreadPoolExecutor(2) as pool:
            found = list(pool.map(take, range(2)))
        assert len({row.id for row in other.runs()}) == 2
        assert run_id in found
        assert [StoredRun(other, one).weights()[0] for one in found] == [shot.step] * 2
        other.close()
