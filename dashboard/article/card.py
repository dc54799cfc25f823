"""What a card of the page Article is, and how one about a claim is drawn.

Knows no single claim: `bugs.py`, `choices.py` and `t1.py` say what theirs is about.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from core.config import TrainingConfig
from core.experiments.arm_run import settings_of
from core.experiments.claims import Arm, Claim
from core.experiments.recorded_article import Figure, RecordedArticle
from core.labels import setting
from core.palette import Style
from dashboard import gate
from dashboard.article.run_here import Repeatable, run_here
from dashboard.article.telling import loss_of
from dashboard.charts.strips import ROLES, Strip, strip_chart
from dashboard.server import recorded_article
from dashboard.widgets.live_chart import live_chart
from dashboard.widgets.plain import plain
from dashboard.widgets.recorded_badge import pictures, tell_recorded

_CHART_HIGH = 400
_NOTHING = "Nothing is recorded here. *Run it here* trains one of its runs."
_NAMED = (
    *("architecture", "combine", "feedback", "activation", "unrollings", "nodes", "batch_size"),
    *("init", "optimiser", "learning_rate", "clip", "steps"),
)
INTERVALS = (
    "Dots are runs, each from first weights of its own, the same for every setting of one size; "
    "bars are 95 % intervals of their mean, a bootstrap over seeds. In simulations of bell-shaped "
    "values such intervals held the true mean 87 times in 100 with 5 seeds, 91 with 8."
)


@dataclass(frozen=True, slots=True)
class Card:
    """One of the page's cards."""

    name: str  # in links
    title: str
    draw: Callable[[], None]


@dataclass(frozen=True)
class ClaimCard:
    """A card about a claim that was measured.

    Attributes:
        claim: its arms.
        says: what the article says, in our words.
        found: what was measured, in sentences.
        why: one sentence.
        floors: what counting reaches, to be drawn, by name.
        choose: draws a choice above the text, where there is one.
        draw: the pictures, where they are others than a strip of losses for each arm.
        then: where a run of one's own is seen, if not on these pictures.
    """

    claim: Claim
    says: str
    found: Callable[[RecordedArticle], str]
    why: str
    floors: tuple[str, ...] = ("bigram", "trigram")
    choose: Callable[[], None] | None = None
    draw: Callable[[RecordedArticle | None], None] | None = None
    then: str = ""

    def card(self, title: str) -> Card:
        """As the page lists it."""
        return Card(self.claim.name, title, partial(_draw, self))


def told(heading: str, sentences: str) -> None:
    """A paragraph of a card, or a list; T 25 stays in one line."""
    unbroken = re.sub(r"\b([TNB]) (?=\d)", "\\1\N{NO-BREAK SPACE}", sentences)
    apart = "\n" if unbroken.startswith("- ") else " "
    st.markdown(f"**{heading}.**{apart}{unbroken}")


def _draw(card: ClaimCard) -> None:
    recorded = recorded_article()
    left, right = st.columns([4, 5], gap="large")
    with left:
        if card.choose is not None:
            card.choose()
        told("The article", card.says)
        told("Measured", card.found(recorded) if recorded else _NOTHING)
        told("Why", card.why)
        run_here(card.claim.name, _repeatable(card.claim, recorded), card.then)
    with right:
        with pictures(recorded is not None):
            if card.draw is not None:
                card.draw(recorded)
            else:
                draw_losses(card.claim, card.claim.arms, recorded, card.floors)
        st.caption(plain(f"{_shared(card.claim)}. {INTERVALS}"))
    tell_recorded(recorded.note if recorded else "")


def draw_losses(
    claim: Claim,
    arms: Sequence[Arm],
    recorded: RecordedArticle | None,
    floors: Sequence[str],
    *,
    height: int = _CHART_HIGH,
    styles: Mapping[str, Style] | None = None,
) -> None:
    """The loss at the end of every run of some arms, beside what counting reaches.

    Args:
        floors: of what counting reaches, by name.
        styles: by what stands below an arm's strip, in the order of the arms, where they are not
            to be told apart by what the article has.
    """
    text = recorded.texts.get(arms[0].config.text) if recorded else None
    own = _own_losses()
    strips = []
    for arm, label in zip(arms, styles or [arm.label for arm in arms], strict=True):
        settings = _unseeded(arm.config.model_dump())
        mine = [
            loss
            for others, sha256, loss in own
            if others == settings and (text is None or sha256 == text.sha256)
        ]
        role = label if styles else arm.role
        strips.append(strip(claim, arm, recorded, loss_of, mine, label=label, role=role))
    live_chart(
        strip_chart(
            strips,
            "Loss on held-out text at the end",
            "nats per character",
            floors={name: text.floors[name] for name in floors} if text else None,
            roles={name: (name, style) for name, style in styles.items()} if styles else ROLES,
        ),
        key=f"losses_{claim.name}",
        height=height,
        alt="Loss at the end of each run by setting, with means and what counting reaches",
        revision=arms[0].label,
    )


def strip(
    claim: Claim,
    arm: Arm,
    recorded: RecordedArticle | None,
    figure: Figure,
    own: Sequence[float] = (),
    label: str = "",
    role: str = "",
) -> Strip:
    """An arm's strip of a chart."""
    name, kind = (label or arm.label).replace(", ", "<br>"), role or arm.role
    mean = recorded.mean(claim, arm, figure) if recorded else None
    if recorded is not None and (count := recorded.diverged(claim, arm)):
        name += f"<br>{count} diverged"
    if recorded is None or mean is None:
        return Strip(name, kind, (), own=own)
    low, high = (mean.interval.low, mean.interval.high) if mean.interval else (None, None)
    return Strip(name, kind, recorded.values(claim, arm, figure), mean.value, low, high, own)


def _repeatable(claim: Claim, recorded: RecordedArticle | None) -> list[Repeatable]:
    """The first seed of every arm whose text is everywhere, the article's own first."""
    found = []
    for arm in sorted(claim.arms, key=lambda arm: arm.role != "article"):
        if arm.config.text == "builtin":
            config = arm.seeded(0)
            run = recorded.run(config) if recorded else None
            found.append(Repeatable(arm.label, config, run.seconds if run else None))
    return found


def _own_losses() -> list[tuple[dict[str, Any], str, float]]:
    """What the visitor measured: settings but for the seed, text and loss at the end."""
    return [
        (_unseeded(row.settings), row.text_sha256, row.last_validation)
        for row in gate.own_measurements()
        if row.last_validation is not None
    ]


def _unseeded(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings_of(settings).items() if name != "seed"}


def _shared(claim: Claim) -> str:
    """What all arms of an architecture have in common, and how many runs there are."""
    by_architecture: dict[str, list[TrainingConfig]] = {}
    for arm in claim.arms:
        by_architecture.setdefault(arm.config.architecture, []).append(arm.config)
    told = "; ".join(map(_in_common, by_architecture.values()))
    return f"{told}; {claim.seeds} runs of each"


def _in_common(configs: Sequence[TrainingConfig]) -> str:
    first, *others = configs
    named = []
    for field in _NAMED:
        if field == ("feedback" if first.architecture == "arch1" else "combine"):
            continue
        value = getattr(first, field)
        if all(getattr(other, field) == value for other in others):
            named.append(f"{value:,} steps" if field == "steps" else setting(field, value))
    predictions = {config.characters_per_step for config in configs}
    if len(predictions) == 1 and len({config.unrollings for config in configs}) > 1:
        named.append(f"{predictions.pop():,} predictions a step")
    return ", ".join(named)
