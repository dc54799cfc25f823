"""The card of the experiment with T = 1: what is used against what is trained. No other page."""

from __future__ import annotations

import streamlit as st

from core.experiments.claims import BY_NAME, Arm
from core.experiments.recorded_article import RecordedArticle, mean_of
from core.palette import NEITHER, PUBLISHED
from core.records import CONTEXT_LENGTHS
from dashboard.article.card import ClaimCard, draw_losses
from dashboard.article.telling import bracket, compared, loss_of, nats
from dashboard.charts.contexts import Used, contexts_chart
from dashboard.widgets.live_chart import live_chart

_CLAIM = BY_NAME["t1"]
_BY_TEXT = {arms[0].label.partition(",")[0]: arms for arms in (_CLAIM.arms[:2], _CLAIM.arms[2:])}


_NAMES = ("T 25", "T 1")


def _found(recorded: RecordedArticle) -> str:
    told = []
    for name, (long, short) in _BY_TEXT.items():
        text = recorded.texts[long.config.text]
        told.append(
            f"On the {name.removesuffix(' text')} text T 25 ends at "
            f"{nats(recorded.mean(_CLAIM, long, loss_of))}, T 1 at "
            f"{nats(recorded.mean(_CLAIM, short, loss_of))}; counting 3 characters reaches "
            f"{text.floors['trigram']:.3f}. {compared(recorded, _CLAIM, long, short, _NAMES)} "
            f"T 25 {_uses(recorded, long)}, T 1 {_uses(recorded, short)}."
        )
    return "\n".join(f"- {sentence}" for sentence in told)


def _uses(recorded: RecordedArticle, arm: Arm) -> str:
    """The context that it uses, and the horizon at the end."""
    runs = recorded.of(_CLAIM, arm)
    lengths = [curve.used for run in runs if (curve := run.curve) is not None]
    horizon = mean_of([run.horizon for run in runs if run.horizon is not None])
    if horizon is None or not lengths:
        return "was not measured"
    known = [length for length in lengths if length is not None]
    if len(known) < len(lengths):
        used = f"more than {CONTEXT_LENGTHS[-1]}"
    else:
        used = str(known[0]) if len(set(known)) == 1 else f"{min(known)} to {max(known)}"
    return (
        f"uses {used} characters, and one loss's gradient would reach "
        f"{horizon.value:.1f}{bracket(horizon.interval, '.1f')} back in its network"
    )


def _draw(recorded: RecordedArticle | None) -> None:
    name = st.segmented_control(
        "Text",
        list(_BY_TEXT),
        default=next(iter(_BY_TEXT)),
        required=True,
        key="t1_text",
        label_visibility="collapsed",
    )
    arms = _BY_TEXT[name or next(iter(_BY_TEXT))]
    draw_losses(_CLAIM, arms, recorded, ("trigram",), height=230, label=_cut)
    used = []
    for arm, style in zip(arms, (PUBLISHED, NEITHER), strict=True):
        runs = recorded.of(_CLAIM, arm) if recorded else []
        curves = [curve for run in runs if (curve := run.curve) is not None]
        horizons = [run.horizon for run in runs if run.horizon is not None]
        used.append(Used(f"T {arm.config.unrollings}", style, curves, horizons))
    live_chart(
        contexts_chart(used),
        key="t1_contexts",
        height=300,
        alt="Loss without the earlier characters by how many are left, for both unrollings",
        revision=name or "",
    )


def _cut(arm: Arm) -> str:
    """How the same predictions are cut into windows."""
    return f"T {arm.config.unrollings}, B {arm.config.batch_size}"


T1 = ClaimCard(
    _CLAIM,
    "The unrollings are taken for how far back a network learns. What is left with T = 1, where no "
    "gradient goes back at all?",
    _found,
    "With T 1 no gradient crosses a step, but the state does: what it happens to carry can be "
    "read, and reading it is trained.",
    draw=_draw,
)
