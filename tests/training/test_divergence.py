"""How training diverges: named, stopped, and with the last finite weights kept."""

import math

import numpy as np
import pytest

from core.errors import Diverged
from core.records import StepRecord
from core.training.trainer import Trainer

# Learning rates high enough to blow the ReLU up within a few steps.
EXPLOSIVE = {
    "activation": "relu",
    "init": "identity",
    "optimiser": "adam",
    "learning_rate": 100,
    "clip": 0,
    "unrollings": 20,
    "nodes": 20,
}


def train_to_divergence(trainer):
    """The weights before each step, and the error."""
    weights = []
    try:
        for _ in range(50):
            weights.append(trainer.weights())
            trainer.step()
    except Diverged as error:
        return weights, error
    return pytest.fail("50 steps without a divergence")


@pytest.mark.parametrize("combine", ["concat", "add"])
def test_a_divergence_names_its_step_and_cause_and_keeps_the_last_finite_weights(
    combine, corpus, small
):
    trainer = Trainer(small(**EXPLOSIVE, combine=combine), corpus)
    weights, error = train_to_divergence(trainer)
    assert error.step == len(weights) == trainer.steps_done + 1
    assert error.cause in ("the loss", "the norm of the gradient")
    assert str(error) == (
        f"Diverged at step {error.step}: {error.cause} is not a finite number; the weights of "
        "the step before are kept. Turn clipping on, or lower the learning rate."
    )
    for name, value in trainer.weights().items():
        assert np.isfinite(value).all()
        np.testing.assert_array_equal(value, weights[-1][name])


@pytest.mark.parametrize("combine", ["concat", "add"])
def test_reports_on_the_way_to_a_divergence_end_a_sample_that_cannot_go_on(combine, corpus, small):
    config = small(**EXPLOSIVE, combine=combine, report_every=1)
    trainer, records = Trainer(config, corpus), []
    with pytest.raises(Diverged):
        records.extend(iter(trainer.train()))
    report = trainer.report()
    assert 0 < len(report.sample) < 100
    assert not math.isfinite(report.validation_loss_nats)


def poisoned_step(trainer, value):
    """A step whose gradient holds a number of this size in U."""
    original = trainer.engine.network.loss_and_gradients

    def poisoned(inputs, targets, state):
        given = original(inputs, targets, state)
        trainer.engine.parameters.gradients["U"][0, :4] = value
        return given

    trainer.engine.network.loss_and_gradients = poisoned
    return trainer.step()


def test_clipping_saves_a_step_whose_gradient_is_finite_and_its_squares_are_not(corpus, small):
    trainer = Trainer(small(optimiser="sgd", learning_rate=1.0, clip=1.25, engine="torch"), corpus)
    before = trainer.weights()["U"]
    record = poisoned_step(trainer, 1e30)
    assert record.grad_norm == pytest.approx(2e30)  # of four such numbers
    assert (record.clipped, record.grad_norm_clipped) == (True, 1.25)
    moved = before - trainer.weights()["U"]
    np.testing.assert_allclose(moved[0, :4], 1.25 / 2, rtol=1e-5)
    assert np.abs(moved[1:]).max() < 1e-20


def test_without_clipping_such_a_step_diverges(corpus, small):
    trainer = Trainer(small(optimiser="sgd", clip=0, engine="torch"), corpus)
    with pytest.raises(Diverged, match="Turn clipping on, or lower the learning rate") as caught:
        poisoned_step(trainer, 1e30)
    assert caught.value.cause == "the norm of the gradient"


def test_who_has_clipping_on_is_not_told_to_turn_it_on(corpus, small):
    trainer = Trainer(small(clip=1.25, engine="torch"), corpus)
    with pytest.raises(Diverged, match=r"Lower the learning rate: clipping at 1\.25 is on"):
        poisoned_step(trainer, math.nan)


@pytest.mark.parametrize(
    ("poison", "cause"),
    [
        ({"loss": math.nan}, "the loss"),
        ({"loss": math.inf}, "the loss"),
        ({"W": math.nan}, "the gradient of W"),
        ({"c": -math.inf}, "the gradient of c"),
        ({"b": math.inf, "V": math.nan}, "the gradient of b"),
        ({"U": 3e38}, "the norm of the gradient"),  # more than clipping can measure
    ],
)
def test_the_cause_of_a_divergence_is_the_first_number_that_is_not_finite(
    poison, cause, corpus, small
):
    trainer = Trainer(small(engine="torch"), corpus)
    trainer.step()
    kept, original = trainer.weights(), trainer.engine.network.loss_and_gradients

    def poisoned(inputs, targets, state):
        loss, after = original(inputs, targets, state)
        for name, value in poison.items():
            if name == "loss":
                loss = loss * value
            else:
                trainer.engine.parameters.gradients[name][..., 3] = value
        return loss, after

    trainer.engine.network.loss_and_gradients = poisoned
    with pytest.raises(Diverged) as caught:
        trainer.step()
    assert (caught.value.step, caught.value.cause) == (2, cause)
    assert trainer.steps_done == 1
    for name, value in trainer.weights().items():
        np.testing.assert_array_equal(value, kept[name])


def test_an_update_that_is_not_finite_is_taken_back(corpus, small):
    trainer = Trainer(small(clip=0, optimiser="sgd", engine="torch"), corpus)
    trainer.step()
    kept, original = trainer.weights(), trainer.engine.network.loss_and_gradients

    def steep(inputs, targets, state):
        loss, after = original(inputs, targets, state)
        trainer.engine.parameters.gradient.mul_(1e17)
        return loss, after

    def overflow(weights, gradient, rate):
        weights.add_(gradient * math.inf)

    trainer.engine.network.loss_and_gradients = steep
    trainer.engine.stepper.optimiser.update = overflow
    with pytest.raises(Diverged) as caught:
        trainer.step()
    assert caught.value.cause == "the update"
    for name, value in trainer.weights().items():
        np.testing.assert_array_equal(value, kept[name])


def test_clipping_tames_what_diverges_without_it(corpus, small):
    settings = {**EXPLOSIVE, "optimiser": "sgd", "learning_rate": 1, "unrollings": 40, "steps": 60}
    with pytest.raises(Diverged):
        list(Trainer(small(**settings), corpus).train())
    clipped = small(**{**settings, "clip": 1.25})
    records = Trainer(clipped, corpus).train()
    assert sum(isinstance(record, StepRecord) for record in records) == 60
