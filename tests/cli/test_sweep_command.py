"""`python -m core sweep`: what it prints and writes, and how it refuses."""

import csv
import errno
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core.cli.main import main
from core.errors import SweepError
from core.experiments import sweep as sweep_module
from core.experiments.cells import BASE, CellResult, Mark
from core.experiments.cluster import Cluster
from core.experiments.plan import SweepPlan
from core.experiments.sweep import Workers
from core.experiments.sweep_store import SweepStore
from core.experiments.train_cell import train_cell
from core.records import RunStatus
from core.storage.store import Store

ROOT = Path(__file__).parents[2]
PLAN = SweepPlan(lags=(8, 12), seeds=3, budget="updates", amount=3_000)
GRID = ["--lags", "8,12", "--seeds", "3", "--updates", "3000", "--no-horizons"]
RECALLS = {("tanh", 8): 0.97, ("tanh", 12): 0.15, ("relu", 8): 1.0, ("relu", 12): 0.95}


def run(capsys, *arguments):
    """Exit status, stdout and stderr."""
    try:
        status = main(["sweep", *arguments])
    except SystemExit as end:
        status = end.code
    printed = capsys.readouterr()
    return status, printed.out, printed.err


def result_of(cell):
    recall = RECALLS[cell.line.activation, cell.distance] - 0.01 * cell.seed
    best = recall + 0.02
    return CellResult(
        cell.key, "done", 3_000, cell.characters, 9.0, 1.25, 1.2, best, recall, 12.0, worker="w"
    )


@pytest.fixture
def measured():
    """All cells of the plan, measured before."""
    store = SweepStore()
    for cell in PLAN.cells():
        store.put(result_of(cell))


@pytest.mark.usefixtures("measured")
def test_a_grid_measured_before_is_told_at_once(capsys):
    status, out, err = run(capsys, *GRID)
    assert status == 0
    assert err == "12 cells, 12 measured before: nothing is left to train.\n"
    lines = out.splitlines()
    assert lines[0].startswith("tanh                 lag   8  recall    96% [95%, 97%]  learned")
    assert lines[5] == (
        "tanh reaches 9.9 characters back [9.9, 10.0], ReLU at least 12 [beyond 12], "
        "in 3,000 updates of Adam at 0.002, 3 seeds. ReLU reaches at least 1.21 times [1.20, no "
        "upper end] as far as tanh."
    )
    assert "To know more, add lags 16, 20: no cell is trained twice." in lines
    assert lines[-1].startswith("Reach is the lag at which the mean recall over seeds falls")


@pytest.mark.usefixtures("measured")
def test_a_grid_measured_before_does_not_wait_for_torch():
    code = (
        "import sys; from core.cli.main import main; "
        f"assert main(['sweep', *{GRID}]) == 0; print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "False"


@pytest.mark.usefixtures("trains_here")
def test_again_measures_what_is_kept_again(capsys):
    store = SweepStore()
    plan = SweepPlan(lags=(1,), seeds=1, budget="updates", amount=30, base=TINY_BASE)
    for cell in plan.cells():
        store.put(CellResult(cell.key, "done", 30, cell.characters, 9.0, recall=0.5))
    assert json.loads(run(capsys, *TINY, "--json")[1])["cells_reused"] == 2
    status, out, err = run(capsys, *TINY, "--again", "--json")
    outcome = json.loads(out)
    assert (status, outcome["cells_reused"]) == (0, 0)
    assert err.startswith("2 cells, about 0:00:0")
    assert [cell["seconds"] < 9 for cell in outcome["cells"]] == [True, True]
    kept = store.get(cell.key for cell in plan.cells())
    assert {result.recall for result in kept.values()}.isdisjoint({0.5})


@pytest.mark.usefixtures("measured")
def test_json_has_plan_cells_groups_verdict_and_rule(capsys):
    status, out, _ = run(capsys, *GRID, "--json")
    outcome = json.loads(out)
    assert status == 0
    assert len(out.splitlines()) == 1
    assert outcome["plan"]["lags"] == [8, 12]
    assert len(outcome["cells"]) == 12
    assert outcome["cells"][0] == {
        "line": "tanh",
        "activation": "tanh",
        "clip": 1.25,
        "init": "zero-mean",
        "architecture": "arch1",
        "lag": 8,
        "unrollings": 16,
        "seed": 0,
        "updates_planned": 3_000,
        "characters_planned": 1_536_000,
        "status": "done",
        "recall": 0.99,
        "recall_at_end": 0.97,
        "floor_nats": 1.2,
        "loss_nats": 1.25,
        "max_grad_norm": 12.0,
        "updates": 3_000,
        "characters": 1_536_000,
        "seconds": 9.0,
        "worker": "w",
        "message": "",
    }
    assert [v["limit"] for v in outcome["verdicts"]] == [8, 12]
    assert outcome["groups"][1]["outcome"] == "not"
    assert outcome["groups"][1]["recall_median"] == pytest.approx(0.16)
    assert outcome["groups"][1]["recall_at_end_mean"] == pytest.approx(0.14)
    tanh, relu = outcome["verdicts"]
    assert tanh["reach"] == pytest.approx(8 + 4 * (0.96 - 0.5625) / 0.82)
    assert tanh["reach_low"] < tanh["reach"] < tanh["reach_high"]
    assert (relu["reach"], relu["reach_bound"]) == (None, "at least")
    assert (outcome["ratio"], outcome["ratio_high"]) == (None, None)
    assert outcome["ratio_low"] == pytest.approx(1.2, abs=0.01)
    assert (outcome["complete"], outcome["cells_reused"]) == (True, 12)
    assert "halfway between chance" in outcome["rule"]


@pytest.mark.usefixtures("measured")
def test_csv_is_a_row_a_cell(capsys, tmp_path):
    path = tmp_path / "cells.csv"
    assert run(capsys, *GRID, "--csv", str(path))[0] == 0
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 12
    assert (rows[0]["recall"], rows[0]["recall_at_end"]) == ("0.99", "0.97")


def test_a_sweep_cut_short_says_so_and_tells_what_it_has(capsys, monkeypatch):
    cells = PLAN.cells()

    def lost(sweep):
        yield result_of(cells[0])
        raise SweepError("The connection was lost.")

    monkeypatch.setattr(sweep_module.Sweep, "run", lost)
    monkeypatch.setattr(Cluster, "client", lambda self: None)
    status, out, err = run(capsys, *GRID, "--json")
    outcome = json.loads(out)
    assert status == 1
    assert err.splitlines()[-1] == "The connection was lost."
    assert (outcome["complete"], outcome["cells"][3]["status"]) == (False, "done")
    assert outcome["verdict"] == "No seed is in at every lag yet."


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_keeps_what_was_measured(capsys, monkeypatch, number):
    def interrupted(sweep):
        yield result_of(PLAN.cells()[0])
        signal.raise_signal(number)

    monkeypatch.setattr(sweep_module.Sweep, "run", interrupted)
    monkeypatch.setattr(Cluster, "client", lambda self: None)
    status, _, err = run(capsys, *GRID)
    assert status == 1
    assert err.splitlines()[-1].startswith("Stopped; finished cells are kept")


TINY_BASE = BASE.changed(nodes=4, batch_size=2)
SMALL = ["--lags", "1", "--updates", "30", "--nodes", "4", "--batch-size", "2"]
TINY = [*SMALL, "--seeds", "1", "--no-horizons"]


@pytest.fixture
def trains_here(monkeypatch):
    """Cells are trained in this process, without a cluster."""

    def trained(sweep):
        for cell in sweep.missing:
            run = train_cell(cell, lambda mark, cell=cell: list(sweep._marked(cell, mark)))
            yield from sweep._tell(lambda observer, cell=cell, run=run: observer.finish(cell, run))
            sweep._store.put(run.result)
            yield run.result

    monkeypatch.setattr(sweep_module.Sweep, "run", trained)
    monkeypatch.setattr(Cluster, "client", lambda self: None)


def stored():
    store = Store()
    try:
        return {row.name: row for row in store.runs()}
    finally:
        store.close()


@pytest.mark.usefixtures("trains_here")
def test_cells_are_runs_like_any_other(capsys):
    assert run(capsys, *TINY)[0] == 0
    assert main(["runs", "list", "--json"]) == 0
    listed = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert listed.keys() == {"tanh, lag 1, seed 0", "ReLU, lag 1, seed 0"}
    row = listed["ReLU, lag 1, seed 0"]
    assert (row["status"], row["steps"], row["planned_steps"]) == ("finished", 30, 30)
    assert main(["runs", "resume", row["id"], "--steps", "40", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["steps"] == 40


@pytest.mark.usefixtures("trains_here")
def test_horizons_on_real_text_are_measured_beside_the_grid(capsys, tmp_path):
    path = tmp_path / "cells.csv"
    status, out, err = run(capsys, *SMALL, "--seeds", "3", "--json", "--csv", str(path))
    outcome = json.loads(out)
    assert (status, outcome["complete"], len(outcome["cells"])) == (0, True, 6)
    assert err.startswith("12 cells, 6 of them for horizons, about 0:00:")
    found = outcome["horizon"]
    assert (found["text"], found["unrollings"], found["seeds"]) == ("builtin", 40, 3)
    assert found["probed_lags"] == 100
    assert [line["line"] for line in found["lines"]] == ["tanh", "ReLU"]
    for line in found["lines"]:
        assert line["horizon_at_end_low"] <= line["horizon_at_end"] <= line["horizon_at_end_high"]
    tanh, relu = (line["horizon_at_end"] for line in found["lines"])
    assert found["difference_at_end"] == pytest.approx(relu - tanh)
    assert found["difference_of"] == ["ReLU", "tanh"]
    assert [cell["unrollings"] for cell in found["cells"]] == [40] * 6
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["lag"], row["unrollings"]) for row in rows] == [("1", "9")] * 6 + [("", "40")] * 6
    assert rows[-1]["horizon_at_end"] == str(found["cells"][-1]["horizon_at_end"])

    lines = run(capsys, *SMALL, "--seeds", "3")[1].splitlines()
    assert found["verdict"] in lines
    assert found["meaning"] in lines
    assert lines[-1].startswith("Reach is the lag")


@pytest.mark.usefixtures("trains_here")
def test_horizons_can_be_left_out(capsys):
    outcome = json.loads(run(capsys, *TINY, "--json")[1])
    assert outcome["horizon"] is None
    assert (outcome["plan"]["horizons"], len(outcome["cells"])) == (False, 2)


@pytest.mark.usefixtures("trains_here")
def test_cells_leave_no_run_without_a_store(capsys):
    status, _, err = run(capsys, *TINY, "--no-store")
    assert (status, stored()) == (0, {})
    assert "not recorded" not in err


@pytest.mark.usefixtures("trains_here")
def test_a_store_that_cannot_be_opened_costs_a_sentence_and_no_cell(capsys):
    store = Store()
    store._connection.execute("PRAGMA user_version = 99")
    store.close()
    status, out, err = run(capsys, *TINY, "--json")
    assert (status, json.loads(out)["complete"]) == (1, True)
    (sentence,) = [line for line in err.splitlines() if "was written by a newer Unroll" in line]
    assert sentence.endswith("The sweep goes on; its runs are not recorded.")


@pytest.mark.usefixtures("measured")
def test_a_table_that_cannot_be_written_costs_no_verdict(tmp_path, capsys, monkeypatch):
    def no_room(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.replace", no_room)
    status, out, err = run(capsys, *GRID, "--csv", str(tmp_path / "cells.csv"))
    assert status == 1
    assert err.splitlines()[-1].endswith("(No space left on device): name another file.")
    assert "tanh reaches 9.9 characters back" in out


def test_an_interrupt_leaves_no_run_that_seems_to_train(capsys, monkeypatch):
    def interrupted(sweep):
        for cell in sweep.missing:
            yield from sweep._marked(cell, Mark(7, 70, 3.0, 1.0))
        yield Workers(1)
        raise KeyboardInterrupt

    monkeypatch.setattr(sweep_module.Sweep, "run", interrupted)
    monkeypatch.setattr(Cluster, "client", lambda self: None)
    assert run(capsys, *TINY)[0] == 1
    assert {name: row.status for name, row in stored().items()} == {
        "tanh, lag 1, seed 0": RunStatus.STOPPED,
        "ReLU, lag 1, seed 0": RunStatus.STOPPED,
    }


def test_options_make_the_plan(capsys, monkeypatch):
    plans = []
    monkeypatch.setattr(SweepStore, "put_plan", lambda self, plan, sha: plans.append(plan))
    monkeypatch.setattr(Cluster, "client", lambda self: None)
    monkeypatch.setattr(sweep_module.Sweep, "run", lambda self: iter(()))
    run(
        capsys,
        *("--lags", "3, 5", "--activations", "relu", "--clips", "0,1.25", "--seeds", "2"),
        *("--first-seed", "7"),
        *("--characters", "50000", "--optimiser", "adadelta", "--learning-rate", "2.5"),
        *("--nodes", "8", "--batch-size", "4"),
    )
    base = BASE.changed(optimiser="adadelta", learning_rate=2.5, nodes=8, batch_size=4)
    assert plans == [
        SweepPlan(
            lags=(3, 5),
            activations=("relu",),
            clips=(0, 1.25),
            seeds=2,
            first_seed=7,
            budget="characters",
            amount=50_000,
            base=base,
        )
    ]


@pytest.mark.parametrize(
    ("arguments", "plan"),
    [
        ([], SweepPlan()),
        (
            ["--text", "builtin", "--unrollings", "1,5"],
            SweepPlan(text="builtin", unrollings=(1, 5), seeds=5, amount=2_000),
        ),
    ],
)
def test_what_is_not_named_is_the_usual_grid(capsys, monkeypatch, arguments, plan):
    plans = []
    monkeypatch.setattr(SweepStore, "put_plan", lambda self, plan, sha: plans.append(plan))
    monkeypatch.setattr(Cluster, "client", lambda self: None)
    monkeypatch.setattr(sweep_module.Sweep, "run", lambda self: iter(()))
    run(capsys, *arguments)
    assert plans == [plan]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--lags", "0"], "lags=0 is not allowed: choose whole numbers from 1 to 100."),
        (["--lags", "a"], "lags=a is not allowed"),
        (["--lags", ""], "lags=none: name at least one"),
        (["--updates", "0"], "updates=0 is not allowed: choose a whole number from 1."),
        (["--seeds", "many"], "seeds=many is not allowed: choose a whole number from 1 to 50."),
        (["--activations", "gelu"], "activations=gelu is not allowed"),
        (["--learning-rate", "-1"], "learning_rate=-1 is not allowed"),
        (["--unrollings", "5"], "unrollings follow from the lags on latch texts"),
        (["--text", "builtin", "--lags", "5"], "lags=5 means nothing on builtin"),
        (["--text", "nowhere"], "There is no text 'nowhere'"),
        (["--scheduler", "there"], "'there' is no scheduler's address: write tcp://host:port"),
        (["--workers", "0x"], "workers=0x is not allowed"),
        (["--workers", "100000"], "workers=100,000 is not allowed: choose 1 to "),
        (["--seeds", "50", "--lags", ",".join(map(str, range(1, 101)))], "has 10,000 cells; 2,000"),
        (["--clips", ",".join(map(str, range(20_000)))], "clips has 20,000 values; a grid may"),
        (["--lags", "a,b,c"], "lags=a is not allowed: choose whole numbers from 1 to 100."),
        (
            ["--workers", "4", "--scheduler", "tcp://there:8786"],
            "workers=4 is for this machine alone, and the scheduler at tcp://there:8786 has",
        ),
        (["--csv", "/"], "/ is a folder; name a file in it to write to."),
        (["--csv", "/no/such/folder/x.csv"], "The folder of /no/such/folder/x.csv does not exist"),
        (["--updates", "5", "--characters", "5"], "--help lists what is allowed."),
    ],
)
def test_a_bad_option_is_refused_in_one_line(arguments, words, capsys):
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert words in err
    assert len(err.splitlines()) == 1
