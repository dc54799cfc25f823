"""A claim's run: what is measured of it, what names it, and how it is kept."""

import json

import pytest

from core.config import TrainingConfig
from core.data.corpora import load_corpus
from core.experiments.arm_run import from_json, settings_of, to_json, train_arm
from core.training.trainer import Trainer

SMALL = TrainingConfig(nodes=8, batch_size=4, unrollings=6, steps=60, device="cpu", seed=3)


@pytest.fixture(scope="module")
def run():
    return train_arm(SMALL, load_corpus("builtin"), text=40)


def test_it_ends_where_the_dashboards_run_of_the_same_settings_ends(run):
    trainer = Trainer(SMALL, load_corpus("builtin"))
    for _ in trainer.train():
        pass
    assert run.loss == trainer.validation_loss()
    assert (run.steps, run.characters) == (60, 60 * 24)
    assert (run.flow, run.horizon) == (trainer.probe().flow[1], trainer.probe().horizon)
    assert run.curve == trainer.context()


def test_it_writes_with_one_softmax_and_with_two(run):
    once, twice = run.samples
    assert len(once) == len(twice) == 40
    assert once != twice
    assert run.largest_twice < run.largest < 1


def test_it_comes_back_from_its_line(run):
    assert from_json(json.loads(json.dumps(to_json(run)))) == run
    with pytest.raises(ValueError, match="loss is damaged"):
        from_json(to_json(run) | {"loss": "low"})


def test_its_settings_name_what_is_trained_and_nothing_else(run):
    assert run.settings == {"nodes": 8, "batch_size": 4, "unrollings": 6, "steps": 60, "seed": 3}
    assert settings_of(run.config.model_dump()) == run.settings
    computed = SMALL.changed(device="auto", engine="torch", report_every=7, probe_every=0)
    assert settings_of(computed.model_dump()) == run.settings
    assert settings_of({"seed": 0, "inputs": "stale", "device": "cpu"}) == {"inputs": "stale"}


def test_one_that_diverges_says_why_and_has_no_loss():
    wild = SMALL.changed(activation="relu", init="identity", learning_rate=100, clip=0, steps=500)
    run = train_arm(wild.changed(nodes=20, unrollings=20), load_corpus("builtin"))
    assert "not a finite number" in run.message
    assert (run.loss, run.flow, run.curve, run.samples) == (None, None, None, ())
    assert run.steps < 500
    assert from_json(json.loads(json.dumps(to_json(run)))) == run
