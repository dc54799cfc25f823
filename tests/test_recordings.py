"""What lies in recordings/: small, with the settings that its script says, and repeatable."""

import io
import json
import zipfile

import numpy as np
import pytest

from core.data.corpora import load_corpus
from core.experiments.arm_run import train_arm
from core.experiments.claims import BY_NAME, CLAIMS
from core.experiments.judgement import judge
from core.experiments.plan import SweepPlan
from core.experiments.recorded_article import read_recorded_article
from core.experiments.recorded_sweep import read_recorded_sweep
from core.records import Event, RunStatus
from core.storage.recorded import ARTICLE, FOLDER, PREFIX, SWEEP
from core.storage.zip_import import import_run
from core.training.trainer import Trainer
from recordings.record import PLAN, RUNS

MOST_BYTES = 4_000_000
STEPS = 300
FILES = {recording.file: recording for recording in RUNS}


def read(file, part):
    with zipfile.ZipFile(FOLDER / f"{file}.zip") as archive:
        return archive.read(part).decode()


def losses(file):
    rows = np.genfromtxt(io.StringIO(read(file, "metrics.csv")), delimiter=",", names=True)
    return rows["loss_nats"]


def test_they_are_all_here_and_small():
    here = {path.name for path in FOLDER.iterdir() if path.suffix in (".zip", ".jsonl")}
    assert here == {f"{file}.zip" for file in FILES} | {SWEEP, ARTICLE}
    assert sum((FOLDER / name).stat().st_size for name in here) < MOST_BYTES


@pytest.mark.parametrize("file", FILES)
def test_no_recording_carries_a_text(file):
    with zipfile.ZipFile(FOLDER / f"{file}.zip") as archive:
        assert "text.txt" not in archive.namelist()


@pytest.mark.parametrize("file", FILES)
def test_its_settings_load_and_are_those_of_the_script(store, file):
    recording = FILES[file]
    run_id = import_run(store, FOLDER / f"{file}.zip", recorded=True)
    row = store.get(run_id)
    assert (row.id, row.name) == (recording.id, PREFIX + recording.title)
    assert row.config == recording.config.changed(device="cpu")
    assert row.planned == recording.planned
    assert row.status == (RunStatus.DIVERGED if file == "diverged" else RunStatus.FINISHED)
    assert "by compiled code, Python 3." in row.note
    assert f"{row.step:,} steps in " in row.note


@pytest.mark.parametrize("file", FILES)
def test_a_few_hundred_steps_repeat_its_curve(file):
    about, corpus = json.loads(read(file, "config.json")), load_corpus("builtin")
    if corpus.sha256 != about["text_sha256"]:
        pytest.skip("This version of Python brings another text than the one recorded on.")
    trainer = Trainer(FILES[file].config.changed(device="cpu"), corpus)
    now, then = trainer.advance(STEPS).columns["loss_nats"], losses(file)[:STEPS]
    assert now[:20] == pytest.approx(then[:20], abs=1e-3)
    # Large steps make rounding grow: on another processor single steps drift off, their mean
    # does not.
    assert now.reshape(-1, 100).mean(1) == pytest.approx(then.reshape(-1, 100).mean(1), abs=0.05)


def test_the_one_that_diverges_goes_on_well_without_clipping_until_its_steps_are_longer():
    changes = [Event(**event) for event in json.loads(read("diverged", "events.json"))["planned"]]
    assert [(event.step, event.kind, event.value) for event in changes] == [
        (400, "clip", 0.0),
        (600, "learning_rate", 5.0),
    ]
    then = losses("diverged")
    assert then[500:600].mean() < then[300:400].mean()
    assert 600 < len(then) < 620


def test_the_sweep_is_the_one_that_the_page_begins_with_and_every_cell_is_measured(monkeypatch):
    monkeypatch.delenv("UNROLL_RECORDED")
    sweep = read_recorded_sweep()
    assert sweep.plan == PLAN == SweepPlan()
    shot = sweep.snapshot
    assert shot.done == len(shot.cells) == 104
    assert {result.status for result in sweep.results} == {"done"}
    judgement = judge(shot.plan, shot.cells, shot.results)
    assert judgement.ratio is not None
    assert judgement.horizons is not None


@pytest.fixture
def article(monkeypatch):
    monkeypatch.delenv("UNROLL_RECORDED")
    return read_recorded_article()


def test_every_run_of_every_claim_is_recorded_and_its_settings_load(article):
    wanted = [(claim, arm, config) for claim in CLAIMS for arm, config in claim.runs()]
    assert all(article.run(config) is not None for _, _, config in wanted)
    assert len(article.runs) == len({str(run.settings) for run in article.runs})
    texts = {text.sha256 for text in article.texts.values()}
    for claim, _, config in wanted:
        run = article.run(config)
        assert run.config == config.changed(device="auto", report_every=1_000, probe_every=200)
        assert run.text_sha256 in texts
        assert bool(run.message) == (run.loss is None) == (run.steps < config.steps)
        assert claim.name == "rate" or not run.message  # the largest rate alone diverges


@pytest.mark.parametrize(("claim", "place"), [("teacher", 2), ("stale", 0), ("loss", 3)])
def test_a_recorded_run_of_the_article_ends_where_it_ended_when_repeated(article, claim, place):
    corpus = load_corpus("builtin")
    then = article.run(BY_NAME[claim].arms[place].seeded(0))
    if corpus.sha256 != then.text_sha256:
        pytest.skip("This version of Python brings another text than the one recorded on.")
    now = train_arm(then.config.changed(device="cpu"), corpus)
    assert now.settings == then.settings
    assert now.loss == pytest.approx(then.loss, abs=1e-3)


def loss_of(run):
    return run.loss


def means(article, name):
    claim = BY_NAME[name]
    return [article.mean(claim, arm, loss_of).value for arm in claim.arms]


def test_the_article_s_claims_stand_as_the_page_tells(article):
    counted = article.texts["builtin"].floors
    published, zero = means(article, "init")
    assert abs(published - counted["bigram"]) < 0.03
    assert zero < counted["trigram"]
    *forced, free = means(article, "teacher")
    assert all(abs(loss - counted["bigram"]) < 0.01 for loss in forced)
    assert free < counted["bigram"] - 0.05
    stale, current = means(article, "stale")
    assert abs(stale - current) < 0.001
    long, short, long_8, short_8 = means(article, "t1")
    assert 0.03 < short - long < 0.07
    assert 0.02 < short_8 - long_8 < 0.05
