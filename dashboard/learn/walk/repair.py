"""Step 7: the published first weights, diagnosed: change one setting so that the finding goes."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from core.config import PRESETS, TrainingConfig
from core.history import History
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
_STEPS = 300
_START = PRESETS[_PRESET].config.changed(steps=_STEPS, report_every=100, probe_every=100)
_CHANGES = {
    "clip": 0.0,
    "learning_rate": 0.25,
    "unrollings": 10,
    "init": "zero-mean",
    "activation": "tanh",
}


def question() -> Choice:
    """Which single change makes the finding go."""
    _early()  # without the run there is nothing to repair
    return Choice(
        "Change one setting, so that this finding goes. The run trains here, as many steps "
        f"({_STEPS}), when you commit, and the same rules look at it.",
        {name: _label(name) for name in _CHANGES},
        again=True,
    )


def trains(prediction: Prediction) -> tuple[TrainingConfig, ...]:
    """The run with the change that was tried last."""
    return (_changed(prediction[-1]),)


def draw(answered: Answered) -> None:
    """The finding as the run shows it, cause and remedy left out until it is repaired."""
    sick, early = _sick(), _early()
    finding = _finding(early)
    repaired = answered.outcome is not None and answered.outcome.right
    with st.container(border=True):
        st.markdown(
            f"{badge(recorded_note(sick.run))} {plain(sick.name)}"
            f"\n\n:red-badge[{finding.title}] {plain(finding.evidence)}{_later(sick, finding)}"
            + (f"\n\n**Why:** {plain(finding.cause)}" if repaired else "")
        )
    tried = answered.prediction if answered.outcome else None
    shots = own_runs.ended(trains(tried)) if tried else None
    left, right = st.columns(2) if shots else (st.container(), None)
    with left, pictures(recorded=True):
        live_chart(
            _flow(f"As published, step {_STEPS}", early),
            key="walk_sick",
            height=300,
            alt=f"Flow of the gradient by lag, of the recorded run at step {_STEPS}",
        )
    if right is not None and shots:
        with right:
            live_chart(
                _flow(f"With your change, step {_STEPS}", shots[0]),
                key="walk_repaired",
                height=300,
                alt="Flow of the gradient by lag, of the run with the change that was tried last",
                revision=str(tried),
            )


def outcome(prediction: Prediction) -> Outcome | None:
    """Whether the run with the last change still has the finding."""
    shots = own_runs.ended(trains(prediction))
    if shots is None:
        return None
    early, (shot,) = _early(), shots
    sick, found = _finding(early), diagnose(shot)
    still = next((finding for finding in found if finding.name == sick.name), None)
    label = _label(prediction[-1])
    others = [finding.title for finding in found if finding.name != sick.name]
    also = f" What it finds besides: {', '.join(others)}." if others else ""
    if still is not None:
        told = f"Run {shot.run_id} with {label}: “{still.title}” is still there. {still.evidence}"
    else:
        now, before = (run.reports[-1].validation_loss_nats for run in (shot, early))
        told = (
            f"Run {shot.run_id} with {label}: the finding is gone after {shot.step:,} steps, the "
            f"validation loss is {now:.2f} nats; as published it was {before:.2f} at that "
            f"step.{also}\nWhy it was there: {sick.cause}"
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


def _early() -> RunSnapshot:
    """The recorded run's reports, probes and curves up to the step that a repaired one reaches."""
    shot = _sick().snapshot
    return replace(
        shot,
        step=_STEPS,
        history=History().view(),  # no rule that looks at every step is asked about here
        reports=tuple(report for report in shot.reports if report.step <= _STEPS),
        probes=tuple(probe for probe in shot.probes if probe.step <= _STEPS),
        contexts=tuple(context for context in shot.contexts if context.step <= _STEPS),
    )


def _later(sick: Recorded, finding: Finding) -> str:
    """That it stays, after a space; nothing if it does not."""
    shot = sick.snapshot
    stays = finding.name in {one.name for one in diagnose(shot)}
    return f" It is still so at step {shot.step:,}." if stays else ""


def _finding(run: RunSnapshot) -> Finding:
    """The gravest."""
    return diagnose(run)[0]


def _changed(name: str) -> TrainingConfig:
    return _START.changed(**{name: _CHANGES[name]})


def _label(name: str) -> str:
    before, after = (
        value_name(value) if isinstance(value, str) else f"{value:g}" if value else "off"
        for value in (getattr(_START, name), _CHANGES[name])
    )
    return f"{FIELDS[name]}: {after} instead of {before}"
