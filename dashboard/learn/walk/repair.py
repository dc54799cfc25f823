"""Step 7: the published first weights, diagnosed: change one setting so that the finding goes."""

from __future__ import annotations

import streamlit as st

from core.config import PRESETS, TrainingConfig
from core.insight.diagnosis import diagnose
from core.insight.findings import Finding
from core.labels import FIELDS, value_name
from core.training.snapshot import RunSnapshot
from dashboard.charts.flow import profile_chart
from dashboard.charts.parts import Figure
from dashboard.learn.walk import own_runs
from dashboard.learn.walk.questions import Choice, Outcome, Prediction
from dashboard.learn.walk.recorded import Recorded, recorded_runs
from dashboard.learn.walk.step import Answered
from dashboard.server import recorded_note
from dashboard.widgets.live_chart import live_chart
from dashboard.widgets.plain import plain
from dashboard.widgets.recorded_badge import badge, pictures

_PRESET = "arch1-published"
_START = PRESETS[_PRESET].config.changed(steps=300, report_every=100, probe_every=100)
_CHANGES = {
    "clip": 0.0,
    "learning_rate": 0.25,
    "unrollings": 10,
    "init": "zero-mean",
    "activation": "tanh",
}


def question() -> Choice:
    """Which single change makes the finding go."""
    _sick()  # without the run there is nothing to repair
    return Choice(
        "Change one setting, so that this finding goes. The run trains here, "
        f"{_START.steps} steps, when you commit, and the same rules look at it.",
        {name: _label(name) for name in _CHANGES},
        again=True,
    )


def trains(prediction: Prediction) -> tuple[TrainingConfig, ...]:
    """The run with the change that was tried last."""
    return (_changed(prediction[-1]),)


def draw(answered: Answered) -> None:
    """The finding as the run shows it, cause and remedy left out until it is repaired."""
    sick = _sick()
    finding = _finding(sick)
    repaired = answered.outcome is not None and answered.outcome.right
    with st.container(border=True):
        st.markdown(
            f"{badge(recorded_note(sick.run))} {plain(sick.name)}"
            f"\n\n:red-badge[{finding.title}] {plain(finding.evidence)}"
            + (f"\n\n**Why:** {plain(finding.cause)}" if repaired else "")
        )
    left, right = st.columns(2)
    with left, pictures(recorded=True):
        live_chart(
            _flow("As published", sick.snapshot),
            key="walk_sick",
            height=320,
            alt="Flow of the gradient by lag, of the recorded run",
        )
    tried = answered.prediction if answered.outcome else None
    with right:
        shots = own_runs.ended(trains(tried)) if tried else None
        live_chart(
            _flow("With your change", shots[0] if shots else None),
            key="walk_repaired",
            height=320,
            alt="Flow of the gradient by lag, of the run with the change that was tried last",
            revision=str(tried),
        )


def outcome(prediction: Prediction) -> Outcome | None:
    """Whether the run with the last change still has the finding."""
    shots = own_runs.ended(trains(prediction))
    if shots is None:
        return None
    sick, (shot,) = _finding(_sick()), shots
    found = diagnose(shot)
    still = next((finding for finding in found if finding.name == sick.name), None)
    label = _label(prediction[-1])
    others = [finding.title for finding in found if finding.name != sick.name]
    also = f" What it finds besides: {', '.join(others)}." if others else ""
    if still is not None:
        told = f"Run {shot.run_id} with {label}: “{still.title}” is still there. {still.evidence}"
    else:
        loss = shot.reports[-1].validation_loss_nats
        told = (
            f"Run {shot.run_id} with {label}: the finding is gone after {shot.step:,} steps, the "
            f"validation loss is {loss:.2f} nats.{also}\nWhy it was there: {sick.cause}"
        )
    return Outcome(still is None, told)


def _flow(title: str, run: RunSnapshot | None) -> Figure:
    """The newest probe's flow by lag, under a title that is short enough for half the width."""
    probe = run.probes[-1] if run is not None and run.probes else None
    figure = profile_chart(probe, (run.config if run else _START).unrollings)
    figure["layout"]["title"]["text"] = title
    return figure


def _sick() -> Recorded:
    return recorded_runs(_PRESET)[0]


def _finding(run: Recorded) -> Finding:
    """The gravest."""
    return diagnose(run.snapshot)[0]


def _changed(name: str) -> TrainingConfig:
    return _START.changed(**{name: _CHANGES[name]})


def _label(name: str) -> str:
    before, after = (
        value_name(value) if isinstance(value, str) else f"{value:g}" if value else "off"
        for value in (getattr(_START, name), _CHANGES[name])
    )
    return f"{FIELDS[name]}: {after} instead of {before}"
