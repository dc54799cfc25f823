"""Several processes and one store: killed without warning, and writing at the same time.

The number of kills is raised by UNROLL_KILLS, the seconds of writing by UNROLL_WRITE_SECONDS.
"""

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from functools import partial
from itertools import takewhile
from pathlib import Path

import numpy as np
import pytest

from core.data.alphabet import decode
from core.records import RunStatus, StepRecord
from core.storage.checkpoints import load_checkpoint
from core.storage.store import Store
from core.training.trainer import Trainer

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("UNROLL_KILLS", "3"))
SECONDS = float(os.environ.get("UNROLL_WRITE_SECONDS", "3"))
INTERVAL = 0.3  # seconds between checkpoints
PATIENCE = 60.0


@pytest.fixture
def launch(home):
    """Start a command line in a process of its own; ended with the test."""
    started = []

    def start(*arguments, code=None):
        command = ["-c", code] if code else ["-m", "core", *map(str, arguments)]
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env={**os.environ, "UNROLL_HOME": str(home)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def wait_for(condition, process=None):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := condition():
            return found
        if process is not None:
            try:
                process.wait(0.02)
                pytest.fail(f"it ended first: {process.communicate()[1]}")
            except subprocess.TimeoutExpired:
                pass
    raise TimeoutError


def test_killed_at_any_moment_a_run_is_found_and_goes_on_bit_for_bit(
    home, launch, small, corpus, tmp_path
):
    chance = random.Random(0)
    text = tmp_path / "words.txt"
    text.write_text(decode(corpus.ids))
    config = small(text=str(text), steps=10_000_000, report_every=500, nodes=40, seed=4)
    options = [f"--{n.replace('_', '-')}={v}" for n, v in config.model_dump().items()]
    process = launch("train", *options, "--checkpoint-every", INTERVAL)
    lost = []

    def trains():
        if not (home / "runs.sqlite").exists():
            return False
        store = Store(home)
        rows = store.runs()
        store.close()
        return rows and rows[0].status == RunStatus.RUNNING and rows[0].step > 0

    for _ in range(KILLS):
        wait_for(trains, process)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(chance.uniform(0, 4 * INTERVAL))
        process.kill()
        process.wait()
        store = Store(home)
        (row,) = store.runs()
        # Everything after the last checkpoint, recorded or not, has to be trained again.
        lost.append(time.time() - store.checkpoint_path(row.id).stat().st_mtime)
        store.close()
        assert row.status == RunStatus.INTERRUPTED
        kept = load_checkpoint(home / "checkpoints" / f"{row.id}.safetensors").state.step
        metrics = tmp_path / f"resumed-{len(lost)}.csv"
        process = launch(
            *("runs", "resume", row.id, "--metrics", metrics, "--json"),
            *("--checkpoint-every", INTERVAL),
        )
        first = wait_for(partial(first_row, metrics), process)
        assert int(first["step"]) == kept + 1
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1, err  # stopped
    ended = json.loads(out)
    assert (ended["id"], ended["status"]) == (row.id, "stopped")
    print(f"{len(lost)} kills; seconds of work lost: {[round(s, 2) for s in lost]}")
    assert max(lost) < INTERVAL + 1.0  # the disk's time to write it, on a busy machine

    store = Store(home)
    (row,) = store.runs()
    columns = store.ledger.steps(row.id)
    reports = store.ledger.reports(row.id)
    store.close()
    steps = ended["steps"]
    assert (row.status, row.step) == (RunStatus.STOPPED, steps)
    assert columns["step"].tolist() == list(range(1, steps + 1))
    # One that was never cut off; a report comes before the step that follows it.
    records = list(takewhile(lambda r: r.step <= steps, Trainer(config, corpus).train()))
    whole = [r for r in records if isinstance(r, StepRecord)]
    assert columns["loss_nats"].tolist() == [r.loss_nats for r in whole]
    assert columns["grad_norm"].tolist() == [r.grad_norm for r in whole]
    assert columns["characters_seen"].tolist() == [r.characters_seen for r in whole]
    losses = {r.step: r.validation_loss_nats for r in records if hasattr(r, "sample")}
    on_time = {r.step: r.validation_loss_nats for r in reports if r.step % 500 == 0}
    assert on_time == losses


def first_row(path):
    if not path.exists():
        return None
    with path.open() as file:
        return next(csv.DictReader(file), None)


WRITE = """
import sys, time
from core.config import TrainingConfig
from core.records import Report, StepRecord
from core.steps import StepTable, columns_of
from core.storage.store import Store
from core.storage.writer import Writer
run_id, seconds = sys.argv[1] if len(sys.argv) > 1 else "{run_id}", {seconds}
store = Store()
writer = Writer(store, source="cli")
said = []
recorder = writer.recorder(run_id, TrainingConfig(steps=10_000_000), hold=said.append)
end, step = time.monotonic() + seconds, 0
while time.monotonic() < end:
    for _ in range(20):
        step += 1
        record = StepRecord(step, 9 * step, float(step), 1.0, 1.0, False, 0.1, step / 7)
        recorder.record(StepTable(columns_of([record])))
        if step % 100 == 0:
            recorder.record(Report(step, 9 * step, step / 7, 2.0, 1.5, "a text"))
    assert writer.flush() and not said, said  # as often as the disk allows
    store.runs()  # what a page does, all the time
assert writer.flush() and not said, said
writer.close()
store.close()
print(step)
"""


def test_two_processes_write_to_one_store_and_nothing_is_missing_or_doubled(home, launch):
    processes = {
        name: launch(code=WRITE.replace("{run_id}", name).replace("{seconds}", str(SECONDS)))
        for name in ("first", "second")
    }
    for name, process in processes.items():
        out, err = process.communicate(timeout=PATIENCE + SECONDS)
        assert (process.returncode, err) == (0, ""), err
        steps = int(out)
        store = Store(home)
        columns = store.ledger.steps(name)
        reports = store.ledger.reports(name)
        store.close()
        assert steps > 50
        assert columns["step"].tolist() == list(range(1, steps + 1))
        assert columns["loss_nats"].tolist() == np.arange(1.0, steps + 1).tolist()
        assert [r.step for r in reports] == list(range(100, steps + 1, 100))
