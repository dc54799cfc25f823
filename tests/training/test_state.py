"""A trainer that goes on from a saved state: the same numbers, to the last bit."""

import math
from dataclasses import asdict, replace
from itertools import islice

import numpy as np
import pytest
from test_trainer import ARCHITECTURES, OPTIMISERS, given_weights

from core.errors import ConfigError, TextError, WeightsError
from core.records import Event, ProbeRecord, Report, StepRecord
from core.training.state import CARRIED, CURSORS, require_fit
from core.training.trainer import Trainer


def told(records):
    """All that training computed, without the clock."""
    clock = {"seconds"}
    return [{k: v for k, v in asdict(r).items() if k not in clock} for r in records]


def cut(config, corpus, after, plan=()):
    """What an uninterrupted trainer yields, and what two yield of which one takes over."""
    whole = Trainer(config, corpus, initial_weights=given_weights(config))
    whole.plan(plan)
    first = Trainer(config, corpus, initial_weights=given_weights(config))
    first.plan(plan)
    records = []
    for record in first.train():
        records.append(record)
        if isinstance(record, StepRecord) and record.step == after:
            break
    second = Trainer(config, corpus)  # other weights: all must come from the state
    second.restore(first.state())
    records += second.train()
    return list(whole.train()), records, whole, second


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("optimiser", OPTIMISERS)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_restored_trainer_goes_on_bit_for_bit(small, corpus, architecture, optimiser, activation):
    config = small(
        **ARCHITECTURES[architecture],
        **OPTIMISERS[optimiser],
        activation=activation,
        nodes=13,  # no multiple of anything: a product's path depends on alignment
        decay_rate=0.5,
        decay_steps=7,
        report_every=8,
        steps=24,
    )
    if activation == "relu":
        config = config.changed(learning_rate=config.learning_rate / 10)
    whole, cut_in_two, one, other = cut(config, corpus, 11)
    assert told(cut_in_two) == told(whole)
    for name, array in one.state().arrays.items():
        assert array.tobytes() == other.state().arrays[name].tobytes(), name


@pytest.mark.parametrize("after", [1, 8, 10, 16, 20])
def test_a_report_is_made_once_wherever_the_cut_is(small, corpus, after):
    whole, cut_in_two, *_ = cut(small(steps=20, report_every=8), corpus, after)
    assert told(cut_in_two) == told(whole)
    assert [r.step for r in whole if isinstance(r, Report)] == [0, 8, 16, 20]


@pytest.mark.parametrize("after", [1, 3, 5, 6])
def test_a_probe_is_made_once_wherever_the_cut_is(small, corpus, after):
    whole, cut_in_two, *_ = cut(small(steps=8, probe_every=3), corpus, after)
    assert told(cut_in_two) == told(whole)
    assert [r.step for r in whole if isinstance(r, ProbeRecord)] == [0, 3, 6]


def test_a_state_before_the_first_step_goes_on_with_its_probe(small, corpus):
    config = small(steps=4, probe_every=3)
    second = Trainer(config, corpus)
    second.restore(Trainer(config, corpus).state())
    assert told(second.train()) == told(Trainer(config, corpus).train())


def test_more_steps_than_planned_go_on_from_the_last_one(small, corpus):
    short = Trainer(small(steps=10), corpus)
    list(short.train())
    longer = Trainer(small(steps=25), corpus)
    longer.restore(short.state())
    records = list(longer.train())
    whole = [r for r in Trainer(small(steps=25), corpus).train() if isinstance(r, StepRecord)]
    assert told(r for r in records if isinstance(r, StepRecord)) == told(whole[10:])
    assert [r.step for r in records if isinstance(r, Report)] == [20, 25]


def test_planned_changes_happen_after_their_step_and_survive_a_cut(small, corpus):
    plan = [Event(12, "clip", 0.5), Event(3, "learning_rate", 0.01), Event(12, "unrollings", 4)]
    whole, cut_in_two, one, _ = cut(small(steps=20), corpus, 7, plan)
    assert told(cut_in_two) == told(whole)
    assert [r for r in whole if isinstance(r, Event)] == [plan[1], plan[0], plan[2]]
    steps = [r for r in whole if isinstance(r, StepRecord)]
    assert [r.learning_rate for r in steps[2:4]] == [small().learning_rate, 0.01]
    assert steps[12].characters_seen - steps[11].characters_seen == 4 * 4
    assert (one.live.clip, one.live.unrollings, one.state().planned) == (0.5, 4, ())


def test_a_planned_change_that_changes_nothing_is_no_event(small, corpus):
    trainer = Trainer(small(steps=5), corpus)
    trainer.plan([Event(2, "clip", small().clip)])
    assert [r for r in trainer.train() if isinstance(r, Event)] == []


def test_planned_unrollings_that_the_text_is_too_short_for_are_refused(small, corpus):
    trainer = Trainer(small(batch_size=64, steps=3), corpus)
    trainer.plan([Event(1, "unrollings", 200)])
    (refused,) = [r for r in trainer.train() if isinstance(r, Event)]
    assert (refused.step, refused.kind) == (1, "refused")
    assert refused.text.startswith("unrollings=200 with batch_size=64 needs")
    assert (trainer.steps_done, trainer.live.unrollings) == (3, 6)


def test_a_planned_value_that_is_not_allowed_is_refused_at_once(small, corpus):
    with pytest.raises(ConfigError, match=r"learning_rate=-1.* is not allowed"):
        Trainer(small(), corpus).plan([Event(1, "learning_rate", -1.0)])


def test_a_state_shares_nothing_with_its_trainer(small, corpus):
    trainer = Trainer(small(steps=20), corpus)
    training = trainer.train()
    list(islice(training, 6))
    state = trainer.state()
    before = {name: array.tobytes() for name, array in state.arrays.items()}
    list(training)
    assert {name: array.tobytes() for name, array in state.arrays.items()} == before


def test_a_state_of_another_configuration_is_refused(small, corpus):
    state = Trainer(small(), corpus).state()
    refused = {
        "nodes": (9, "has U of shape"),
        "batch_size": (5, "has cursors of shape"),
        "optimiser": ("adadelta", r"lacks optimiser\.squared_gradients"),
    }
    for field, (value, sentence) in refused.items():
        with pytest.raises(WeightsError, match=sentence):
            Trainer(small(**{field: value}), corpus).restore(state)


def test_a_state_of_another_text_is_refused(small, corpus, make_corpus):
    trainer = Trainer(small(), corpus)
    list(islice(trainer.train(), 3))
    with pytest.raises(TextError, match="this text has 1,425"):
        Trainer(small(), make_corpus(1_500)).restore(trainer.state())


@pytest.mark.parametrize("name", ["W", CARRIED, "optimiser.mean"])
def test_a_state_that_is_not_finite_is_refused(small, corpus, name):
    trainer = Trainer(small(), corpus)
    state = trainer.state()
    state.arrays[name].reshape(-1)[3] = math.nan
    with pytest.raises(WeightsError, match=f"values in {name} that are not finite"):
        trainer.restore(state)


def test_squares_that_overflowed_are_no_reason_to_refuse(small, corpus):
    trainer = Trainer(small(), corpus)
    state = trainer.state()
    state.arrays["optimiser.square"][:] = np.inf
    trainer.restore(state)
    shapes = {CURSORS: (4,), CARRIED: (4, 16)}
    with pytest.raises(WeightsError, match="shape"):
        require_fit(replace(state, arrays={**state.arrays, CURSORS: np.zeros(3)}), shapes, small())
