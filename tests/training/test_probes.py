"""Probes while training: when they come, what they hold, and that training does not feel them."""

import pytest
import torch

from core.insight.flow import MAX_LAGS, held_out_windows, probe
from core.networks import reference
from core.records import ProbeRecord, StepRecord
from core.training.trainer import Trainer


def probes_of(records):
    return [record for record in records if isinstance(record, ProbeRecord)]


def test_probes_come_before_the_first_step_and_at_their_interval(corpus, small):
    records = list(Trainer(small(steps=8, probe_every=3), corpus).train())
    assert [record.step for record in probes_of(records)] == [0, 3, 6]
    at = [(type(record), record.step) for record in records]
    assert at.index((ProbeRecord, 3)) == at.index((StepRecord, 3)) + 1


def test_an_interval_of_zero_is_off(corpus, small):
    assert probes_of(Trainer(small(steps=5, probe_every=0), corpus).train()) == []


def test_training_is_the_same_with_and_without_probes(corpus, small):
    def curve(every):
        records = Trainer(small(steps=12, probe_every=every), corpus).train()
        return [r.loss_nats for r in records if isinstance(r, StepRecord)]

    assert curve(1) == curve(0)


def test_a_probe_is_of_the_weights_as_they_stand_and_of_the_held_out_text(corpus, small):
    trainer = Trainer(small(steps=4, probe_every=4), corpus)
    (*_, found) = probes_of(trainer.train())
    text = held_out_windows(corpus.validation, MAX_LAGS)
    expected = probe(trainer.weights(), trainer.config, *text)
    assert found.flow == expected.flow
    assert len(found.flow) == MAX_LAGS + 1
    assert found.spectral_radius == expected.spectral_radius


@pytest.mark.parametrize("combine", ["concat", "add", "multiply"])
def test_the_window_gradient_is_that_of_the_step_itself(corpus, small, combine):
    trainer = Trainer(small(steps=1, probe_every=1, combine=combine), corpus)
    weights = {
        name: torch.from_numpy(w).double().requires_grad_() for name, w in trainer.weights().items()
    }
    cursors = type(trainer._cursors)(corpus.training, trainer.config.batch_size)
    inputs, targets = (torch.from_numpy(i) for i in cursors.next_window(trainer.config.unrollings))
    state = reference.initial_state(trainer.config, trainer.config.batch_size, weights["U"])
    window = reference.window(weights, trainer.config, inputs, targets, state)
    gradients = torch.autograd.grad(window.loss, window.hidden)

    first, second = probes_of(trainer.train())
    assert first.window_gradient == ()
    assert second.window_gradient == pytest.approx([float(g.norm()) for g in gradients], rel=1e-4)


def test_a_restored_trainer_does_not_probe_the_same_step_twice(corpus, small):
    config = small(steps=9, probe_every=3)
    first = Trainer(config, corpus)
    before = []
    for record in first.train():
        before.append(record)
        if isinstance(record, ProbeRecord) and record.step == 6:
            break
    second = Trainer(config, corpus)
    second.restore(first.state())
    assert [record.step for record in probes_of(second.train())] == [9]


def test_a_run_publishes_its_probes(make_run, small):
    shot = make_run(small(steps=9, probe_every=4)).wait(20)
    assert [record.step for record in shot.probes] == [0, 4, 8]
    assert len(shot.probes[1].window_gradient) == 6
