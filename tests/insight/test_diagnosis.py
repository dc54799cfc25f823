"""Findings on runs recorded here that show each of them, and on healthy runs that show none."""

from dataclasses import asdict, replace
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest

from core.config import PRESETS
from core.data.corpora import load_corpus, own_corpus
from core.data.ngrams import cached_floors
from core.errors import Diverged
from core.history import History
from core.insight.diagnosis import diagnose
from core.insight.findings import calmer, in_words, times_rate
from core.records import (
    CONTEXT_LENGTHS,
    ContextRecord,
    ProbeRecord,
    Report,
    RunStatus,
    StepRecord,
)
from core.training.trainer import Trainer

DEMO = PRESETS["demo"].config.changed(device="cpu", report_every=100_000)
ARCH1 = PRESETS["arch1"].config.changed(device="cpu", report_every=100_000)
ARCH2 = PRESETS["arch2"].config.changed(device="cpu", report_every=100)
SMALL = {"nodes": 40, "batch_size": 8}


def train(config, corpus=None):
    """Train a run and keep what a snapshot of it would show at the end."""
    corpus = corpus or load_corpus(config.text)
    history, reports, probes, status, message = History(), [], [], RunStatus.FINISHED, ""
    try:
        for record in Trainer(config, corpus).train():
            if isinstance(record, StepRecord):
                history.append(record)
            elif isinstance(record, Report):
                reports.append(record)
            elif isinstance(record, ProbeRecord):
                probes.append(record)
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
        contexts=(),
    )


def found(run):
    return {finding.name: finding for finding in diagnose(run)}


def told(run):
    """The names of what is found, the two kinds of explosion apart."""
    clipped = {("exploding", "info"): "exploding, clipped"}
    return {clipped.get((f.name, f.severity), f.name) for f in diagnose(run)}


def looks(run, every=100):
    """The run as it was seen after every so many steps."""
    for step in range(0, len(run.history) + 1, every):
        seen = {
            "history": run.history.until(step),
            "reports": tuple(r for r in run.reports if r.step <= step),
            "probes": tuple(p for p in run.probes if p.step <= step),
        }
        yield SimpleNamespace(**{**vars(run), **seen})


# -- recorded runs: the sick and the healthy ---------------------------------------------------

EXPLOSIVE = ARCH1.changed(
    text="latch:32", init="identity", optimiser="adam", learning_rate=0.001, steps=150, seed=1
).changed(**SMALL)
PUBLISHED = ARCH1.changed(init="published", steps=200, batch_size=8)

SICK = {
    "diverged": DEMO.changed(
        activation="relu", init="identity", learning_rate=100, clip=0, steps=500, **SMALL
    ),
    "exploding": EXPLOSIVE.changed(clip=0),
    "exploding, clipped": EXPLOSIVE,
    "mostly-clipped": DEMO.changed(
        optimiser="sgd", learning_rate=2, clip=0.1, steps=150, report_every=50, **SMALL
    ),
    "recurrence-dead": PUBLISHED,
    "units-saturated": PUBLISHED.changed(
        activation="tanh", optimiser="adam", learning_rate=0.002, steps=100, probe_every=100
    ),
    "units-silent": DEMO.changed(
        activation="relu", learning_rate=0.1, steps=100, probe_every=100, **SMALL
    ),
    "vanishing": DEMO.changed(
        unrollings=50, learning_rate=0.01, steps=500, probe_every=100, **SMALL
    ),
    "arch2-no-memory": ARCH2.changed(steps=200),
    "at-2-characters-counted": PUBLISHED.changed(
        optimiser="adam", learning_rate=0.01, unrollings=10, steps=400, report_every=100
    ).changed(batch_size=32, probe_every=0),
    "at-1-character-counted": DEMO.changed(
        combine="multiply", activation="relu", steps=400, report_every=100, probe_every=0, **SMALL
    ).changed(learning_rate=0.02),
    "learning-rate-high": DEMO.changed(learning_rate=0.3, steps=200, **SMALL),
    "learning-rate-low": DEMO.changed(learning_rate=2e-5, steps=500, **SMALL),
}
"""A run for each finding. A comma tells two kinds of one finding apart."""

WELL = {
    "demo": DEMO.changed(nodes=60, batch_size=8),
    "arch1": ARCH1.changed(batch_size=8),
    "arch1, tanh": ARCH1.changed(activation="tanh", batch_size=8),
    "arch2": ARCH2,
}
"""The presets, in smaller batches, and what is true of them all the same."""
TRUE_OF = {"arch1": {"exploding, clipped"}, "arch2": {"arch2-no-memory"}}


@cache
def recorded(name):
    if name == "overfitting":
        return overfitted()
    if name in SICK:
        return train(SICK[name])
    return train(WELL[name].changed(steps=500, report_every=100, probe_every=100))


def overfitted():
    """A short text of letters in no order, read over and over."""
    config = DEMO.changed(
        steps=400, report_every=50, batch_size=8, nodes=60, learning_rate=0.01, probe_every=0
    )
    digits = np.random.default_rng(0).integers(0, 26, 3_000)
    letters = "".join("abcdefghijklmnopqrstuvwxyz"[digit] for digit in digits)
    return train(config, own_corpus(letters, "letters"))


@pytest.mark.parametrize("name", [*SICK, "overfitting"])
def test_every_finding_is_shown_by_a_sick_run_and_stays_silent_on_the_healthy_presets(name):
    assert name in told(recorded(name))
    for preset in WELL:
        if name not in TRUE_OF.get(preset, ()):
            seen = [len(look.history) for look in looks(recorded(preset)) if name in told(look)]
            assert (preset, seen) == (preset, [])


def test_what_follows_from_a_finding_is_not_told_beside_it():
    beside = {name: told(recorded(name)) - {name} for name in [*SICK, "overfitting"]}
    # Which of these a rate far too high does depends on rounding, and so on the machine.
    does = {"units-saturated", "recurrence-dead", "exploding, clipped"}
    assert beside.pop("learning-rate-high") <= does
    assert {name: names for name, names in beside.items() if names} == {
        "units-silent": {"exploding, clipped"},  # another thing that the same rate does
    }


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_the_published_init_is_a_dead_recurrence_under_adadelta(activation):
    run = train(PUBLISHED.changed(activation=activation, steps=100, probe_every=100))
    for probes in ((run.probes[0],), run.probes):
        run.probes = probes
        finding = found(run)["recurrence-dead"]
        assert finding.severity == "error"
        assert finding.remedy.text == "Start from zero-mean weights."
        assert finding.remedy.settings == {"init": "zero-mean"}
    assert finding.evidence.startswith("At step 100, ")
    assert ("beyond ±0.99" if activation == "tanh" else "never above 0") in finding.evidence


def test_the_published_init_with_tanh_and_adam_is_dead_at_first_and_comes_back():
    run = recorded("units-saturated")
    first, then = looks(run)
    finding = found(first)["recurrence-dead"]
    assert finding.severity == "warning"
    assert finding.title == "The recurrence is dead at this moment"
    assert "can come back within some hundred steps" in finding.remedy.text
    assert finding.remedy.settings == {"init": "zero-mean"}
    assert list(found(then)) == ["units-saturated"]
    assert then.probes[-1].flow[1] > 0.05


def test_an_explosion_says_when_and_what_to_do():
    run = recorded("exploding")
    finding = found(run)["exploding"]
    assert finding.severity == "error"
    worst = int(run.history.column("grad_norm").argmax()) + 1
    assert f"at step {worst:,}" in finding.evidence
    assert "1.25" in finding.remedy.text
    assert finding.remedy.settings == {"clip": 1.25}
    assert found(recorded("exploding, clipped"))["exploding"].severity == "info"
    assert found(recorded("exploding, clipped"))["exploding"].remedy.settings == {"clip": 0}


def test_teacher_forced_arch2_is_told_what_it_sees_and_nothing_of_memory():
    run = recorded("arch2-no-memory")
    finding = found(run)["arch2-no-memory"]
    assert finding.severity == "info"
    assert finding.evidence.startswith("None of the gradient")
    assert f"last character alone, is {run.floors['bigram']:.3f}" in finding.evidence
    assert "memory" not in " ".join(
        [finding.title, finding.evidence, finding.cause, finding.remedy.text]
    )


def test_a_rate_that_does_not_fit_is_named():
    assert "2e-05" in found(recorded("learning-rate-low"))["learning-rate-low"].evidence
    assert "rate of 0.3" in found(recorded("learning-rate-high"))["learning-rate-high"].evidence


def test_adam_trains_as_well_with_most_steps_clipped_and_is_not_alarmed():
    config = DEMO.changed(steps=150, **SMALL)
    clipped, free = train(config.changed(clip=0.05)), train(config.changed(clip=0))
    assert clipped.history.clipped_share(100) > 0.9
    losses = [run.reports[-1].validation_loss_nats for run in (clipped, free)]
    assert losses[0] < losses[1] + 0.05
    assert found(clipped) == {}


def test_overfitting_says_how_often_the_text_was_read():
    run = recorded("overfitting")
    assert "has been read" in found(run)["overfitting"].evidence
    assert run.reports[-1].validation_loss_nats > run.reports[-1].train_loss_nats + 0.15


def test_a_diverged_run_says_where_and_what_came_before():
    run = recorded("diverged")
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
        "contexts": (),
    }
    return SimpleNamespace(**{**values, **more})


def test_a_run_without_records_has_no_findings():
    assert diagnose(made(probe=None)) == ()
    assert diagnose(made(probe=None, floors={}, text_length=0)) == ()


def probed(*horizons, every=200, **more):
    """A run with these horizons, one every so many steps."""
    probes = (replace(HEALTHY, step=every * i, horizon=h) for i, h in enumerate(horizons))
    return made(probes=tuple(probes), **more)


@pytest.mark.parametrize(("horizon", "vanishes"), [(6, True), (7, False)])
def test_vanishing_is_a_horizon_below_a_quarter_of_the_unrollings(horizon, vanishes):
    run = probed(7, 7, 7, horizon)  # 25 unrollings
    assert ("vanishing" in found(run)) == vanishes
    if vanishes:
        assert "6 characters" in found(run)["vanishing"].evidence
        remedy = found(run)["vanishing"].remedy
        assert remedy.text.startswith("At this moment, on this text,")
        assert "12 unrollings" in remedy.text
        assert remedy.settings == {"unrollings": 12}


@pytest.mark.parametrize(
    ("horizons", "vanishes"),
    [
        ((2,), False),  # the start says nothing of what is to come
        ((7, 2, 2), False),  # nor do 400 steps
        ((7, 2, 3, 4), False),  # it grows
        ((7, 2, 4, 4), True),
        ((7, 2, 6, 4), True),
    ],
)
def test_vanishing_waits_until_the_horizon_no_longer_grows(horizons, vanishes):
    assert ("vanishing" in found(probed(*horizons))) == vanishes


def test_no_latch_is_told_to_unroll_less_than_its_lag():
    remedy = {
        lag: found(probed(6, 6, 6, 6, config=DEMO.changed(text=f"latch:{lag}")))["vanishing"].remedy
        for lag in (12, 4)
    }
    assert remedy[12].text.startswith("The window holds the key of this text, which comes back 12 ")
    assert remedy[12].settings == {}  # there are 25 unrollings already
    assert "race of the two" in remedy[4].text
    for text in ("latch:30", "latch:30:7"):
        far = probed(6, 6, 6, 6, config=DEMO.changed(text=text))
        assert found(far)["vanishing"].remedy.settings == {"unrollings": 38}


def test_vanishing_looks_at_the_unrollings_in_use():
    run = probed(6, 6, 6, 6)
    run.live = run.live.changed(unrollings=12)
    assert found(run) == {}


@pytest.mark.parametrize(
    "sick",
    [
        {"flow": (1.0, 0.001, 0.0)},
        {"saturated_share": 0.97, "mean_slope": 0.01},
    ],
)
def test_dead_and_saturated_units_silence_what_follows_from_them(sick):
    probe = replace(HEALTHY, step=600, horizon=2, **sick)
    run = made(losses=[2.84] * 600, validation=[3.3, 2.85, 2.85], probes=(probe,) * 3)
    well = made(losses=[2.84] * 600, validation=[3.3, 2.85, 2.85])
    assert "learning-rate-low" in found(well)
    assert list(found(run)) == ["recurrence-dead" if "flow" in sick else "units-saturated"]


def test_saturated_units_with_a_gradient_left_are_a_warning():
    run = made(probe=replace(HEALTHY, saturated_share=0.97, mean_slope=0.01))
    assert list(found(run)) == ["units-saturated"]
    dead = replace(HEALTHY, saturated_share=0.97, flow=(1.0, 0.001, 0.0), horizon=0)
    assert list(found(made(probe=dead))) == ["recurrence-dead"]


def test_silent_relu_units_are_a_warning():
    run = made(probe=replace(HEALTHY, dead_share=0.6), config=DEMO.changed(activation="relu"))
    assert list(found(run)) == ["units-silent"]
    assert set(found(run)["units-silent"].remedy.settings) == {"learning_rate"}


def test_units_that_the_published_weights_silence_start_from_other_weights():
    config = ARCH2.changed(activation="relu", init="published", feedback="free", inputs="current")
    silent = found(made(probe=replace(HEALTHY, dead_share=1.0), config=config))["units-silent"]
    assert silent.cause.endswith("The published weights, around -0.1, push units there.")
    assert silent.remedy.settings == {"init": "zero-mean"}


@pytest.mark.parametrize("init", ["zero-mean", "published"])
def test_multiply_with_relu_is_dead_for_a_reason_of_its_own_whatever_the_first_weights(init):
    dead = replace(HEALTHY, dead_share=1.0, flow=(1.0, 0.0, 0.0), horizon=0)
    config = DEMO.changed(activation="relu", combine="multiply", init=init)
    finding = found(made(probe=dead, config=config))["recurrence-dead"]
    assert "product" in finding.cause
    assert finding.remedy.settings == {"activation": "tanh"}


@pytest.mark.parametrize(
    ("validation", "names"),
    [
        ((3.3, 2.39, 2.38), ["at-2-characters-counted"]),
        ((3.3, 2.87, 2.86), ["at-1-character-counted"]),
        ((3.3, 2.39), []),  # one report is no rest
        ((3.3, 2.40, 2.36), []),  # passing through
        ((3.3, 2.20, 2.19), []),
    ],
)
def test_sitting_at_a_count_takes_two_reports_at_rest(validation, names):
    assert list(found(made(validation=validation))) == names


def test_two_reports_in_a_hurry_are_no_rest():
    run = made(validation=(3.3, 2.39, 2.38))
    run.reports = tuple(replace(report, step=report.step // 10) for report in run.reports)
    assert found(run) == {}


def context(*, without, full):
    """Measured at step 200: the loss without all but the last character, and with everything."""
    losses = (without, *(full for _ in CONTEXT_LENGTHS[1:]))
    return (ContextRecord(200, losses, full),)


def test_what_a_network_at_a_count_uses_is_measured_or_not_spoken_of():
    losses = (3.3, 2.39, 2.38)
    unmeasured = found(made(validation=losses))["at-2-characters-counted"].evidence
    assert unmeasured.endswith("the line of 2 characters counted (bigram) is 2.375.")
    flat = made(validation=losses, contexts=context(without=2.381, full=2.38))
    assert found(flat)["at-2-characters-counted"].evidence.endswith(
        "Measured at step 200, taking away all that came before the last character costs it "
        "0.001 nats."
    )
    passing = made(validation=losses, contexts=context(without=2.81, full=2.38))
    assert found(passing) == {}


def test_a_count_without_a_horizon_and_one_with_have_different_remedies():
    losses = (3.3, 2.39, 2.38)
    remedies = [
        found(made(validation=losses, probe=probe))["at-2-characters-counted"].remedy
        for probe in (HEALTHY, replace(HEALTHY, horizon=1), None)
    ]
    assert "raise the learning rate" in remedies[0].text
    assert "other first weights" in remedies[1].text
    assert remedies[2].text.startswith("Turn probes on")
    assert [remedy.settings for remedy in remedies] == [
        {"learning_rate": pytest.approx(3 * DEMO.learning_rate)},
        {"init": "orthogonal"},
        {"probe_every": 200},
    ]


def test_a_spike_counts_a_hundred_times_the_median():
    quiet = [0.5] * 300
    assert found(made(norms=[*quiet, 49.0])) == {}
    clipped = found(made(norms=[*quiet, 51.0]))["exploding"]
    assert clipped.severity == "info"
    assert "51 at step 301, 102 times the median of 0.5" in clipped.evidence
    assert clipped.remedy.text.startswith("Nothing: clipping cut it to 1.25. A copy of this run ")
    assert found(made(norms=[*quiet, 51.0], clip=0))["exploding"].severity == "error"


def test_a_spike_that_was_clipped_before_clipping_went_off_is_told_by_what_was_left_of_it():
    run = made(norms=[*[0.5] * 300, 51.0])
    run.live = run.live.changed(clip=0)
    remedy = found(run)["exploding"].remedy
    assert remedy.text == (
        "Nothing: clipping cut it to 1.25. Clipping is off now: the next one would not be cut."
    )
    assert remedy.settings == {}


@pytest.mark.parametrize(
    ("config", "through_time"),
    [(DEMO, True), (DEMO.changed(unrollings=1), False), (ARCH2, False)],
)
def test_a_spike_comes_from_steps_back_in_time_only_where_there_are_any(config, through_time):
    cause = found(made(norms=[*[0.5] * 300, 51.0], config=config))["exploding"].cause
    assert ("every step back through time" in cause) is through_time
    assert ("No gradient goes back in time here" in cause) is not through_time


def test_an_early_spike_is_forgotten_unless_the_loss_never_came_back():
    norms = [0.5] * 200 + [80.0] + [0.5] * 900
    assert found(made(norms=norms)) == {}
    assert found(made(norms=norms, clip=0)) == {}
    lost = [2.0] * 200 + [2.2] * 901
    finding = found(made(losses=lost, norms=norms, clip=0))["exploding"]
    assert finding.severity == "error"
    assert "step 201" in finding.evidence
    assert finding.evidence.endswith("The loss has not come back since.")
    assert found(made(losses=lost, norms=norms)) == {}  # clipping cut it: it was not the spike


def test_a_spike_of_a_long_run_is_told_by_its_step(monkeypatch):
    monkeypatch.setattr("core.history.KEPT_WHOLE", 2_048)
    run = made(norms=[0.5] * 6_000 + [51.0] + [0.5] * 20, clip=0)
    assert run.history.first_whole > 0
    assert "51 at step 6,001, " in found(run)["exploding"].evidence


def test_a_spike_that_clipping_let_through_is_told_before_one_that_it_cut():
    run = made(norms=[0.01] * 300 + [1.2] + [90.0])
    assert (found(run)["exploding"].severity, "1.2 at step 301" in str(found(run))) == (
        "error",
        True,
    )


def test_most_steps_clipped_is_said_of_plain_sgd_alone():
    norms = [3.0] * 150 + [0.5] * 90
    sgd = DEMO.changed(optimiser="sgd", learning_rate=2)
    run = made(norms=norms, config=sgd)
    finding = found(run)["mostly-clipped"]
    assert finding.severity == "info"
    assert finding.evidence.startswith("55 % of the last 200 steps were clipped at 1.25")
    assert "0.005 now" in finding.cause  # these steps were recorded with a rate of 0.004
    assert found(made(norms=[3.0] * 150 + [0.5] * 100, config=sgd)) == {}
    for optimiser in ("adam", "adadelta"):
        assert found(made(norms=norms, config=DEMO.changed(optimiser=optimiser))) == {}


def test_clipped_steps_at_a_rate_that_is_too_high_are_no_matter_of_the_threshold():
    sgd = DEMO.changed(optimiser="sgd", learning_rate=2)
    run = made(losses=[2.0] * 200 + [2.5] * 100, norms=[3.0] * 300, config=sgd)
    assert list(found(run)) == ["learning-rate-high"]


def test_a_diverged_run_is_told_nothing_that_it_could_have_waited_for():
    run = made(losses=[2.84] * 600, validation=[3.3, 2.85, 2.85], status=RunStatus.DIVERGED)
    run.message = "Diverged at step 601: the loss is not a finite number; more."
    assert list(found(run)) == ["diverged"]


def test_a_loss_that_rises_again_is_a_rate_too_high():
    losses = [2.0] * 200 + [2.5] * 100
    assert list(found(made(losses=losses))) == ["learning-rate-high"]
    spike = [2.0] * 200 + [2.0] * 60 + [900.0] * 40
    assert found(made(losses=spike)) == {}


def test_a_rate_is_too_low_where_the_loss_crawls_or_stands_and_not_where_it_fell_and_rests():
    crawls = np.linspace(3.3, 3.0, 600)
    assert "in steps that are too small" in found(made(losses=crawls))["learning-rate-low"].cause
    stands = np.full(600, 3.3)
    assert "about where it began" in found(made(losses=stands))["learning-rate-low"].cause
    rests = np.concatenate([np.linspace(3.3, 2.8, 150), np.linspace(2.8, 2.82, 450)])
    assert "learning-rate-low" not in found(made(losses=rests))
    assert "learning-rate-low" not in found(made(losses=np.linspace(3.3, 2.6, 600)))


def test_overfitting_takes_a_gap_a_rise_and_two_passes():
    fits = (3.3, 1.9, 1.8, 1.9)
    assert list(found(made(validation=fits))) == ["overfitting"]
    assert found(made(validation=fits, text_length=200_000)) == {}
    assert found(made(validation=(3.3, 1.9, 1.9, 1.89))) == {}


def test_every_finding_is_complete_and_the_gravest_comes_first():
    worst = replace(HEALTHY, horizon=2, saturated_share=0.97)
    run = made(losses=[2.0] * 200 + [2.9] * 100, norms=[0.5] * 299 + [90], probe=worst)
    findings = diagnose(run)
    assert [finding.severity for finding in findings] == ["error", "warning", "info"]
    for finding in findings + tuple(f for name in SICK for f in diagnose(recorded(name))):
        for field in ("name", "severity", "title"):
            assert getattr(finding, field).strip()
        for sentence in (finding.evidence, finding.cause, finding.remedy.text):
            assert sentence[0].isupper() or sentence[0].isdigit()
            assert sentence.endswith(".")


@pytest.mark.parametrize("name", [*SICK, "overfitting"])
def test_what_is_to_be_tried_can_be_set_up_and_is_another_run(name):
    run = recorded(name)
    for finding in diagnose(run):
        config = run.config.changed(**finding.remedy.settings)
        assert (config != run.config) == bool(finding.remedy.settings), finding.name


@pytest.mark.parametrize("name", ["recurrence-dead", "exploding", "arch2-no-memory"])
def test_what_is_to_be_tried_first_helps(name):
    run = recorded(name)
    (remedy,) = [f.remedy for f in diagnose(run) if f.name == name]
    again = train(run.config.changed(**remedy.settings))
    assert name not in {f.name for f in diagnose(again) if f.severity == found(run)[name].severity}


def test_a_rate_to_try_is_one_that_is_allowed():
    live = DEMO.live.changed(learning_rate=0.002)
    assert times_rate(live, 1 / 3) == {"learning_rate": 0.00067}
    assert times_rate(live.changed(learning_rate=2e-6), 1 / 3) == {"learning_rate": 1e-6}
    assert times_rate(live.changed(learning_rate=60), 3) == {"learning_rate": 100}


@pytest.mark.parametrize(
    ("clip", "settings"), [(0, {"clip": 1.25}), (50, {"clip": 1.25}), (1, {"learning_rate": 2e-4})]
)
def test_steps_that_are_too_large_are_clipped_first_and_then_made_shorter(clip, settings):
    assert calmer(DEMO.live.changed(learning_rate=0.002, clip=clip)) == settings


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
