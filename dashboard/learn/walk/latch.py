"""Step 5: a latch text of lag 8 with T 4 and with T 16, trained here with three seeds each."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.config import PRESETS, TrainingConfig
from core.data.latch import latch_floor
from core.palette import RUNS, THRESHOLD, Style
from core.records import RunStatus
from core.training.snapshot import RunSnapshot
from dashboard.charts.frames import metrics_frame, reports_frame
from dashboard.charts.losses import Look
from dashboard.charts.parts import level
from dashboard.charts.race import LINES_AND_MARKERS, LaneCurves, race_loss_chart, together
from dashboard.learn.walk import own_runs
from dashboard.learn.walk.questions import Choice, Outcome, Prediction
from dashboard.learn.walk.step import Answered
from dashboard.widgets.latch_drawing import latch_drawing
from dashboard.widgets.live_chart import live_chart
from dashboard.widgets.verbatim import verbatim

_LAG = 8
_UNROLLINGS = (4, 16)
_SEEDS = (0, 1, 2)
_PREDICTIONS = 512  # in an update, B · T: both see as much
_START = PRESETS["demo"].config.changed(
    text=f"latch:{_LAG}", nodes=64, decay_steps=500, steps=2_000, report_every=250, probe_every=0
)
_IN_VIEW = (1.1, 2.2)  # nats: from below the perfect reader to where both come down
_WITHOUT = " What a state happens to carry was nearly enough in step 3, and is not here."
_OPTIONS = {
    "both": "both",
    "16": "T 16 alone",
    "4": "T 4 alone",
    "neither": "neither of them",
}


def question() -> Choice:
    """Which of the two remembers."""
    return Choice(
        f"Arch 1 trains on this text, {_START.steps:,} updates of {_PREDICTIONS} predictions, with "
        "T 4 and with T 16, three seeds each. Which gets below the best loss of a reader that "
        "forgets the key? The runs train here when you commit.",
        _OPTIONS,
    )


def trains(prediction: Prediction) -> tuple[TrainingConfig, ...]:
    """Both, with all seeds."""
    return tuple(config for T in _UNROLLINGS for config in _with(T))


def draw(answered: Answered) -> None:
    """The text, and the curves once something is predicted."""
    verbatim(latch_drawing(_LAG), wrap=False)
    lanes = []
    if answered.prediction is not None:
        for T, style in zip(_UNROLLINGS, RUNS, strict=False):
            shots = own_runs.here(_with(T))
            if shots:
                lanes.append(_lane(f"T {T}, {len(shots)} seeds", style, shots))
    if not lanes:
        lanes = [LaneCurves("", RUNS[0], metrics_frame(_nothing().history), reports_frame(()))]
    figure = race_loss_chart(lanes, {}, Look())
    if answered.prediction is not None:
        level(figure, latch_floor(_LAG, remembers=False), "forgets the key", THRESHOLD.line)
        level(figure, latch_floor(_LAG), "remembers it", THRESHOLD.line, below=True)
        figure["layout"]["yaxis"] |= {"range": _IN_VIEW, "autorangeoptions": {}}
    live_chart(
        figure,
        key="walk_latch",
        height=330,
        alt="Loss on a latch text with T 4 and with T 16, with what perfect readers reach",
        revision=str(answered.prediction is None),
    )
    st.caption(f"{LINES_AND_MARKERS} Each line is a mean over seeds.")


def outcome(prediction: Prediction) -> Outcome | None:
    """Which did, by most of their seeds."""
    forgetful = latch_floor(_LAG, remembers=False)
    losses = {}
    for T in _UNROLLINGS:
        shots = own_runs.ended(_with(T))
        if shots is None:
            return None
        losses[T] = [shot.reports[-1].validation_loss_nats for shot in shots]
    below = {T: sum(loss < forgetful for loss in ends) for T, ends in losses.items()}
    learned = [str(T) for T in _UNROLLINGS if 2 * below[T] > len(_SEEDS)]
    came = "both" if len(learned) == 2 else learned[0] if learned else "neither"
    without = _WITHOUT if came == "16" else ""
    told = " and ".join(f"{below[T]} of {len(_SEEDS)} seeds with T {T}" for T in _UNROLLINGS)
    return Outcome(
        right=came == prediction,
        sentences=f"Trained here, {told} ended below {forgetful:.2f}, the best that a reader who "
        f"forgets the key can reach; one who remembers it reaches {latch_floor(_LAG):.2f}.\nFrom "
        f"the key to its echo it is {_LAG} characters. In a window of 4 the loss of an echo "
        f"sends no gradient back to its key, in one of 16 many do.{without}",
        table=(
            ("", *(f"seed {seed}" for seed in _SEEDS)),
            *((f"T {T}", *(f"{loss:.2f}" for loss in losses[T])) for T in _UNROLLINGS),
        ),
    )


def _with(T: int) -> tuple[TrainingConfig, ...]:
    return tuple(
        _START.changed(unrollings=T, batch_size=_PREDICTIONS // T, seed=seed) for seed in _SEEDS
    )


def _lane(name: str, style: Style, shots: Sequence[RunSnapshot]) -> LaneCurves:
    metrics = [metrics_frame(shot.history) for shot in shots]
    reports = pd.concat([reports_frame(shot.reports) for shot in shots])
    return LaneCurves(name, style, together(metrics), reports)


def _nothing() -> RunSnapshot:
    return RunSnapshot("", _START, _START.live, RunStatus.QUEUED)
