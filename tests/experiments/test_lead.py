"""Who is ahead: only by more than the text's chance and the runs' own wobble."""

import math

import numpy as np
import pytest

from core.config import PRESETS
from core.experiments.lead import Lead, block_error, find_lead, lead_words, wobble
from core.records import Report, RunStatus
from core.training.snapshot import RunSnapshot

CONFIG = PRESETS["demo"].config
STEPS = (250, 500, 750, 1000, 1250)
FALLING = tuple(3.0 - 0.2 * math.log(step) for step in STEPS)
NAMES = ["tanh", "ReLU", "T 50"]


def lane(*losses, status=RunStatus.FINISHED):
    """A run with a report before the first step, and one of each of these losses after it."""
    later = (Report(s, s, s, None, loss, "") for s, loss in zip(STEPS, losses, strict=False))
    reports = (Report(0, 0, 0, None, 3.3, ""), *later)
    return RunSnapshot("r", CONFIG, CONFIG.live, status, reports=reports)


def read(mean, noise=0.0, streams=64, length=300, seed=0):
    """Losses of a text whose characters cost this much, with noise that is not shared."""
    draws = np.random.default_rng(seed).normal(size=(streams, length))
    return mean + noise * draws


def test_a_wobble_is_what_a_falling_loss_does_not_explain():
    assert wobble(lane(*FALLING).reports[1:]) == pytest.approx(0, abs=1e-9)
    shaken = np.array(FALLING) + np.array([0.01, -0.01, 0.01, -0.01, 0.01])
    assert 0.008 < wobble(lane(*shaken).reports[1:]) < 0.016


def test_the_error_of_a_mean_is_that_of_its_blocks():
    independent = read(0, 1.0)
    assert block_error(independent) == pytest.approx(1 / math.sqrt(independent.size), rel=0.1)
    # Where a hundred neighbours share one value, there are a hundred times fewer of them.
    shared = np.repeat(np.random.default_rng(1).normal(size=(64, 3)), 100, axis=1)
    assert block_error(shared) == pytest.approx(1 / math.sqrt(64 * 3), rel=0.15)
    assert block_error(read(0, 1.0, streams=7, length=149)) is None


def test_the_error_covers_the_true_mean_in_95_of_100_texts():
    rng = np.random.default_rng(2)
    missed = 0
    for _ in range(400):
        texts = rng.normal(size=(20, 300)) + np.repeat(rng.normal(size=(20, 30)), 10, axis=1)
        missed += abs(texts.mean()) > 1.96 * block_error(texts)
    assert 8 <= missed <= 36  # 20 expected


def test_nobody_leads_before_the_first_report_after_a_step():
    assert find_lead([], "") is None
    assert find_lead([[lane()], [lane()]], "") is None
    assert lead_words(None, NAMES) == "Nobody is ahead yet."


def test_a_race_that_goes_on_compares_reports_and_says_that_noise_is_not_known():
    lead = find_lead([[lane(2.5)], [lane(2.9, 2.4)], [lane(2.7)]], "it goes on")
    assert (lead.lane, lead.second, lead.ahead) == (1, 0, False)
    assert lead_words(lead, NAMES) == (
        "ReLU is lower than tanh, by 0.100 nats; whether that is more than noise is not known: "
        "it goes on."
    )


def test_a_difference_within_the_noise_is_no_lead():
    shaken = np.array(FALLING) + np.array([0.01, -0.01, 0.01, -0.01, 0.01])
    runs = [[lane(*FALLING)], [lane(*shaken)]]
    lead = find_lead(runs, [[read(1.600)], [read(1.602, 0.3)]])
    assert (lead.lane, lead.ahead) == (0, False)
    expected = 2.45 * math.hypot(block_error(read(0, 0.3)), wobble(runs[1][0].reports[1:]))
    assert lead.shows_from_nats == pytest.approx(expected)
    assert lead_words(lead, NAMES, "at the end") == (
        f"Within the noise at the end: {lead.gap_nats:.3f} nats between tanh and ReLU, where "
        f"{expected:.3f} would show."
    )


def test_a_difference_beyond_it_is_one():
    lead = find_lead([[lane(*FALLING)]] * 2, [[read(1.7)], [read(1.6, 0.3)]])
    assert (lead.lane, lead.ahead) == (1, True)
    assert lead_words(lead, NAMES, "at the end").startswith(
        "ReLU is ahead of tanh at the end with this one seed: by 0.09"
    )


def test_several_seeds_must_agree():
    lanes = [[lane(*FALLING)] * 3] * 2
    tanh = [read(1.6)] * 3
    agreeing = find_lead(lanes, [tanh, [read(1.6 + gap) for gap in (0.02, 0.03, 0.04)]])
    assert agreeing.ahead
    assert agreeing.gaps_nats == pytest.approx((0.02, 0.03, 0.04))
    assert "with each of 3 seeds" in lead_words(agreeing, NAMES)
    split = find_lead(lanes, [tanh, [read(1.6 + gap) for gap in (-0.02, 0.3, 0.4)]])
    assert (split.lane, split.ahead) == (0, False)
    assert lead_words(split, NAMES) == (
        "Within the noise: the seeds do not agree. tanh is lower than ReLU by -0.020, +0.300, "
        "+0.400 nats."
    )


def test_too_few_reports_or_too_short_a_text_leave_it_unknown():
    early = find_lead([[lane(2.5, 2.4, 2.3)]] * 2, [[read(2.3)], [read(2.2)]])
    assert "4 reports after the first step" in early.unknown
    assert early.unknown.endswith("there are 3")
    short = [[read(2.3, streams=1, length=149)], [read(2.2, streams=1, length=149)]]
    assert "149 characters is too short" in find_lead([[lane(*FALLING)]] * 2, short).unknown
    assert not early.ahead


def test_lanes_that_diverged_are_left_out():
    lost = lane(*FALLING, status=RunStatus.DIVERGED)
    alone = find_lead([[lane(*FALLING)], [lost]], [[read(1.7)], [read(1.6)]])
    assert alone == Lead(0)
    assert alone.ahead
    assert lead_words(alone, NAMES, "at the end") == (
        "tanh is ahead at the end: no other lane is left."
    )
    assert find_lead([[lost], [lost]], [[read(1.7)], [read(1.6)]]) is None
    overflown = find_lead([[lane(*FALLING)]] * 2, [[read(1.7)], [read(math.nan)]])
    assert overflown == Lead(0)
