"""The trainer: its numbers against a literal witness, its cadence, and what it is given."""

import math
from itertools import count, pairwise

import float64_witness as witness
import numpy as np
import pytest
import torch

from core.data.corpora import Corpus
from core.errors import ConfigError, TextError
from core.insight.held_out import mean_loss
from core.networks.initialisers import initial_parameters
from core.records import Report, StepRecord
from core.training import trainer as trainer_module
from core.training.trainer import Trainer

ARCHITECTURES = {
    "arch1-concat": {"architecture": "arch1", "combine": "concat"},
    "arch1-add": {"architecture": "arch1", "combine": "add"},
    "arch1-multiply": {"architecture": "arch1", "combine": "multiply"},
    "arch2-teacher": {"architecture": "arch2", "feedback": "teacher"},
    "arch2-free": {"architecture": "arch2", "feedback": "free"},
}
OPTIMISERS = {
    "sgd": {"optimiser": "sgd", "learning_rate": 1.0},
    "adadelta": {"optimiser": "adadelta", "learning_rate": 2.5},
    "adam": {"optimiser": "adam", "learning_rate": 0.02},
}


def given_weights(config, seed=5):
    """Weights large enough for the recurrence to matter, and biases that are not zero."""
    random = np.random.default_rng(seed)
    weights = {name: 3 * value for name, value in initial_parameters(config, seed).items()}
    for name in "bc":
        weights[name] = random.normal(0, 0.5, len(weights[name])).astype(np.float32)
    return weights


def kinds(records):
    """A list of steps, with reports as strings: [ "0", 1, 2, "2" ]."""
    return [str(r.step) if isinstance(r, Report) else r.step for r in records]


def steps_of(records):
    return [record for record in records if isinstance(record, StepRecord)]


def reports_of(records):
    return [record for record in records if isinstance(record, Report)]


def spy_on_windows(trainer):
    """Every window the network trains on from now: inputs, targets, state in, state out."""
    seen, original = [], trainer.engine.network.loss_and_gradients

    def watched(inputs, targets, state):
        loss, after = original(inputs, targets, state)
        seen.append((inputs.clone(), targets.clone(), state.clone(), after.clone()))
        return loss, after

    trainer.engine.network.loss_and_gradients = watched
    return seen


@pytest.mark.parametrize("optimiser", OPTIMISERS)
@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_twenty_steps_equal_an_independent_float64_training(
    architecture, activation, optimiser, corpus, small
):
    settings = {
        **ARCHITECTURES[architecture],
        **OPTIMISERS[optimiser],
        "activation": activation,
        "decay_rate": 0.5,
        "decay_steps": 7,
        "clip": 0.3,
    }
    config = small(**settings)
    weights = given_weights(config)
    trainer = Trainer(config, corpus, initial_weights=weights)
    records = [trainer.step() for _ in range(20)]
    losses, norms = witness.train(corpus.training, weights, [6] * 20, **settings)

    np.testing.assert_allclose([r.loss_nats for r in records], losses, rtol=2e-6, atol=1e-5)
    np.testing.assert_allclose([r.grad_norm for r in records], norms, rtol=1e-4)
    assert [r.clipped for r in records] == [norm > 0.3 for norm in norms]
    assert any(r.clipped for r in records)
    for record in records:
        assert record.grad_norm_clipped == min(record.grad_norm, 0.3)


def test_without_clipping_the_witness_agrees_too_and_nothing_is_clipped(corpus, small):
    config = small(optimiser="sgd", learning_rate=1, clip=0)
    weights = given_weights(config)
    trainer = Trainer(config, corpus, initial_weights=weights)
    records = [trainer.step() for _ in range(20)]
    losses, _ = witness.train(corpus.training, weights, [6] * 20, clip=0, learning_rate=1)
    np.testing.assert_allclose([r.loss_nats for r in records], losses, atol=1e-5)
    assert not any(r.clipped for r in records)
    assert [r.grad_norm_clipped for r in records] == [r.grad_norm for r in records]


@pytest.mark.parametrize("architecture", ["arch1-concat", "arch1-add", "arch2-free"])
def test_a_live_change_of_unrollings_keeps_the_hidden_state_and_the_place(
    architecture, corpus, small
):
    windows = [6] * 4 + [11] * 4 + [1] * 3 + [6] * 4
    settings = {**ARCHITECTURES[architecture], "optimiser": "sgd", "learning_rate": 1.0}
    config = small(**settings, clip=0, engine="torch")
    weights = given_weights(config)
    trainer = Trainer(config, corpus, initial_weights=weights)
    seen, records = spy_on_windows(trainer), []
    for unrollings in windows:
        trainer.change(trainer.live.changed(unrollings=unrollings))
        records.append(trainer.step())
    losses, _ = witness.train(corpus.training, weights, windows, **settings)
    np.testing.assert_allclose([r.loss_nats for r in records], losses, atol=1e-5)
    for (*_, after), (_, _, state, _) in pairwise(seen):
        assert torch.equal(state, after)
    assert [r.characters_seen for r in records] == (4 * np.cumsum(windows)).tolist()


def test_the_hidden_state_crosses_windows(corpus, small):
    # Two windows of 6 with weights that hardly move are one of 12, if the state crosses.
    settings = {"optimiser": "sgd", "learning_rate": 1e-6}
    short, long = small(**settings), small(**settings, unrollings=12)
    weights = given_weights(short)
    trainer = Trainer(short, corpus, initial_weights=weights)
    in_two = (trainer.step().loss_nats + trainer.step().loss_nats) / 2
    whole = Trainer(long, corpus, initial_weights=weights).step().loss_nats
    assert in_two == pytest.approx(whole, abs=1e-5)

    forgetful = Trainer(short, corpus, initial_weights=weights)
    first = forgetful.step().loss_nats
    engine = forgetful.engine
    engine.restore(np.zeros_like(engine.carried()), engine.accumulators())
    assert (first + forgetful.step().loss_nats) / 2 != pytest.approx(whole, abs=1e-3)


@pytest.mark.parametrize(
    ("steps", "every", "expected"),
    [
        (0, 10, ["0"]),
        (3, 10, ["0", 1, 2, 3, "3"]),
        (4, 2, ["0", 1, 2, "2", 3, 4, "4"]),
        (5, 2, ["0", 1, 2, "2", 3, 4, "4", 5, "5"]),
        (2, 1, ["0", 1, "1", 2, "2"]),
    ],
)
def test_reports_come_first_then_every_so_often_and_last(steps, every, expected, corpus, small):
    trainer = Trainer(small(steps=steps, report_every=every), corpus)
    assert kinds(trainer.train()) == expected
    assert list(trainer.train()) == [] or steps == 0


def test_training_goes_on_from_where_the_trainer_stands(corpus, small):
    config = small(steps=12, report_every=5)
    straight = list(Trainer(config, corpus).train())
    trainer, first = Trainer(config, corpus), []
    for record in trainer.train():
        first.append(record)
        if trainer.steps_done == 7:
            break
    rest = list(trainer.train())
    assert kinds(first + rest) == kinds(straight)
    assert [r.loss_nats for r in steps_of(first + rest)] == [
        r.loss_nats for r in steps_of(straight)
    ]


def test_a_report_tells_the_mean_loss_since_the_one_before(corpus, small):
    records = list(Trainer(small(steps=25, report_every=10), corpus).train())
    losses = [record.loss_nats for record in steps_of(records)]
    means = [report.train_loss_nats for report in reports_of(records)]
    assert means[0] is None
    assert means[1:] == pytest.approx(
        [np.mean(losses[:10]), np.mean(losses[10:20]), np.mean(losses[20:])], rel=1e-12
    )


def test_a_report_counts_steps_and_characters_and_samples_100(corpus, small):
    records = list(Trainer(small(steps=3, report_every=2), corpus).train())
    reports = reports_of(records)
    assert [(r.step, r.characters_seen) for r in reports] == [(0, 0), (2, 48), (3, 72)]
    for report in reports:
        assert len(report.sample) == 100
        assert set(report.sample) <= set(" abcdefghijklmnopqrstuvwxyz")
        assert 0 < report.validation_loss_nats < 10


def test_the_validation_loss_falls_while_a_network_learns(corpus, small):
    config = small(steps=300, report_every=150, learning_rate=0.01)
    losses = [r.validation_loss_nats for r in reports_of(Trainer(config, corpus).train())]
    assert losses[0] == pytest.approx(math.log(27), abs=0.1)
    assert losses[2] < losses[1] < losses[0] - 0.3


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_network_with_memory_passes_the_bigram_floor_and_one_without_does_not(
    architecture, small
):
    # "aab" repeated: after an a, only the character before it tells what comes next.
    ids = np.tile(np.array([1, 1, 2], np.uint8), 400)
    floor = 2 / 3 * math.log(2)
    config = small(**ARCHITECTURES[architecture], learning_rate=0.02, steps=300, report_every=1_000)
    report = reports_of(Trainer(config, Corpus("aab", "aab", ids)).train())[-1]
    if architecture == "arch2-teacher":
        assert report.validation_loss_nats > floor
    else:
        assert report.validation_loss_nats < floor / 2


def test_a_sample_depends_on_the_weights_the_seed_and_the_step_alone(corpus, small):
    config = small(steps=4, report_every=2)
    weights = given_weights(config)

    def samples(seed, extra=0):
        trainer = Trainer(config.changed(seed=seed), corpus, initial_weights=weights)
        for _ in range(extra):
            trainer.sample(50)
        found = []
        for record in trainer.train():
            if isinstance(record, Report):
                found.append(record.sample)
                assert trainer.sample(100) == record.sample
                assert record.sample.startswith(trainer.sample(30))
        return found

    assert samples(0) == samples(0, extra=3)
    assert all(one != other for one, other in zip(samples(0), samples(1), strict=True))
    still = Trainer(config.changed(learning_rate=1e-6), corpus, initial_weights=weights)
    first = still.sample(100)
    still.step()
    assert still.sample(100) != first


def test_the_seed_fixes_the_whole_run(corpus, small):
    def losses(**changes):
        return [r.loss_nats for r in steps_of(Trainer(small(**changes), corpus).train())]

    assert losses(seed=1) == losses(seed=1)
    assert losses(seed=1) != losses(seed=2)
    assert losses(seed=1)[0] == pytest.approx(losses(seed=1, optimiser="sgd")[0], rel=1e-12)


def test_the_first_weights_are_the_given_ones_or_the_seeds(corpus, small):
    config = small(seed=3)
    drawn = initial_parameters(config, seed=3)
    given = given_weights(config)
    for expected, trainer in (
        (drawn, Trainer(config, corpus)),
        (given, Trainer(config, corpus, initial_weights=given)),
    ):
        for name, value in trainer.weights().items():
            np.testing.assert_array_equal(value, expected[name])


def test_weights_are_copies(corpus, small):
    trainer = Trainer(small(), corpus)
    before = trainer.weights()
    kept = {name: value.copy() for name, value in before.items()}
    trainer.step()
    for name, value in before.items():
        np.testing.assert_array_equal(value, kept[name])
        value[...] = 9
    assert not any((value == 9).any() for value in trainer.weights().values())


def test_the_learning_rate_descends_a_staircase(corpus, small):
    config = small(learning_rate=0.8, decay_rate=0.5, decay_steps=3, steps=8)
    trainer = Trainer(config, corpus)
    rates = [record.learning_rate for record in steps_of(trainer.train())]
    assert rates == [0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.2, 0.2]


def test_a_live_learning_rate_starts_from_the_stair_reached(corpus, small):
    trainer = Trainer(small(learning_rate=0.8, decay_rate=0.5, decay_steps=3), corpus)
    for _ in range(4):
        trainer.step()
    trainer.change(trainer.live.changed(learning_rate=0.1))
    assert [trainer.step().learning_rate for _ in range(3)] == [0.05, 0.05, 0.025]


def test_a_live_clip_counts_from_the_next_step(corpus, small):
    trainer = Trainer(small(clip=0, engine="torch"), corpus)
    assert not trainer.step().clipped
    trainer.change(trainer.live.changed(clip=1e-3))
    record = trainer.step()
    assert record.clipped
    assert record.grad_norm > record.grad_norm_clipped == 1e-3
    assert float(trainer.engine.parameters.gradient.norm()) == pytest.approx(1e-3, rel=1e-5)


def test_a_window_longer_than_the_text_is_refused_and_changes_nothing(make_corpus, small):
    short = make_corpus(200)  # 190 to train on: 4 cursors may read 46 steps
    with pytest.raises(TextError, match="needs 196 characters; this text has 190"):
        Trainer(small(unrollings=48), short)
    trainer = Trainer(small(unrollings=46), short)
    live = trainer.live
    with pytest.raises(TextError, match="unrollings=47 with batch_size=4 needs 192 characters"):
        trainer.change(live.changed(unrollings=47, clip=3))
    assert trainer.live == live
    assert trainer.step().characters_seen == 4 * 46


def test_the_validation_text_is_never_trained_on(small):
    # 380 characters of a to y, then 20 of z that are held out; training wraps three times.
    ids = np.append(np.arange(380) % 25 + 1, np.full(20, 26)).astype(np.uint8)
    trainer = Trainer(small(steps=60, engine="torch"), Corpus("k", "no z before the end", ids))
    seen = spy_on_windows(trainer)
    last = reports_of(trainer.train())[-1]
    assert last.step == 60
    assert last.validation_loss_nats == mean_loss(
        trainer.weights(), trainer.config, np.full(20, 26, np.uint8), compiled=False
    )
    assert 4 * 6 * len(seen) > 3 * 380
    read = torch.cat([torch.cat([inputs, targets]) for inputs, targets, *_ in seen])
    assert read.max() == 25
    assert set(read.unique().tolist()) == set(range(1, 26))


def test_reports_change_nothing_in_what_is_trained(corpus, small):
    rarely = steps_of(Trainer(small(steps=30, report_every=1_000), corpus).train())
    often = steps_of(Trainer(small(steps=30, report_every=1), corpus).train())
    assert [r.loss_nats for r in rarely] == [r.loss_nats for r in often]
    assert [r.grad_norm for r in rarely] == [r.grad_norm for r in often]


def test_seconds_are_those_of_training_and_reporting(corpus, small, monkeypatch):
    clock = count()
    monkeypatch.setattr(trainer_module, "perf_counter", lambda: next(clock))
    trainer, seconds = Trainer(small(steps=4, report_every=2), corpus), []
    for record in trainer.train():
        seconds.append(record.seconds)
        next(clock)  # what happens between steps does not count
    assert seconds == [1, 2, 3, 4, 5, 6, 7]


def test_windows_that_the_memory_does_not_hold_are_refused(small, corpus, monkeypatch):
    trainer = Trainer(small(unrollings=5, device="cpu"), corpus)
    monkeypatch.setattr("core.engines.memory.free_bytes", lambda: 976)
    with pytest.raises(ConfigError, match=r"unrollings=6 with .* and 976 bytes are free here"):
        trainer.change(trainer.live.changed(unrollings=6))
    assert trainer.live.unrollings == 5
    trainer.change(trainer.live.changed(unrollings=4))  # takes no more than there was
    with pytest.raises(ConfigError, match="unrollings=5 with "):
        Trainer(small(unrollings=5, device="cpu"), corpus)
