"""`python -m core train`: what it prints and writes, and how it refuses."""

import csv
import errno
import json
import math
import os
import signal
import subprocess
import sys
from dataclasses import asdict, fields
from pathlib import Path
from threading import Event

import numpy as np
import pytest
import torch

from core.cli.main import main
from core.config import PRESETS, TrainingConfig
from core.data.alphabet import decode
from core.data.corpora import load_corpus, own_corpus
from core.data.ngrams import cached_floors
from core.networks.initialisers import initial_parameters
from core.records import Report, RunStatus, StepRecord
from core.storage import writer as writer_module
from core.storage.checkpoints import load_checkpoint
from core.storage.store import Store
from core.storage.weights import load_weights, save_weights
from core.storage.writer import Writer
from core.training.run import Run
from core.training.stretch import Stretch
from core.training.trainer import Trainer

KEYS = [
    "status",
    "steps",
    "characters_seen",
    "seconds",
    "steps_per_second",
    "engine",
    "train_loss_nats",
    "validation_loss_nats",
    "validation_bits_per_character",
    "sample",
    "floors_nats",
    "context_loss_nats",
    "context_used",
]
SETTINGS = {
    "nodes": 8,
    "batch_size": 4,
    "unrollings": 6,
    "steps": 12,
    "report_every": 5,
    "device": "cpu",
}
EXPLOSIVE = {
    "activation": "relu",
    "init": "identity",
    "nodes": 20,
    "unrollings": 20,
    "learning_rate": 100,
    "clip": 0,
}


@pytest.fixture
def text(tmp_path, corpus) -> Path:
    path = tmp_path / "words.txt"
    path.write_text(decode(corpus.ids), encoding="utf-8")
    return path


@pytest.fixture
def train(text, capsys):
    """Run the command on the small text; returns exit status, stdout and stderr."""

    def run(*arguments, **settings):
        options = {"text": text, **SETTINGS, **settings}
        line = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        try:
            status = main(["train", *line, *map(str, arguments)])
        except SystemExit as end:
            status = end.code
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


def config_of(text, **settings) -> TrainingConfig:
    return PRESETS["demo"].config.changed(text=str(text), **{**SETTINGS, **settings})


def records_of(config, **options):
    return list(Trainer(config, load_corpus(config.text), **options).train())


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def assert_refused(outcome, *words):
    """Exit status 2, nothing on stdout, one line on stderr, and no traceback."""
    status, out, err = outcome
    assert status == 2
    assert out == ""
    assert len(err.splitlines()) == 1, err
    assert err.endswith(".\n")
    assert "Traceback" not in err
    for word in words:
        assert word in err


# -- what it prints --------------------------------------------------------------------------


def test_json_is_one_object_with_the_values_of_the_training(train, text):
    status, out, _ = train("--json")
    outcome = json.loads(out)
    records = records_of(config_of(text))
    last = records[-1]
    assert status == 0
    assert list(outcome) == [*KEYS, "id"]
    assert outcome["status"] == "finished"
    assert outcome["steps"] == 12
    assert outcome["characters_seen"] == 12 * 4 * 6
    assert outcome["train_loss_nats"] == last.train_loss_nats
    assert outcome["validation_loss_nats"] == last.validation_loss_nats
    bits = last.validation_loss_nats / math.log(2)
    assert outcome["validation_bits_per_character"] == pytest.approx(bits, rel=1e-12)
    assert outcome["sample"] == last.sample
    assert outcome["seconds"] > 0
    assert outcome["steps_per_second"] == pytest.approx(12 / outcome["seconds"])


def test_json_has_the_lines_and_what_is_used(tmp_path, capsys):
    options = ["--steps", "8", "--nodes", "8", "--batch-size", "4", "--report-every", "4"]
    options += ["--no-store", "--json", "--device", "cpu", "--text", "latch:4"]
    assert main(["train", *options, "--preset", "arch2"]) == 0
    outcome = json.loads(capsys.readouterr().out)
    assert outcome["floors_nats"] == asdict(cached_floors(load_corpus("latch:4")))
    losses = outcome["context_loss_nats"]
    assert list(losses) == ["1", "2", "3", "5", "8", "13", "21", "34", "all"]
    assert set(losses.values()) == {losses["all"]}  # teacher forcing: nothing comes back
    assert outcome["context_used"] == 1


def test_on_a_short_text_what_is_used_is_not_known(train):
    outcome = json.loads(train("--json")[1])
    assert (outcome["context_loss_nats"], outcome["context_used"]) == (None, None)
    assert outcome["floors_nats"]["uniform"] == math.log(27)


def test_without_steps_there_is_no_training_loss(train):
    status, out, _ = train("--json", steps=0)
    outcome = json.loads(out)
    assert status == 0
    assert (outcome["status"], outcome["steps"], outcome["characters_seen"]) == ("finished", 0, 0)
    assert outcome["train_loss_nats"] is None
    assert outcome["validation_loss_nats"] == pytest.approx(math.log(27), abs=0.1)


def test_without_json_a_person_is_told(train, text):
    status, out, _ = train()
    last = records_of(config_of(text))[-1]
    first, engine, training, validation, standing, sample, recorded = out.splitlines()
    assert engine == "engine           compiled: the faster one for networks of this size"
    assert standing.startswith("that is          ")
    assert status == 0
    assert recorded.startswith("recorded as      ")
    assert first.startswith("finished after 12 steps, 288 characters, ")
    assert first.endswith(" steps/s on cpu: as asked for)")
    assert training == f"training loss    {last.train_loss_nats:.4f} nats per character"
    bits = last.validation_loss_nats / math.log(2)
    assert validation == (
        f"validation loss  {last.validation_loss_nats:.4f} nats, {bits:.4f} bits per character"
    )
    assert sample == f"sample           {last.sample}"


def test_a_person_is_told_of_a_loss_that_is_not_there(train):
    _, out, _ = train(steps=0)
    assert "training loss    - nats per character" in out


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_trains_with_options_over_it(preset, train, text):
    settings = {"steps": 1, "nodes": 5, "batch_size": 2, "unrollings": 3}
    status, out, _ = train("--preset", preset, "--json", **settings)
    config = PRESETS[preset].config.changed(
        text=str(text), device="cpu", report_every=5, **settings
    )
    assert status == 0
    last = records_of(config)[-1]
    assert json.loads(out)["validation_loss_nats"] == last.validation_loss_nats


def test_every_setting_is_an_option(train, capsys):
    status, out, _ = train("--help")
    assert status == 0
    for name in TrainingConfig.model_fields:
        assert f"--{name.replace('_', '-')} " in out


def test_a_divergence_is_told_and_what_was_trained_is_kept(train, tmp_path):
    weights, metrics = tmp_path / "w.safetensors", tmp_path / "m.csv"
    status, out, err = train(
        "--json", "--weights", weights, "--metrics", metrics, steps=50, **EXPLOSIVE
    )
    outcome = json.loads(out)
    assert status == 1
    assert outcome["status"] == "diverged"
    assert 0 < outcome["steps"] < 50
    assert f"Diverged at step {outcome['steps'] + 1}: " in err.splitlines()[-1]
    assert outcome["validation_loss_nats"] is None
    assert outcome["validation_bits_per_character"] is None
    assert len(rows_of(metrics)) == outcome["steps"]
    assert all(np.isfinite(value).all() for value in load_weights(weights)[0].values())


def test_an_interrupt_is_obeyed_after_the_step_and_keeps_what_was_trained(
    train, press, text, tmp_path
):
    press(after=3)
    weights, metrics = tmp_path / "w.safetensors", tmp_path / "m.csv"
    status, out, err = train("--json", "--metrics", metrics, "--weights", weights)
    outcome = json.loads(out)
    assert status == 1
    assert (outcome["status"], outcome["steps"]) == ("stopped", 4)
    assert err.splitlines()[-1] == "Stopped; what was trained so far is kept."
    assert [row["step"] for row in rows_of(metrics)] == ["1", "2", "3", "4"]
    press(after=None)
    # The last report is made all the same.
    last = records_of(config_of(text, steps=4))[-1]
    assert outcome["validation_loss_nats"] == last.validation_loss_nats
    assert outcome["train_loss_nats"] == last.train_loss_nats
    assert outcome["sample"] == last.sample
    store = Store()
    assert [report.step for report in store.ledger.reports(outcome["id"])] == [0, 4]
    assert store.get(outcome["id"]).status == RunStatus.STOPPED
    store.close()
    trainer = Trainer(config_of(text), load_corpus(str(text)))
    for _ in range(4):
        trainer.step()
    for name, value in trainer.weights().items():
        np.testing.assert_array_equal(load_weights(weights)[0][name], value)


def test_a_second_interrupt_is_obeyed_within_the_step(train, press, tmp_path):
    press(after=3, times=2)
    weights, metrics = tmp_path / "w.safetensors", tmp_path / "m.csv"
    status, out, err = train("--json", "--metrics", metrics, "--weights", weights)
    outcome = json.loads(out)
    assert status == 1
    assert (outcome["status"], outcome["steps"]) == ("stopped", 3)
    assert outcome["characters_seen"] == 3 * 4 * 6
    assert err.splitlines()[-1] == "Stopped; what was trained so far is kept."
    assert [row["step"] for row in rows_of(metrics)] == ["1", "2", "3"]
    assert outcome["validation_loss_nats"] > 0
    assert weights.exists()
    store = Store()
    row = store.get(outcome["id"])
    assert (row.status, row.step) == (RunStatus.STOPPED, 3)
    # A step that was broken off is no state to go on from: the first checkpoint stands.
    assert load_checkpoint(store.checkpoint_path(row.id)).state.step == 0
    store.close()


@pytest.fixture
def full_disk(monkeypatch):
    """A disk that is full until this is cleared; training does not outrun the news of it."""
    full, held = Event(), Event()
    full.set()
    write, hold, take = writer_module.write, Run.hold, Trainer._try

    def write_if_there_is_room(store, run_id, batch, progress):
        if len(batch.steps["step"]) and full.is_set():
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(store, run_id, batch, progress)

    def note(run, reason):
        hold(run, reason)
        held.set()

    def wait(trainer, steps):
        if trainer.steps_done == 5:
            assert held.wait(20)
        return take(trainer, steps)

    monkeypatch.setattr(writer_module, "write", write_if_there_is_room)
    monkeypatch.setattr(Run, "hold", note)
    monkeypatch.setattr(Stretch, "steps", lambda _: 1)  # one step after the other
    monkeypatch.setattr(Trainer, "_try", wait)
    return full


def test_a_full_disk_holds_training_up_until_there_is_room(train, full_disk, monkeypatch, tmp_path):
    flush = Writer.flush

    def make_room(self, timeout=30.0):
        if timeout == 1.0:  # the wait for it, and not the last one at the end
            full_disk.clear()
        return flush(self, timeout)

    monkeypatch.setattr(Writer, "flush", make_room)
    metrics = tmp_path / "m.csv"
    status, out, err = train("--json", "--metrics", metrics)
    outcome = json.loads(out)
    assert (status, outcome["status"], outcome["steps"]) == (0, "finished", 12)
    told = [line.rpartition("\r")[2] for line in err.splitlines()]
    (waits,) = (n for n, line in enumerate(told) if line.endswith("waits; Ctrl-C ends it."))
    assert "(No space left on device): make room there" in told[waits]
    assert told[waits].endswith("What was recorded is kept. Training waits; Ctrl-C ends it.")
    assert "Recording again." in told[waits + 1 :]
    assert len(rows_of(metrics)) == 12
    store = Store()
    assert store.ledger.steps(outcome["id"])["step"].tolist() == list(range(1, 13))
    kinds = [event.kind for event in store.ledger.events(outcome["id"])]
    assert kinds == ["paused", "resumed", "finished"]
    store.close()


def test_one_interrupt_ends_the_wait_for_a_full_disk(train, full_disk, monkeypatch):
    flush = Writer.flush

    def interrupt(self, timeout=30.0):
        if timeout == 1.0:
            signal.raise_signal(signal.SIGINT)
        return flush(self, timeout)

    monkeypatch.setattr(Writer, "flush", interrupt)
    status, out, err = train("--json")
    assert (status, json.loads(out)["steps"]) == (1, 6)
    assert "What was recorded is kept. Training waits; Ctrl-C ends it." in err
    assert "The end of this run is not recorded." in err
    assert "Recording again." not in err
    full_disk.clear()


def test_an_error_that_nobody_expected_is_shown_whole_and_recorded(train, monkeypatch):
    monkeypatch.setattr(Trainer, "_try", lambda trainer, steps: 1 / 0)
    trace, out, _ = train("--json")  # a text instead of a status: Python prints it and exits with 1
    assert out == ""
    assert trace.startswith("Traceback")
    assert "ZeroDivisionError: division by zero" in trace
    store = Store()
    (row,) = store.runs()
    store.close()
    assert row.status == RunStatus.FAILED
    assert row.message == "ZeroDivisionError: division by zero"


def test_a_slow_step_is_told_of_before_it_trains(train, monkeypatch):
    monkeypatch.setattr("core.engines.cost.multiplications_a_second", lambda: 1_000)
    status, _, err = train("--steps=1", "--device=cpu")
    assert status == 0
    assert "This takes about " in err
    assert " a step on this machine; Ctrl-C ends it." in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_before_training_ends_with_130(train, monkeypatch, number):
    before = signal.getsignal(number)

    def interrupted(*arguments, **options):
        signal.raise_signal(number)

    monkeypatch.setattr(Run, "prepare", interrupted)
    assert train() == (130, "", "Interrupted.\n")
    assert signal.getsignal(number) == before


# -- what it writes --------------------------------------------------------------------------


def test_metrics_are_a_row_a_step(train, text, tmp_path):
    path = tmp_path / "m.csv"
    train("--metrics", path, clip=0.35, decay_rate=0.5, decay_steps=4)
    rows = rows_of(path)
    config = config_of(text, clip=0.35, decay_rate=0.5, decay_steps=4)
    records = [r for r in records_of(config) if isinstance(r, StepRecord)]
    assert list(rows[0]) == [field.name for field in fields(StepRecord)]
    assert len(rows) == len(records) == 12
    for row, record in zip(rows, records, strict=True):
        for name in ("loss_nats", "grad_norm", "grad_norm_clipped", "learning_rate"):
            assert float(row[name]) == getattr(record, name)
        for name in ("step", "characters_seen"):
            assert row[name] == str(getattr(record, name))
        assert row["clipped"] == str(int(record.clipped))
    assert {row["clipped"] for row in rows} == {"0", "1"}
    seconds = [float(row["seconds"]) for row in rows]
    assert seconds == sorted(seconds)


def test_no_steps_leave_the_metrics_a_header(train, tmp_path):
    path = tmp_path / "m.csv"
    train("--metrics", path, steps=0)
    assert path.read_text().splitlines() == [",".join(f.name for f in fields(StepRecord))]


def kept_key(path):
    """The key under which the text in a file was kept."""
    return own_corpus(Path(path).read_text(encoding="utf-8"), "").key


def test_a_run_on_a_file_keeps_its_text(train, text):
    status, out, _ = train("--json")
    assert status == 0
    store = Store()
    row = store.get(json.loads(out)["id"])
    store.close()
    Path(text).unlink()
    assert row.config.text.startswith("own:")
    assert load_corpus(row.config.text).sha256 == row.text_sha256


def test_a_text_of_which_much_is_lost_is_named_before_it_trains(train, tmp_path):
    path = tmp_path / "war.txt"
    path.write_text("ж" * 900 + "bonjour " * 100, encoding="utf-8")
    status, _, err = train(text=path)
    assert status == 0
    assert "Only 44% of this text is letters a to z and digits" in err


def test_a_file_in_another_encoding_is_read_by_its_name(train, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_bytes("für große Leute ".encode("latin-1") * 50)
    status, out, _ = train("--encoding", "latin-1", "--json", text=path)
    assert status == 0
    store = Store()
    key = store.get(json.loads(out)["id"]).config.text
    store.close()
    assert decode(load_corpus(key).ids).startswith("fur grosse leute")
    assert_refused(train("--encoding", "klingon", text=path), "encoding=klingon is not allowed")
    assert_refused(train("--encoding", "utf-8", text="builtin"), "leave it out")


@pytest.mark.skipif(os.name != "posix", reason="pipes are POSIX's")
@pytest.mark.parametrize("option", ["--metrics", "--weights"])
def test_what_is_no_regular_file_is_not_written_to(train, tmp_path, option):
    os.mkfifo(tmp_path / "pipe")
    assert_refused(train(option, tmp_path / "pipe"), "it is not a regular file")
    assert_refused(train(option, "/dev/full"), "it is not a regular file")


def test_no_steps_write_the_initial_weights(train, text, tmp_path):
    path = tmp_path / "w.safetensors"
    train("--weights", path, steps=0, seed=7)
    written, config, _ = load_weights(path)
    drawn = initial_parameters(config_of(text, seed=7), seed=7)
    assert config == config_of(kept_key(text), seed=7, steps=0)
    for name, value in drawn.items():
        np.testing.assert_array_equal(written[name], value)


def test_weights_go_out_and_come_in_unchanged(train, tmp_path):
    first, second = tmp_path / "1.safetensors", tmp_path / "2.safetensors"
    train("--weights", first)
    status, out, _ = train("--init-weights", first, "--weights", second, "--json", steps=0)
    assert status == 0
    one, other = load_weights(first)[0], load_weights(second)[0]
    for name, value in one.items():
        np.testing.assert_array_equal(other[name], value)
    assert json.loads(out)["validation_loss_nats"] < 3.2


def test_training_goes_on_from_exactly_the_given_weights(train, text, tmp_path):
    path, metrics = tmp_path / "w.safetensors", tmp_path / "m.csv"
    config = config_of(text)
    generator = np.random.default_rng(3)
    given = {
        name: generator.normal(size=shape).astype(np.float32)
        for name, shape in config.parameter_shapes.items()
    }
    save_weights(path, given, config)
    train("--init-weights", path, "--metrics", metrics)
    records = records_of(config, initial_weights=given)
    losses = [record.loss_nats for record in records if isinstance(record, StepRecord)]
    assert [float(row["loss_nats"]) for row in rows_of(metrics)] == losses
    assert losses[0] > 3.4  # these weights, and not the init's


# -- how it refuses --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"unrollings": 0}, "unrollings=0 is not allowed: choose a whole number from 1 to 200."),
        ({"unrollings": "many"}, "unrollings=many is not allowed: choose a whole number"),
        ({"nodes": 2.5}, "nodes=2.5 is not allowed"),
        ({"learning_rate": "nan"}, "learning_rate=nan is not allowed"),
        ({"learning_rate": "-1"}, "learning_rate=-1 is not allowed"),
        ({"clip": "inf"}, "clip=inf is not allowed"),
        ({"steps": -1}, "steps=-1 is not allowed"),
        ({"seed": 2**32}, "seed=4294967296 is not allowed"),
        (
            {"optimiser": "adamw"},
            "optimiser=adamw is not allowed: choose one of sgd, adadelta, adam",
        ),
        ({"architecture": "arch2", "combine": "add"}, "choose concat, or arch1."),
        ({"text": "nowhere"}, "There is no text 'nowhere'"),
        ({"text": "/no/such/file.txt"}, "There is no file /no/such/file.txt: check the path."),
        ({"text": "latch:0"}, "no latch text"),
        ({"unrollings": 200, "batch_size": 64}, "needs 12,864 characters; this text has 2,850."),
    ],
)
def test_a_bad_option_is_refused_in_one_line(settings, words, train):
    assert_refused(train(**settings), words)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_a_device_that_is_not_there_is_refused_in_one_line(train):
    assert_refused(train(device="cuda"), "device=cuda is not available", "choose auto or cpu.")


@pytest.mark.parametrize(
    "arguments",
    [["--nods", "5"], ["--preset", "arch3"], ["--preset"], ["extra"], ["--clip"]],
)
def test_a_command_line_that_cannot_be_read_is_refused_in_one_line(arguments, train):
    assert_refused(train(*arguments), "--help lists what is allowed.")


@pytest.mark.parametrize("arguments", [[], ["fly"]])
def test_a_missing_or_unknown_command_is_refused_in_one_line(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    printed = capsys.readouterr()
    assert_refused((end.value.code, printed.out, printed.err), "--help lists what is allowed.")


@pytest.mark.parametrize("option", ["--metrics", "--weights"])
def test_an_output_that_cannot_be_written_is_refused_before_training(
    option, train, tmp_path, monkeypatch
):
    monkeypatch.setattr(Trainer, "_try", lambda *given: pytest.fail("trained all the same"))
    assert_refused(train(option, tmp_path), f"{tmp_path} is a folder; name a file in it")
    missing = tmp_path / "no" / "file"
    assert_refused(train(option, missing), f"The folder of {missing} does not exist")
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path)  # root may write all
    assert_refused(train(option, tmp_path / "file"), "file cannot be written: check its")


def test_weights_that_cannot_be_used_are_refused_in_one_line(train, text, tmp_path):
    path = tmp_path / "w.safetensors"
    assert_refused(train("--init-weights", "none.safetensors"), "none.safetensors does not exist")
    assert_refused(train("--init-weights", tmp_path), "is a folder")
    path.write_bytes(b"\x80\x04 not weights")
    assert_refused(train("--init-weights", path), "PyTorch pickle")
    other = config_of(text, nodes=9)
    save_weights(path, initial_parameters(other, seed=0), other)
    assert_refused(train("--init-weights", path), "of shape 27×9 where 27×8 is expected")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\xff\xfeh\x00i", "is not UTF-16"),
        (b"caf\xe9 au lait", "name its encoding, latin-1 or cp1252"),
        (b"ab\0cd", "zero byte"),
        ("日本".encode(), "Nothing is left"),
        (b"x" * 39, "text.txt has 39 characters after normalising and 40 are needed"),
    ],
)
def test_a_text_that_cannot_be_used_is_refused_in_one_line(content, words, train, tmp_path):
    path = tmp_path / "text.txt"
    path.write_bytes(content)
    assert_refused(train(text=path), words)
    store = Store()
    assert store.runs() == []
    store.close()


# -- as a process ----------------------------------------------------------------------------


@pytest.mark.slow
def test_the_command_runs_as_a_process(text):
    arguments = ["train", "--steps", "2", "--json", "--text", str(text)]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "core", *arguments],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 1
    outcome = json.loads(done.stdout)
    assert list(outcome) == [*KEYS, "id"]
    assert (outcome["status"], outcome["steps"]) == ("finished", 2)
    config = PRESETS["demo"].config.changed(text=str(text), steps=2)
    reports = [record for record in records_of(config) if isinstance(record, Report)]
    assert outcome["validation_loss_nats"] == pytest.approx(reports[-1].validation_loss_nats)
