"""Findings on runs recorded here that show each of them, and on healthy runs that show none."""

from dataclasses import asdict, fields, replace
from types import SimpleNamespace

import pytest

from core.config import PRESETS
from core.data.corpora import load_corpus, own_corpus
from core.data.ngrams import cached_floors
from core.errors import Diverged
from core.history import History
from core.insight.diagnosis import diagnose
from core.insight.findings import in_words
from core.records import ProbeRecord, Report, RunStatus, StepRecord
from core.training.trainer import Trainer

DEMO = PRESETS["demo"].config.changed(device="cpu", report_every=100_000)
ARCH1 = PRESETS["arch1"].config.changed(device="cpu", report_every=100_000)
ARCH2 = PRESETS["arch2"].config.changed(device="cpu", report_every=100)


def train(config, corpus=None):
    """Train a run and keep what a snapshot of it would show at the end."""
    corpus = corpus or load_corpus(config.text)
    history, reports, probes, status, message = History(), [], [], RunStatus.FINISHED, ""
    try:
        for record in Trainer(config, corpus).train():
            if isinstance(record, StepRecord):
                history.append(record)
            else:
                (reports if isinstance(record, Report) else probes).append(record)
    except Diverged as error:
        status, message = RunStatus.DIVERGED, str(error)
    return SimpleNamespace(
        config=config,
        live=config.live,
        status=status,
        message=message,
        floors=asdict(cached_floors(corpus)),
        text_length=len(corpus),
        history=history.view(),
        reports=tuple(reports),
        probes=tuple(probes),
    )


def found(run):
    return {finding.name: finding for finding in diagnose(run)}


# -- recorded runs ---------------------------------------------------------------------------


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_the_published_init_is_a_dead_recurrence_within_200_steps(activation):
    run = train(ARCH1.changed(activation=activation, init="published", steps=200))
    for probes in ((run.probes[0],), run.probes):
        run.probes = probes
        finding = found(run)["recurrence-dead"]
        assert finding.severity == "error"
        assert "zero-mean" in finding.remedy
    assert finding.evidence.startswith("At step 200, ")
    assert ("beyond ±0.99" if activation == "tanh" else "never above 0") in finding.evidence
    assert "vanishing" not in found(run)


@pytest.mark.parametrize("config", [DEMO, ARCH1.changed(activation="tanh")])
def test_a_healthy_run_shows_nothing_at_any_time(config):
    run = train(config.changed(steps=400))
    assert found(run) == {}
    for probe in run.probes:
        run.probes = (probe,)
        assert found(run) == {}


def test_a_healthy_relu_shows_at_most_a_spike_that_clipping_caught():
    run = train(ARCH1.changed(steps=400, seed=1))
    assert "recurrence-dead" not in found(run)
    assert {finding.severity for finding in diagnose(run)} <= {"info"}


def test_identity_weights_and_no_clipping_explode_on_a_long_latch():
    config = ARCH1.changed(
        text="latch:32", init="identity", optimiser="adam", learning_rate=0.001, clip=0
    )
    run = train(config.changed(steps=150, seed=1))
    finding = found(run)["exploding"]
    assert finding.severity == "error"
    worst = int(run.history.column("grad_norm").argmax()) + 1
    assert f"at step {worst:,}" in finding.evidence
    assert "1.25" in finding.remedy


def test_teacher_forced_arch2_is_told_that_it_cannot_beat_the_bigram_floor():
    run = train(ARCH2.changed(steps=500))
    assert list(found(run)) == ["arch2-no-memory"]
    finding = found(run)["arch2-no-memory"]
    assert finding.severity == "info"
    assert finding.evidence.startswith("None of the gradient")
    assert f"the bigram floor is {run.floors['bigram']:.3f}" in finding.evidence


def test_a_learning_rate_that_is_too_low_is_seen_after_500_steps():
    run = train(DEMO.changed(learning_rate=2e-5, steps=500, nodes=40))
    assert list(found(run)) == ["learning-rate-low"]
    assert "2e-05" in found(run)["learning-rate-low"].evidence


def test_a_learning_rate_that_is_too_high_is_seen():
    run = train(DEMO.changed(learning_rate=0.3, steps=200, nodes=60))
    assert "learning-rate-high" in found(run)
    assert "learning-rate-low" not in found(run)
    assert "clipped" in found(run)["exploding"].title


def test_a_short_text_read_over_and_over_is_overfitting(make_corpus):
    config = DEMO.changed(
        steps=400, report_every=50, batch_size=8, nodes=60, learning_rate=0.01, probe_every=0
    )
    letters = "".join("abcdefghijklmnopqrstuvwxyz"[i % 26] for i in make_corpus().ids * 7 % 25)
    run = train(config, own_corpus(letters, "letters"))
    finding = found(run)["overfitting"]
    assert "has been read" in finding.evidence
    assert run.reports[-1].validation_loss_nats > run.reports[-1].train_loss_nats + 0.15


def test_a_diverged_run_says_where_and_what_came_before(corpus, small):
    config = small(
        activation="relu",
        init="identity",
        learning_rate=100,
        clip=0,
        unrollings=20,
        nodes=20,
        steps=500,
    )
    run = train(config, corpus)
    assert run.status == RunStatus.DIVERGED
    first = diagnose(run)[0]
    assert first.name == "diverged"
    assert f"Diverged at step {len(run.history) + 1:,}" in first.evidence
    assert "largest gradient norm before it was" in first.evidence


# -- made-up records, for the edges ----------------------------------------------------------

FLOORS = {"uniform": 3.296, "unigram": 2.854, "bigram": 2.375, "trigram": 1.986}
HEALTHY = ProbeRecord(
    step=200,
    flow=(1.0, 0.8, 0.6, 0.3),
    decay_per_step=0.7,
    fit_from=1,
    fit_to=3,
    half_life=1.9,
    horizon=12,
    spectral_radius=1.0,
    largest_singular_value=2.0,
    rms_singular_value=1.0,
    mean_slope=0.5,
    rms_slope=0.7,
    rms_gate=1.0,
    saturated_share=0.1,
    dead_share=0.0,
)


def made(losses=(), norms=(), validation=(), probe=HEALTHY, config=DEMO, clip=1.25, **more):
    """A run with these losses and norms a step, and these validation losses every 100 steps."""
    history = History()
    steps = max(len(losses), len(norms))
    losses, norms = list(losses) or [2.0] * steps, list(norms) or [0.5] * steps
    for step, (loss, norm) in enumerate(zip(losses, norms, strict=True), start=1):
        after = min(norm, clip) if clip else norm
        history.append(StepRecord(step, 800 * step, loss, norm, after, after < norm, 0.004, step))
    reports = [Report(100 * i, 80_000 * i, i, 1.5, v, "") for i, v in enumerate(validation)]
    config = config.changed(clip=clip)
    values = {
        "config": config,
        "live": config.live,
        "status": RunStatus.RUNNING,
        "message": "",
        "floors": FLOORS,
        "text_length": 100_000,
        "history": history.view(),
        "reports": tuple(reports),
        "probes": (probe,) if probe else (),
    }
    return SimpleNamespace(**{**values, **more})


def test_a_run_without_records_has_no_findings():
    assert diagnose(made(probe=None)) == ()
    assert diagnose(made(probe=None, floors={}, text_length=0)) == ()


@pytest.mark.parametrize(("horizon", "vanishes"), [(6, True), (7, False)])
def test_vanishing_is_a_horizon_below_a_quarter_of_the_unrollings(horizon, vanishes):
    run = made(probe=replace(HEALTHY, horizon=horizon))  # 25 unrollings
    assert ("vanishing" in found(run)) == vanishes
    if vanishes:
        assert "6 characters" in found(run)["vanishing"].evidence
        assert "about 12" in found(run)["vanishing"].remedy


def test_vanishing_looks_at_the_unrollings_in_use():
    run = made(probe=replace(HEALTHY, horizon=6))
    run.live = run.live.changed(unrollings=12)
    assert found(run) == {}


def test_saturated_units_with_a_gradient_left_are_a_warning():
    run = made(probe=replace(HEALTHY, saturated_share=0.97, mean_slope=0.01))
    assert list(found(run)) == ["units-saturated"]
    dead = replace(HEALTHY, saturated_share=0.97, flow=(1.0, 0.001, 0.0), horizon=0)
    assert list(found(made(probe=dead))) == ["recurrence-dead"]


def test_silent_relu_units_are_a_warning():
    run = made(probe=replace(HEALTHY, dead_share=0.6), config=DEMO.changed(activation="relu"))
    assert list(found(run)) == ["units-silent"]


def test_multiply_with_relu_is_dead_for_a_reason_of_its_own():
    dead = replace(HEALTHY, dead_share=1.0, flow=(1.0, 0.0, 0.0), horizon=0)
    run = made(probe=dead, config=DEMO.changed(activation="relu", combine="multiply"))
    assert "product" in found(run)["recurrence-dead"].cause


@pytest.mark.parametrize(
    ("validation", "names"),
    [
        ((3.3, 2.39, 2.38), ["at-bigram-floor"]),
        ((3.3, 2.87, 2.86), ["at-unigram-floor"]),
        ((3.3, 2.39), []),  # one report is no rest
        ((3.3, 2.40, 2.36), []),  # passing through
        ((3.3, 2.20, 2.19), []),
    ],
)
def test_sitting_at_a_floor_takes_two_reports_at_rest(validation, names):
    assert list(found(made(validation=validation))) == names


def test_a_spike_counts_a_hundred_times_the_median():
    quiet = [0.5] * 300
    assert found(made(norms=[*quiet, 49.0])) == {}
    clipped = found(made(norms=[*quiet, 51.0]))["exploding"]
    assert clipped.severity == "info"
    assert "51 at step 301, 102 times the median of 0.5" in clipped.evidence
    assert found(made(norms=[*quiet, 51.0], clip=0))["exploding"].severity == "error"


def test_a_spike_that_clipping_let_through_is_not_forgotten():
    norms = [0.5] * 200 + [80.0] + [0.5] * 900
    assert found(made(norms=norms)) == {}
    assert "step 201" in found(made(norms=norms, clip=0))["exploding"].evidence


def test_most_steps_clipped_is_a_warning():
    finding = found(made(norms=[3.0] * 150 + [0.5] * 90))["exploding"]
    assert finding.severity == "warning"
    assert finding.evidence.startswith("55 % of the last 200 steps were clipped at 1.25")
    assert found(made(norms=[3.0] * 150 + [0.5] * 100)) == {}


def test_a_loss_that_rises_again_is_a_rate_too_high():
    losses = [2.0] * 200 + [2.5] * 100
    assert list(found(made(losses=losses))) == ["learning-rate-high"]
    spike = [2.0] * 200 + [2.0] * 60 + [900.0] * 40
    assert found(made(losses=spike)) == {}


def test_overfitting_takes_a_gap_a_rise_and_two_passes():
    fits = (3.3, 1.9, 1.8, 1.9)
    assert list(found(made(validation=fits))) == ["overfitting"]
    assert found(made(validation=fits, text_length=200_000)) == {}
    assert found(made(validation=(3.3, 1.9, 1.9, 1.89))) == {}


def test_every_finding_is_complete_and_the_gravest_comes_first():
    worst = replace(HEALTHY, horizon=2, saturated_share=0.97)
    findings = diagnose(made(losses=[2.0] * 200 + [2.9] * 100, probe=worst))
    assert [finding.severity for finding in findings] == ["error", "warning", "warning"]
    for finding in findings:
        for field in fields(finding):
            assert getattr(finding, field.name).strip()
        for sentence in (finding.evidence, finding.cause, finding.remedy):
            assert sentence[0].isupper()
            assert sentence.endswith(".")


def test_shares_are_said_as_they_are():
    shares = (0.0, 1e-9, 0.004, 0.05, 0.5, 1.0)
    assert [in_words(share) for share in shares] == [
        "none",
        "less than 0.1 %",
        "0.4 %",
        "5.0 %",
        "50 %",
        "100 %",
    ]
