"""Context curves while training: when they come, what they hold, and that training does not feel
them."""

import pytest

from core.insight.context import context_curve
from core.networks.stepwise import CharacterModel
from core.records import ContextRecord, Report, StepRecord
from core.training.trainer import Trainer

PATIENCE = 20.0


@pytest.fixture(scope="module")
def long(make_corpus):
    """20,000 characters: 1,000 are held out, enough to measure on."""
    return make_corpus(20_000)


@pytest.fixture
def load_text(long):
    return lambda key, progress=None: long


def contexts_of(records):
    return [record for record in records if isinstance(record, ContextRecord)]


def test_they_come_with_reports_that_are_powers_of_two_and_at_the_end(long, small):
    records = list(Trainer(small(steps=70, report_every=5), long, contexts=True).train())
    assert [record.step for record in contexts_of(records)] == [5, 10, 20, 40, 70]
    at = [(type(record), record.step) for record in records]
    assert at.index((ContextRecord, 20)) == at.index((Report, 20)) + 1


def test_unless_asked_for_there_are_none(long, small):
    assert contexts_of(Trainer(small(steps=10), long).train()) == []


def test_on_a_short_text_there_are_none(corpus, small):
    assert contexts_of(Trainer(small(steps=10), corpus, contexts=True).train()) == []


@pytest.mark.parametrize(
    "changes", [{}, {"combine": "multiply"}, {"architecture": "arch2", "feedback": "free"}]
)
def test_training_is_the_same_with_and_without_them(long, small, changes):
    def told(contexts):
        config = small(steps=24, report_every=3, probe_every=4, **changes)
        records = Trainer(config, long, contexts=contexts).train()
        return [
            (r.loss_nats, r.grad_norm) if isinstance(r, StepRecord) else r.validation_loss_nats
            for r in records
            if isinstance(r, StepRecord | Report)
        ]

    assert told(True) == told(False)


def test_a_curve_is_of_the_weights_as_they_stand_and_of_the_held_out_text(long, small):
    trainer = Trainer(small(steps=10, report_every=5), long, contexts=True)
    *_, found = contexts_of(trainer.train())
    compiled = trainer.choice.engine == "compiled"
    model = CharacterModel(trainer.weights(), trainer.config, compiled=compiled)
    assert found == context_curve(model, long.validation, step=10)


def test_a_run_publishes_its_curves(make_run, small):
    shot = make_run(small(steps=40, report_every=10)).wait(PATIENCE)
    assert [curve.step for curve in shot.contexts] == [10, 20, 40]
