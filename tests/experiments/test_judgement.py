"""One judgement of a sweep, which summary, command line and page read alike."""

import json

import pytest
from made_up_sweeps import FULL, PLAN, RELU, TANH, TEXT, results_of

from core.experiments.judgement import judge
from core.experiments.latch_verdict import LATCH_RULE
from core.experiments.summary import group_rows, summary
from core.experiments.text_verdict import TEXT_RULE
from core.jsonable import finite

SWEPT = results_of(PLAN, FULL)
BEYOND = results_of(PLAN, FULL | {(RELU, 16): (1.0,) * 4})


def judged(plan, results):
    return judge(plan, plan.cells(), results)


def test_a_judgement_holds_groups_verdicts_ratio_and_sentences():
    judgement = judged(PLAN, SWEPT)
    assert [(group.line, group.distance) for group in judgement.groups] == list(FULL)
    assert {verdict.line: verdict.limit for verdict in judgement.verdicts} == {TANH: 8, RELU: 12}
    assert judgement.compared == (TANH, RELU)
    assert judgement.ratio.value == pytest.approx(13.882 / 10.0, rel=1e-2)
    assert judgement.headline.startswith("tanh reaches 10.0 characters back [9.9, 10.1], ReLU 13.9")
    assert judgement.certainty_in_words.endswith("draws of the seeds.")
    assert judgement.ahead == {"tanh": 0.0, "ReLU": 1.0}
    assert [words.split(",")[0] for words in judgement.spreads] == ["tanh", "ReLU"]
    assert (judgement.further.seeds, judgement.added) == (8, "4 seeds")


def test_a_judgement_offers_the_grid_that_would_say_more():
    judgement = judged(PLAN, BEYOND)
    assert judgement.added == "lags 20, 24"
    assert {cell.key for cell in PLAN.cells()} < {cell.key for cell in judgement.further.cells()}


def test_each_instrument_has_its_rule():
    assert judged(PLAN, {}).rule == LATCH_RULE
    assert judged(TEXT, {}).rule == TEXT_RULE


def test_a_sweep_has_begun_with_its_first_measured_cell():
    key, result = next(iter(SWEPT.items()))
    assert not judged(PLAN, {}).begun
    assert judged(PLAN, {key: result}).begun
    assert judged(PLAN, {}).spreads == []
    assert judged(PLAN, {}).ahead == {}


def test_the_summary_says_what_the_judgement_says():
    judgement = judged(PLAN, SWEPT)
    told = summary(judgement, PLAN.cells(), SWEPT)
    assert list(told) == [
        *("plan", "rule", "cells", "groups", "verdicts"),
        *("verdict", "certainty", "ahead", "article"),
        *("ratio", "ratio_low", "ratio_high", "ratio_of", "settled", "offered"),
        "horizon",
    ]
    assert told["verdict"] == judgement.headline
    assert told["certainty"] == judgement.certainty_in_words
    assert told["ahead"] == {"tanh": 0.0, "ReLU": 1.0}
    assert (told["article"], told["rule"]) == (judgement.article, judgement.rule)
    assert told["groups"] == group_rows(judgement)
    assert list(told["verdicts"][0]) == [
        *("line", "activation", "limit", "open_ended", "complete", "spread"),
        *("reach", "reach_low", "reach_high", "reach_bound"),
    ]
    tanh = told["verdicts"][0]
    assert tanh["reach"] == pytest.approx(10.0)
    assert tanh["reach_low"] < 10 < tanh["reach_high"]
    assert tanh["reach_bound"] is None
    assert told["ratio_low"] < told["ratio"] < told["ratio_high"]
    assert (told["ratio_of"], told["settled"]) == (["ReLU", "tanh"], False)  # by four seeds
    assert told["offered"] == judgement.added == "4 seeds"


def test_what_lies_beyond_the_grid_is_null_with_its_bound():
    told = summary(judged(PLAN, BEYOND), PLAN.cells(), BEYOND)
    relu = told["verdicts"][1]
    assert [relu[name] for name in ("reach", "reach_low", "reach_high")] == [None] * 3
    assert (relu["reach_bound"], relu["limit"]) == ("at least", 16)
    assert (told["ratio"], told["ratio_high"], told["settled"]) == (None, None, False)
    assert told["ratio_low"] == pytest.approx(1.6, rel=0.02)
    json.dumps(finite(told), allow_nan=False)


def test_a_summary_of_a_text_has_means_with_intervals_and_no_reach():
    swept = results_of(TEXT, {(TANH, t): (2.0, 2.1, 2.2) for t in TEXT.unrollings})
    told = summary(judged(TEXT, swept), TEXT.cells(), swept)
    assert told["ratio"] is None
    assert told["verdicts"][0]["reach"] is None
    row = told["groups"][0]
    assert row["loss_nats_mean"] == pytest.approx(2.1)
    assert row["loss_nats_low"] < 2.1 < row["loss_nats_high"]
    assert [group["batch_size"] for group in told["groups"]] == [640, 128, 32, 16]
    assert "recall_median" not in row


def test_a_row_of_a_latch_group_has_the_mean_at_the_end_and_the_best():
    row = group_rows(judged(PLAN, SWEPT))[1]
    assert row["recall_at_end_mean"] == pytest.approx(0.125)
    assert row["recall_at_end_low"] < 0.125 < row["recall_at_end_high"]
    assert (row["recall_at_end_lowest"], row["recall_at_end_highest"]) == (0.05, 0.2)
    assert row["recall_median"] == pytest.approx(0.175)
    assert (row["seeds_learned"], row["outcome"]) == (0, "not")
