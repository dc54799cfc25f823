"""The card of the experiment with T = 1: what is used against what is trained. No other page."""

from __future__ import annotations

import streamlit as st

from core.experiments.claims import BY_NAME, Arm
from core.experiments.recorded_article import RecordedArticle, mean_of
from core.insight.standing import used_in_words
from core.palette import RUNS
from dashboard.article.card import ClaimCard, draw_losses
from dashboard.article.telling import compared, loss_of, nats
from dashboard.charts.contexts import Used, contexts_chart
from dashboard.widgets.held import held
from dashboard.widgets.live_chart import live_chart
from dashboard.widgets.plain import plain

_CLAIM = BY_NAME["t1"]
_BY_TEXT = {arms[0].label.partition(",")[0]: arms for arms in (_CLAIM.arms[:2], _CLAIM.arms[2:])}


_NAMES = ("T 25", "T 1")
_STYLES = {"T 25, B 32": RUNS[1], "T 1, B 800": RUNS[3]}
_CHOSEN = "t1_text"  # in st.session_state


def _choose() -> None:
    held(
        st.segmented_control,
        "Text",
        list(_BY_TEXT),
        default=next(iter(_BY_TEXT)),
        required=True,
        key=_CHOSEN,
        label_visibility="collapsed",
    )


def _chosen() -> tuple[Arm, ...]:
    """The arms on the text that is chosen."""
    return _BY_TEXT[st.session_state[_CHOSEN]]


def _found(recorded: RecordedArticle) -> str:
    long, short = _chosen()
    text = recorded.texts[long.config.text]
    return (
        f"On {plain(text.title)}, T 25 ends at {nats(recorded.mean(_CLAIM, long, loss_of))}, T 1 "
        f"at {nats(recorded.mean(_CLAIM, short, loss_of))}, where counting 3 characters reaches "
        f"{text.floors['trigram']:.3f}. {compared(recorded, _CLAIM, long, short, _NAMES)}\n\n"
        f"The network of T 25 {_uses(recorded, long)}. That of T 1 {_uses(recorded, short)}, "
        "though training lets none through."
    )


def _uses(recorded: RecordedArticle, arm: Arm) -> str:
    """The context that it uses, and the horizon at the end."""
    runs = recorded.of(_CLAIM, arm)
    curves = [curve for run in runs if (curve := run.curve) is not None]
    horizon = mean_of([run.horizon for run in runs if run.horizon is not None])
    if horizon is None or not curves:
        return "was not measured"
    return (
        f"uses {used_in_words(curves)}; at the end one loss's gradient would reach "
        f"{horizon.told('.1f')} back"
    )


def _draw(recorded: RecordedArticle | None) -> None:
    arms, name = _chosen(), st.session_state[_CHOSEN]
    draw_losses(_CLAIM, arms, recorded, ("trigram",), height=210, styles=_STYLES)
    used = []
    for arm, label, style in zip(arms, _NAMES, _STYLES.values(), strict=True):
        runs = recorded.of(_CLAIM, arm) if recorded else []
        curves = [curve for run in runs if (curve := run.curve) is not None]
        horizons = [run.horizon for run in runs if run.horizon is not None]
        used.append(Used(label, style, curves, horizons))
    live_chart(
        contexts_chart(used),
        key="t1_contexts",
        height=280,
        alt="Loss without the earlier characters by how many are left, for both unrollings",
        revision=name,
    )


T1 = ClaimCard(
    _CLAIM,
    "The unrollings are taken for how far back a network learns. What is left with T = 1, where no "
    "gradient goes back at all?",
    _found,
    "With T 1 no gradient crosses a step, but the state does: what it happens to carry can be "
    "read, and reading it is trained.",
    choose=_choose,
    draw=_draw,
)
