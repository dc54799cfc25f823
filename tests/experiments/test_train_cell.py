"""One cell: what it trains, what it measures, when it gives up."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from core.data.latch import latch_floor
from core.errors import TextError
from core.experiments.cells import BASE, MARKS
from core.experiments.plan import SweepPlan
from core.experiments.train_cell import Abandoned, train_cell
from core.records import ProbeRecord, Report, StepRecord
from core.steps import KINDS
from core.training.trainer import Trainer

TINY = BASE.changed(nodes=24, batch_size=16)


@pytest.fixture(autouse=True)
def _thread_as_it_was():
    yield
    torch.set_flush_denormal(False)


def cell(**changes):
    values = {"lags": (2,), "activations": ("tanh",), "seeds": 1, "base": TINY}
    (one,) = SweepPlan(**{**values, "budget": "updates", "amount": 60, **changes}).cells()
    return one


def test_a_cell_trains_as_the_trainer_does():
    one = cell()
    result = train_cell(one).result
    trainer = Trainer(one.config.changed(device="cpu"), load(one))
    norms = [trainer.step().grad_norm for _ in range(60)]
    assert (result.status, result.updates, result.characters) == ("done", 60, 60 * 16 * 10)
    assert result.max_grad_norm == max(norms)
    assert result.floor_nats == latch_floor(2)
    assert result == replace(train_cell(one).result, seconds=result.seconds)


def test_a_cell_leaves_the_steps_reports_and_state_of_an_ordinary_run():
    base = TINY.changed(report_every=25, probe_every=10, decay_rate=0.9, decay_steps=7, clip=0.2)
    one = cell(base=base, clips=(0.2,))
    run = train_cell(one)
    trainer = Trainer(one.trained_config, load(one))
    told = list(trainer.train())
    steps = [record for record in told if isinstance(record, StepRecord)]
    columns = run.columns(one.trained_config)
    assert {name: column.dtype for name, column in columns.items()} == KINDS
    for name in set(columns) - {"seconds"}:
        assert columns[name].tolist() == [getattr(step, name) for step in steps]
    assert sum(column.nbytes for column in run.measured.values()) == 24 * 60
    reports = [replace(record, seconds=0.0) for record in told if isinstance(record, Report)]
    assert [report.step for report in reports] == [0, 25, 50, 60]
    assert [replace(report, seconds=0.0) for report in run.reports] == reports
    state = trainer.state()
    unprobed = replace(state, probed_step=None, window_gradient=())  # a cell makes no probes
    assert replace(run.state, seconds=0.0, arrays={}) == replace(unprobed, seconds=0.0, arrays={})
    assert run.state.arrays.keys() == state.arrays.keys()
    for name, array in state.arrays.items():
        assert np.array_equal(run.state.arrays[name], array)
    assert run.text_sha256 == load(one).sha256


def load(one):
    from core.data.corpora import load_corpus

    return load_corpus(one.config.text)


def test_a_cell_tells_where_it_is_ten_times():
    told = []
    result = train_cell(cell(amount=120), tell=told.append).result
    assert tuple(told) == result.marks
    assert [mark.step for mark in told] == [12 * part for part in range(1, MARKS + 1)]
    assert max(mark.grad_norm for mark in told) == result.max_grad_norm
    assert told[-1].loss_nats < told[0].loss_nats
    assert told[-1].recall == result.recall_at_end
    assert max(mark.recall for mark in told) == result.recall


def test_a_short_lag_is_learned():
    result = train_cell(cell(lags=(1,), amount=700, base=TINY.changed(learning_rate=0.01))).result
    assert result.recall > 0.95
    assert result.loss_nats == pytest.approx(latch_floor(1), abs=0.1)


def test_a_cell_that_diverges_says_so_and_keeps_what_it_saw():
    base = TINY.changed(optimiser="sgd", learning_rate=100)
    explosive = {"activations": ("relu",), "inits": ("identity",), "clips": (0,), "base": base}
    one = cell(**explosive, lags=(30,), amount=200)
    run = train_cell(one)
    result = run.result
    assert result.status == "diverged"
    assert result.updates < 200
    assert f"Diverged at step {result.updates + 1}" in result.message
    assert result.max_grad_norm > 1
    assert result.loss_nats is None or math.isfinite(result.loss_nats)
    columns = run.columns(one.trained_config)
    assert columns["step"].tolist() == list(range(1, result.updates + 1))
    assert columns["grad_norm"].max() == result.max_grad_norm
    assert run.state.step == result.updates


def test_a_cell_that_diverges_on_real_text_has_no_horizon_at_its_end():
    plan = SweepPlan(
        text="builtin",
        unrollings=(40,),
        activations=("relu",),
        inits=("identity",),
        clips=(0,),
        seeds=1,
        amount=100,
        base=TINY.changed(optimiser="sgd", learning_rate=100),
    )
    run = train_cell(plan.cells()[0])
    assert run.result.status == "diverged"
    assert [probe.step for probe in run.probes] == [0]
    assert run.result.horizon_at_start == run.probes[0].horizon
    assert run.result.horizon_at_end is None


def test_a_latch_text_is_not_probed():
    run = train_cell(cell())
    assert run.probes == ()
    assert (run.result.horizon_at_start, run.result.probed_lags) == (None, None)


def test_a_cell_nobody_wants_is_given_up():
    with pytest.raises(Abandoned):
        train_cell(cell(amount=10_000_000), wanted=lambda: False)


def test_on_other_texts_validation_loss_and_horizons_are_measured():
    plan = SweepPlan(
        text="builtin", unrollings=(5,), seeds=1, budget="updates", amount=20, base=TINY
    )
    run = train_cell(plan.cells()[0])
    result = run.result
    assert result.recall is None
    assert result.loss_nats == run.reports[-1].validation_loss_nats
    assert result.floor_nats is None
    trainer = Trainer(plan.cells()[0].trained_config.changed(probe_every=20), load(plan.cells()[0]))
    probes = [record for record in trainer.train() if isinstance(record, ProbeRecord)]
    assert [probe.step for probe in run.probes] == [0, 20]
    assert [probe.flow for probe in run.probes] == [probe.flow for probe in probes]
    assert (result.horizon_at_start, result.horizon_at_end) == tuple(p.horizon for p in probes)
    assert result.probed_lags == 100
    assert 2 < result.loss_nats < 3.4
    assert {mark.recall for mark in result.marks} == {None}


def test_another_text_than_the_sweeps_is_refused():
    plan = SweepPlan(text="builtin", unrollings=(5,), seeds=1)
    with pytest.raises(TextError, match="is not the one that the sweep was started with"):
        train_cell(plan.cells("0" * 64)[0])
