"""The cards about what is wrong in the article's listings. Knows no other page."""

from __future__ import annotations

import math

import streamlit as st

from core.config import ALPHABET_SIZE
from core.experiments.arm_run import ArmRun
from core.experiments.claims import BY_NAME
from core.experiments.recorded_article import RecordedArticle
from dashboard.article.card import ClaimCard, strip
from dashboard.article.telling import all_of, compared, loss_of, means_of, nats
from dashboard.charts.strips import strip_chart
from dashboard.widgets.live_chart import live_chart
from dashboard.widgets.verbatim import verbatim

CEILING = math.e / (math.e + ALPHABET_SIZE - 1)
"""The largest probability that a softmax of a softmax can give: one logit of 1, the others 0."""

ONE_BACK = r"$\partial L_T / \partial h_{T-1}$"
_WRITTEN = 120  # characters of each text that are shown
_BATCHES = ("each step's own characters", "The first batch at every step")


def _counted(recorded: RecordedArticle, name: str = "bigram") -> str:
    return f"{recorded.texts['builtin'].floors[name]:.3f}"


def _init(recorded: RecordedArticle) -> str:
    claim = BY_NAME["init"]
    published, zero = claim.arms
    began = all_of(recorded, claim, published, lambda run: run.flow_at_start == 0)
    ended = all_of(recorded, claim, published, lambda run: run.flow == 0)
    unused = all_of(recorded, claim, published, _unused)
    return (
        f"From these weights the loss ends at {nats(recorded.mean(claim, published, loss_of))}, "
        f"where counting 2 characters reaches {_counted(recorded)}. The gradient {ONE_BACK}, and "
        f"with it every earlier one, was exactly 0 in {began} before the first step, and in "
        f"{ended} after the last; in {unused} the characters before the last one were worth "
        "exactly 0 nats at the end. From zero-mean weights the loss ends at "
        f"{nats(recorded.mean(claim, zero, loss_of))}."
    )


def _unused(run: ArmRun) -> bool:
    return bool(run.context) and all(loss == run.full for loss in run.context)


def _teacher(recorded: RecordedArticle) -> str:
    claim = BY_NAME["teacher"]
    *forced, free = claim.arms
    runs = [run for arm in forced for run in recorded.of(claim, arm)]
    return (
        "With teacher forcing the mean loss is "
        f"{means_of(recorded, claim, forced)} for {', '.join(arm.label for arm in forced)}, where "
        f"counting 2 characters reaches {_counted(recorded)}; free running it is "
        f"{nats(recorded.mean(claim, free, loss_of))}. All read {runs[0].characters:,} "
        f"characters, the last third at a tenth of the rate. In {sum(map(_unused, runs))} of "
        f"{len(runs)} runs with teacher forcing the characters before the last one were worth "
        f"exactly 0 nats, and in {sum(run.flow == 0 for run in runs)} the gradient {ONE_BACK} was "
        "exactly 0."
    )


def _stale(recorded: RecordedArticle) -> str:
    claim = BY_NAME["stale"]
    stale, current = claim.arms
    return (
        f"Trained so, it ends at {nats(recorded.mean(claim, stale, loss_of))}; with each step's "
        f"own characters, at {nats(recorded.mean(claim, current, loss_of))}. "
        f"{compared(recorded, claim, current, stale, _BATCHES)} Both are measured on held-out "
        "text, with each step's own characters."
    )


def _softmax(recorded: RecordedArticle) -> str:
    claim = BY_NAME["softmax"]
    (arm,) = claim.arms
    once = recorded.mean(claim, arm, lambda run: run.largest)
    twice = recorded.mean(claim, arm, lambda run: run.largest_twice)
    if once is None or twice is None:
        return "It was not measured."
    return (
        "On 2,000 held-out characters the same weights gave a character at most "
        f"{once.told('.1%', '.2%')} with one softmax, and {twice.told('.1%', '.2%')} with "
        f"two. No weights give more than e/(e + 26) = {CEILING:.1%} with two."
    )


def _two_ways(recorded: RecordedArticle | None) -> None:
    claim = BY_NAME["softmax"]
    (arm,) = claim.arms
    ways = (
        ("softmax(softmax(o))", "article", lambda run: run.largest_twice),
        ("softmax(o)", "corrected", lambda run: run.largest),
    )
    live_chart(
        strip_chart(
            [
                strip(claim, arm, recorded, figure, label=label, role=role)
                for label, role, figure in ways
            ],
            "The likeliest character on 2,000 held-out characters",
            "probability",
            limit=(CEILING, f"e/(e + 26) = {CEILING:.1%}"),
            percent=True,
        ),
        key="softmax",
        height=260,
        alt="The largest probability of each run, with one softmax and with two",
    )
    run = recorded.run(arm.seeded(0)) if recorded else None
    if run is not None and run.samples:
        once, twice = run.samples
        for way, text in (("softmax(softmax(o))", twice), ("softmax(o)", once)):
            st.caption(f"Drawn from {way}, the same weights, seed 0 (recorded)")
            verbatim(text[:_WRITTEN])


INIT = ClaimCard(
    BY_NAME["init"],
    "The weights U, W and V are drawn from a normal distribution with mean −0.1 and standard "
    "deviation 0.1, cut at two of them.",
    _init,
    "Some 200 inputs times a mean of −0.1 keep every recurrent ReLU below 0, where its slope is "
    "0: what comes back is nothing, and no gradient changes that.",
)
TEACHER = ClaimCard(
    BY_NAME["teacher"],
    "Arch 2 is given its previous output, and in training the true one; it is unrolled over 20 "
    "characters.",
    _teacher,
    "The true previous output is the character that is read anyway, so that no step depends on "
    "the one before, whatever T is; only its own output, *free running*, makes it recurrent.",
)
SOFTMAX = ClaimCard(
    BY_NAME["softmax"],
    "The texts that Arch 2 writes are noise. Its listing draws them from the softmax of a softmax.",
    _softmax,
    "The first softmax gives numbers from 0 to 1, and as logits these make a character at most e "
    "times as likely as another.",
    draw=_two_ways,
    then="*Sample* writes with it, with one softmax and with two.",
)
STALE = ClaimCard(
    BY_NAME["stale"],
    "Where the listing of Arch 2 makes a window of inputs it appends the same batch at every step, "
    "the window's first (`mega_batch_x.append(batch)`).",
    _stale,
    "Under teacher forcing the second input, the true previous output, is the character that the "
    "first should have been.",
)
