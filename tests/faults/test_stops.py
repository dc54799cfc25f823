"""A real server with two runs, stopped at random moments: what was trained is there, and goes on.

UNROLL_STOPS is how often it is stopped by each signal, UNROLL_STOP_WITHIN for how many seconds at
most the runs train before that. `-s` prints what each stop has cost.
"""

import asyncio
import os
import random
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, closing
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.page import Page
from benchmarks.server import serve
from core.cli.main import main
from core.records import RunStatus
from core.storage.checkpoints import load_checkpoint
from core.storage.store import Store

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="elsewhere a signal is the end of a process"),
]

APP = Path(__file__).parents[2] / "dashboard" / "app.py"
OFTEN = Path(__file__).parent / "apps" / "often_app.py"
INTERVAL = 0.3  # seconds between the checkpoints of that one
STOPS = int(os.environ.get("UNROLL_STOPS", "1"))
WITHIN = float(os.environ.get("UNROLL_STOP_WITHIN", "1"))
SMALL = "nodes=12&batch_size=4&unrollings=8&steps=10000000&report_every=700&probe_every=500"
QUERIES = [f"v=1&preset=demo&engine={engine}&{SMALL}" for engine in ("compiled", "torch")]
MORE = 50  # steps, once a run is resumed
SECONDS_TO_STOP = 5.0
DISK_SECONDS = 1.0  # that a checkpoint may take to be written, on a busy machine


async def stopped_while_two_train(server, number, seconds):
    """Exit status of a server that two open pages watch, and how many seconds its end took."""
    async with AsyncExitStack() as stack:
        # Both are there before the first starts: whoever comes later is shown the run that trains.
        pages = [await stack.enter_async_context(Page(server.stream, query)) for query in QUERIES]
        for page in pages:
            await page.press("Start")
        for page in pages:
            await page.until(lambda page=page: page.step > 0)
        await asyncio.sleep(seconds)
        return await asyncio.to_thread(server.stop, number)


def recorded(store, run_id):
    """All that is kept of a run, but for the times that it took."""
    steps, ledger = store.ledger.steps(run_id), store.ledger
    state = load_checkpoint(store.checkpoint_path(run_id)).state
    return {
        "steps": {name: steps[name].tolist() for name in steps if name != "seconds"},
        "reports": [replace(report, seconds=0.0) for report in ledger.reports(run_id)],
        "probes": ledger.probes(run_id),
        "contexts": ledger.contexts(run_id),
        "state": {name: array.tobytes() for name, array in state.arrays.items()},
    }


def trained_at_once(config, store):
    """The same experiment, never stopped; its run's id."""
    before = {row.id for row in store.runs()}
    options = [f"--{n.replace('_', '-')}={v}" for n, v in config.model_dump().items()]
    assert main(["train", *options]) == 0
    (run_id,) = {row.id for row in store.runs()} - before
    return run_id


@pytest.mark.parametrize("number", ["SIGTERM", "SIGINT", "SIGKILL"])
@pytest.mark.parametrize("turn", range(STOPS))
def test_a_stopped_server_has_kept_its_runs_and_they_go_on_bit_for_bit(
    number, turn, tmp_path, monkeypatch
):
    monkeypatch.setenv("UNROLL_HOME", str(tmp_path))
    seconds = random.Random(f"{number} {turn}").uniform(0, WITHIN)
    killed = number == "SIGKILL"
    env = {"UNROLL_HOME": str(tmp_path), "UNROLL_SLOTS": "2"}
    with serve(OFTEN if killed else APP, env) as server:
        ended = stopped_while_two_train(server, signal.Signals[number], seconds)
        # On a thread of its own: on this one a browser of other tests may have its loop.
        with ThreadPoolExecutor(1) as apart:
            status, took = apart.submit(asyncio.run, ended).result()
    with closing(Store()) as store:
        rows = store.runs()
        assert [row.status for row in rows] == [RunStatus.INTERRUPTED] * 2
        for row in rows:
            state = load_checkpoint(store.checkpoint_path(row.id)).state
            print(
                f"\n{number} after {seconds:.2f} s: status {status} in {took:.2f} s; {row.engine} "
                f"at step {row.step:,}, {row.seconds - state.seconds:.2f} s after its state's"
            )
            if killed:
                assert row.seconds - state.seconds < INTERVAL + DISK_SECONDS
            else:
                assert (status, state.step) == (0, row.step)
                assert took < SECONDS_TO_STOP
            before, steps = recorded(store, row.id), row.step + MORE
            assert main(["runs", "resume", row.id, f"--steps={steps}"]) == 0
            after = recorded(store, row.id)
            whole = recorded(store, trained_at_once(row.config.changed(steps=steps), store))
            assert after == whole
            assert len(before["steps"]["step"]) == row.step
            for name, values in before["steps"].items():
                assert values == whole["steps"][name][: row.step]
