"""Step 5: a latch text of lag 8 with T 4 and with T 16: recorded seeds, and a few trained here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from core.config import TrainingConfig
from core.data.latch import latch_floor
from core.errors import RunError
from core.experiments.claims import BY_NAME, LATCH_LAG, Arm
from core.experiments.recorded_article import mean_of
from core.palette import RUNS, THRESHOLD, Style
from core.training.snapshot import RunSnapshot
from dashboard.charts.frames import metrics_frame, reports_frame
from dashboard.charts.losses import Look
from dashboard.charts.parts import Figure, level
from dashboard.charts.race import LINES_AND_MARKERS, LaneCurves, race_loss_chart, together
from dashboard.charts.strips import Strip, strip_chart
from dashboard.learn.walk import own_runs
from dashboard.learn.walk.questions import Choice, Outcome, Prediction
from dashboard.learn.walk.recorded import article_ending
from dashboard.learn.walk.step import Answered
from dashboard.widgets.latch_drawing import drawn_text, latch_drawing
from dashboard.widgets.live_chart import live_chart
from dashboard.widgets.recorded_badge import pictures
from dashboard.widgets.verbatim import verbatim

_CLAIM = BY_NAME["latch"]
_STYLES = dict(zip((arm.config.unrollings for arm in _CLAIM.arms), RUNS, strict=False))
_SHORT, _LONG = _STYLES  # the two T
_HERE = {"report_every": 250, "probe_every": 0}  # of what is trained here: its curve, and no more
_SEEDS_HERE = 3
_IN_VIEW = (1.1, 2.25)  # nats: from below the perfect reader to where both come down
_WITHOUT = " What a state happens to carry was nearly enough in step 3, and is not here."
_OPTIONS = {
    "both": "both",
    f"{_LONG}": f"T\u00a0{_LONG} alone",
    f"{_SHORT}": f"T\u00a0{_SHORT} alone",
    "neither": "neither of them",
}


def question() -> Choice:
    """Which of the two remembers."""
    config, recorded = _CLAIM.arms[0].config, _recorded()
    seeds = len(recorded[_SHORT]) if recorded else _SEEDS_HERE
    return Choice(
        f"Arch 1 trains on this text, {config.steps:,} updates of {config.characters_per_step} "
        f"predictions, with T\u00a0{_SHORT} and with T\u00a0{_LONG}, {seeds} seeds each. Which "
        "gets below the best loss of a reader that forgets the key, with most of its seeds?"
        + ("" if recorded else " The runs train here when you commit."),
        _OPTIONS,
    )


def trains(prediction: Prediction) -> tuple[TrainingConfig, ...]:
    """Both with some seeds, where none are recorded."""
    return () if _recorded() else _all_here()


def repeats(prediction: Prediction) -> tuple[TrainingConfig, ...]:
    """Both with some seeds."""
    return _all_here()


def draw(answered: Answered) -> None:
    """The text and how it is cut; the losses once something is predicted."""
    verbatim(f"{latch_drawing(LATCH_LAG)}\n\n{_cuts()}", wrap=False)
    if answered.prediction is None:
        return
    recorded = _recorded()
    if answered.outcome is not None and recorded:
        with pictures(recorded=True):
            live_chart(
                _ends(recorded),
                key="walk_latch_ends",
                height=270,
                alt="Loss at the end of each recorded run with either T, and two readers'",
            )
    lanes = [
        _lane(f"T {arm.config.unrollings}, {len(shots)} seeds", style, shots)
        for arm, style in zip(_CLAIM.arms, _STYLES.values(), strict=True)
        if (shots := own_runs.here(_here(arm)))
    ]
    if not lanes:
        return
    figure = race_loss_chart(lanes, {}, Look())
    _readers(figure)
    figure["layout"]["title"]["text"] = "Loss of the runs here"
    figure["layout"]["yaxis"] |= {"range": _IN_VIEW, "autorangeoptions": {}}
    live_chart(
        figure,
        key="walk_latch",
        height=300,
        alt="Loss on a latch text with T 4 and with T 16, with what perfect readers reach",
    )
    st.caption(f"{LINES_AND_MARKERS} Each line is a mean over seeds.")


def outcome(prediction: Prediction) -> Outcome | None:
    """Which did, by most of their seeds: the recorded ones, or else those trained here."""
    mine = _trained_here()
    ends = _recorded() or mine
    if not ends:
        return None
    forgetful = latch_floor(LATCH_LAG, remembers=False)
    below = {T: sum(loss < forgetful for loss in losses) for T, losses in ends.items()}
    learned = [str(T) for T, losses in ends.items() if 2 * below[T] > len(losses)]
    came = "both" if len(learned) == 2 else learned[0] if learned else "neither"
    told = " and ".join(
        f"{below[T]} of {len(losses)} seeds with T\u00a0{T} ({min(losses):.2f} to "
        f"{max(losses):.2f})"
        for T, losses in ends.items()
    )
    return Outcome(
        right=came == prediction,
        sentences=f"{'Trained here' if ends is mine else 'Recorded'}: {told} ended below "
        f"{forgetful:.3f}, the best that a reader who forgets the key can reach; one who "
        f"remembers it reaches {latch_floor(LATCH_LAG):.3f}.\nFrom the key to its echo it is "
        f"{LATCH_LAG} characters. In a window of {_SHORT} the loss of an echo sends no gradient "
        f"back to its key, in one of {_LONG} many do.{_WITHOUT if came == str(_LONG) else ''}",
        table=_table(mine) if mine else (),
    )


def _cuts() -> str:
    """The beginning of the text, cut into windows of either T."""
    text = drawn_text(LATCH_LAG)
    rows = ["cut into windows, which begin anywhere in a block:"]
    for T in _STYLES:
        windows = [text[first : first + T] for first in range(0, len(text), T)]
        rows.append(f"T {T:<5}{'|'.join(windows)} ...")
    return "\n".join(rows)


def _table(ends: Mapping[int, Sequence[float]]) -> tuple[tuple[str, ...], ...]:
    seeds = (f"seed {seed}" for seed in range(_SEEDS_HERE))
    rows = ((f"T\u00a0{T}", *(f"{loss:.2f}" for loss in losses)) for T, losses in ends.items())
    return (("here", *seeds), *rows)


def _ends(recorded: Mapping[int, Sequence[float]]) -> Figure:
    roles = {f"T {T}": (f"T {T}", style) for T, style in _STYLES.items()}
    figure = strip_chart(
        [_strip(f"T {T}", losses) for T, losses in recorded.items()],
        "Loss at the end: seeds, mean, 95 % interval",
        "nats per character",
        roles=roles,
    )
    _readers(figure)
    figure["layout"]["yaxis"] |= {"range": _IN_VIEW}
    return figure


def _strip(name: str, losses: Sequence[float]) -> Strip:
    mean = mean_of(losses)
    if mean is None or mean.interval is None:
        return Strip(name, name, losses)
    return Strip(name, name, losses, mean.value, mean.interval.low, mean.interval.high)


def _readers(figure: Figure) -> None:
    forgetful, perfect = (latch_floor(LATCH_LAG, remembers=one) for one in (False, True))
    level(figure, forgetful, "forgets the key", THRESHOLD.line)
    level(figure, perfect, "remembers it", THRESHOLD.line, below=True)


def _recorded() -> dict[int, tuple[float, ...]]:
    """The losses at the end by T, a number a seed; nothing where none are recorded."""
    try:
        return {arm.config.unrollings: article_ending(_CLAIM, arm).losses for arm in _CLAIM.arms}
    except RunError:
        return {}


def _trained_here() -> dict[int, list[float]]:
    """The same of the runs here, once all of them have ended."""
    losses = {}
    for arm in _CLAIM.arms:
        shots = own_runs.ended(_here(arm))
        if shots is None:
            return {}
        losses[arm.config.unrollings] = [shot.reports[-1].validation_loss_nats for shot in shots]
    return losses


def _all_here() -> tuple[TrainingConfig, ...]:
    return tuple(config for arm in _CLAIM.arms for config in _here(arm))


def _here(arm: Arm) -> tuple[TrainingConfig, ...]:
    return tuple(arm.seeded(seed).changed(**_HERE) for seed in range(_SEEDS_HERE))


def _lane(name: str, style: Style, shots: Sequence[RunSnapshot]) -> LaneCurves:
    metrics = [metrics_frame(shot.history) for shot in shots]
    reports = pd.concat([reports_frame(shot.reports) for shot in shots])
    return LaneCurves(name, style, together(metrics), reports)
