"""One judgement of a sweep, which summary, command line and page read alike."""

from test_verdict import FULL, PLAN, RELU, TANH, results_of

from core.experiments.judgement import judge
from core.experiments.plan import SweepPlan
from core.experiments.summary import group_rows, summary
from core.experiments.verdict import LATCH_RULE, TEXT_RULE

SWEPT = results_of(PLAN, FULL)


def judged(plan, results):
    return judge(plan, plan.cells(), results)


def test_a_judgement_holds_groups_verdicts_certainty_and_sentences():
    judgement = judged(PLAN, SWEPT)
    assert [(group.line, group.distance) for group in judgement.groups] == list(FULL)
    assert {verdict.line: verdict.limit for verdict in judgement.verdicts} == {TANH: 8, RELU: 16}
    assert judgement.headline.startswith("tanh: 8 characters, ReLU: at least 16, in 3,000 updates")
    assert judgement.certainty.ahead[RELU] > 0.5
    assert judgement.certainty_in_words.startswith("Drawing these 3 seeds again")
    assert judgement.article.endswith("are 16 for tanh, 24 for ReLU.")
    assert [words.split(":")[0] for words in judgement.spreads] == ["tanh", "ReLU"]


def test_each_instrument_has_its_rule():
    assert judged(PLAN, {}).rule == LATCH_RULE
    text = SweepPlan(text="builtin", unrollings=(5, 10), seeds=1)
    assert judged(text, {}).rule == TEXT_RULE


def test_a_sweep_has_begun_with_its_first_measured_cell():
    key, result = next(iter(SWEPT.items()))
    assert not judged(PLAN, {}).begun
    assert judged(PLAN, {key: result}).begun
    assert judged(PLAN, {}).spreads == []


def test_the_summary_says_what_the_judgement_says():
    judgement = judged(PLAN, SWEPT)
    told = summary(judgement, PLAN.cells(), SWEPT)
    assert list(told) == [
        *("plan", "rule", "cells", "groups", "verdicts"),
        *("verdict", "certainty", "ahead", "article"),
    ]
    assert told["verdict"] == judgement.headline
    assert told["certainty"] == judgement.certainty_in_words
    assert told["ahead"] == {"tanh": judgement.certainty.ahead[TANH], "ReLU": 1.0}
    assert (told["article"], told["rule"]) == (judgement.article, judgement.rule)
    assert told["groups"] == group_rows(judgement)
    assert [list(verdict) for verdict in told["verdicts"]] == [
        ["line", "activation", "limit", "open_ended", "complete", "spread"]
    ] * 2
