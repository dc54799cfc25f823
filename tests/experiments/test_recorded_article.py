"""Means and differences of the recorded claims, and the file that they come from."""

import json
from dataclasses import replace

import numpy as np
import pytest

from core.config import TrainingConfig
from core.data.alphabet import encode
from core.data.corpora import Corpus
from core.experiments.arm_run import ArmRun, settings_of
from core.experiments.claims import Arm, Claim
from core.experiments.reach import mean_interval
from core.experiments.recorded_article import (
    RecordedArticle,
    measured_on,
    read_recorded_article,
    to_lines,
)

BASE = TrainingConfig(nodes=8)
ONE, OTHER = Arm("one", BASE), Arm("other", BASE.changed(nodes=9))
CLAIM = Claim("made up", (ONE, OTHER), seeds=3)
LOSSES = {ONE: (1.0, 2.0, 6.0), OTHER: (1.5, 2.5, None)}


def run_of(arm, seed, loss):
    return ArmRun(
        settings=settings_of(arm.seeded(seed).model_dump()),
        text_sha256="abc",
        steps=10,
        characters=100,
        seconds=1.23456789,
        loss=loss,
        message="",
        flow_at_start=0.0,
        flow=0.123456789,
        horizon_at_start=1,
        horizon=2,
        context=(1.0, 0.5),
        full=0.5,
        largest=None,
        largest_twice=None,
        samples=(),
    )


def loss_of(run):
    return run.loss


@pytest.fixture
def recorded():
    runs = [run_of(arm, seed, loss) for arm, by in LOSSES.items() for seed, loss in enumerate(by)]
    text = measured_on(Corpus("builtin", "a text", encode("the cat sat on the mat " * 50)))
    return RecordedArticle("yesterday", {"builtin": text}, tuple(runs))


def test_a_mean_is_over_the_seeds_that_have_the_number(recorded):
    mean = recorded.mean(CLAIM, ONE, loss_of)
    assert mean.value == 3.0
    assert mean.interval == mean_interval(np.array([1.0, 2.0, 6.0]))
    assert recorded.mean(CLAIM, OTHER, loss_of).value == 2.0
    assert recorded.mean(CLAIM, OTHER, loss_of).interval is None  # two seeds
    assert recorded.mean(CLAIM, OTHER, lambda run: run.largest) is None


def test_a_run_that_diverged_is_counted_and_has_no_part_in_a_mean(recorded):
    lost = replace(recorded.runs[2], loss=None, message="Diverged at step 9.")
    with_one = replace(recorded, runs=(*recorded.runs[:2], lost, *recorded.runs[3:]))
    assert with_one.diverged(CLAIM, ONE) == 1
    assert with_one.mean(CLAIM, ONE, loss_of).value == 1.5
    assert recorded.diverged(CLAIM, ONE) == 0


def test_a_difference_compares_each_seed_with_itself(recorded):
    difference = recorded.difference(CLAIM, ONE, OTHER, loss_of)
    assert difference.value == 0.5
    assert recorded.difference(CLAIM, ONE, Arm("absent", BASE.changed(nodes=7)), loss_of) is None


def test_runs_are_found_by_what_is_trained(recorded):
    found = recorded.run(BASE.changed(nodes=9, seed=1, report_every=3, device="cpu"))
    assert found.loss == 2.5
    assert recorded.run(BASE.changed(nodes=9, seed=1, loss="squared-error")) is None
    assert [run.loss for run in recorded.of(CLAIM, OTHER)] == [1.5, 2.5, None]


def test_the_file_keeps_six_digits_and_every_setting(recorded, tmp_path, monkeypatch):
    monkeypatch.delenv("UNROLL_RECORDED", raising=False)
    path = tmp_path / "article.jsonl"
    exact = {"learning_rate": 0.123456789}
    runs = (replace(recorded.runs[0], settings=exact), *recorded.runs[1:])
    path.write_bytes(b"".join(to_lines(replace(recorded, runs=runs))))
    again = read_recorded_article(path)
    assert (again.note, again.texts) == (recorded.note, recorded.texts)
    assert again.runs[0] == replace(runs[0], seconds=1.23457, flow=0.123457)
    assert len(path.read_text().splitlines()) == 7
    assert json.loads(path.read_text().splitlines()[1])["settings"] == exact


def test_nothing_is_recorded_where_recordings_are_switched_off(recorded, tmp_path, monkeypatch):
    path = tmp_path / "article.jsonl"
    path.write_bytes(b"".join(to_lines(recorded)))
    monkeypatch.setenv("UNROLL_RECORDED", "0")
    assert read_recorded_article(path) is None
