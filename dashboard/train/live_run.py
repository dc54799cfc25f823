"""A run as it stands: status, figures, curves and samples, drawn from one snapshot.

Reads frozen snapshots only. Drawn again about twice a second while the run is active.
"""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import streamlit as st

from core.history import MEAN_STEPS, History
from core.insight.standing import standing
from core.labels import VALUES
from core.palette import ACTIVATIONS
from core.records import RunStatus
from core.training.snapshot import RunSnapshot
from core.words import WORDS
from dashboard.charts import training as charts
from dashboard.charts.frames import events_frame, metrics_frame, reports_frame
from dashboard.charts.losses import Look, written
from dashboard.charts.parts import Figure
from dashboard.charts.shared import Shared
from dashboard.widgets.findings import findings_button
from dashboard.widgets.live_chart import live_chart
from dashboard.widgets.recorded_badge import pictures
from dashboard.widgets.run_status import ENOUGH, run_status
from dashboard.widgets.verbatim import verbatim

_SAMPLES_SHOWN = 12
_NO_REPORT = "The validation loss is read against the dashed lines, once there is one."


def draw_run(snapshot: RunSnapshot | None, look: Look, ahead: str = "", recorded: str = "") -> None:
    """The whole panel; without a run, the same panel empty.

    Args:
        snapshot: the run.
        look: units and axes.
        ahead: how long the run that is set up would take, where somebody should know before.
        recorded: when and with what the run was made, if it came with Unroll.
    """
    run_status(snapshot, ahead, recorded)
    with pictures(bool(recorded)):
        _draw(snapshot, look)


def _draw(snapshot: RunSnapshot | None, look: Look) -> None:
    _figures(snapshot, look)
    curves = _curves(snapshot, look)
    revision = f"{snapshot.run_id if snapshot else ''}-{look.unit}-{look.axis}-{look.scale}"
    curve, texts = st.columns([3, 2])
    with curve:
        live_chart(
            curves["loss"],
            key="loss",
            height=430,
            alt="Training and validation loss over the run, with what counting reaches",
            revision=revision,
        )
    with texts:
        findings_button(snapshot)
        _samples(reports_frame(snapshot.reports[-_SAMPLES_SHOWN:] if snapshot else ()))
    norms, rates = st.columns([3, 2])
    with norms:
        live_chart(
            curves["norm"],
            key="norm",
            height=320,
            alt="Global norm of the gradient before and after clipping, logarithmic",
            revision=revision,
        )
    with rates:
        live_chart(
            curves["rate"],
            key="rate",
            height=320,
            alt="Learning rate over the run",
            revision=revision,
        )


@st.cache_resource
def _shared_curves() -> Shared[dict[str, Figure]]:
    return Shared()


def _curves(snapshot: RunSnapshot | None, look: Look) -> dict[str, Figure]:
    """The three charts; sessions that watch the same run share them."""
    if snapshot is None:
        return _draw_curves(snapshot, look)
    # A change, a new status or an end shows at once; a few more steps may wait a moment.
    key = (snapshot.run_id, look, snapshot.status, len(snapshot.events), snapshot.live.clip)
    version = (len(snapshot.history), len(snapshot.reports), len(snapshot.floors))
    return _shared_curves().get(key, version, lambda: _draw_curves(snapshot, look))


def _draw_curves(snapshot: RunSnapshot | None, look: Look) -> dict[str, Figure]:
    metrics = metrics_frame(snapshot.history if snapshot else History().view())
    reports = reports_frame(snapshot.reports if snapshot else ())
    events = events_frame(snapshot.events if snapshot else (), metrics)
    activation = snapshot.config.activation if snapshot else "tanh"
    loss = charts.loss_chart(
        metrics,
        reports,
        snapshot.floors if snapshot else {},
        events,
        ACTIVATIONS[activation],
        look,
    )
    clip = snapshot.live.clip if snapshot else 0
    return {
        "loss": loss,
        "norm": charts.gradient_chart(metrics, events, clip, axis=look.axis),
        "rate": charts.learning_rate_chart(
            metrics, events, axis=look.axis, base=snapshot.live.learning_rate if snapshot else None
        ),
    }


def _figures(snapshot: RunSnapshot | None, look: Look) -> None:
    """The run in five numbers and a sentence."""
    history = snapshot.history if snapshot else History().view()
    trained = len(history) > 0
    reports = snapshot.reports if snapshot else ()
    validation = reports[-1].validation_loss_nats if reports else None
    pace = snapshot.steps_per_second if snapshot else None
    left = snapshot.seconds_left if snapshot and snapshot.status == RunStatus.RUNNING else None
    columns = st.columns(5)
    columns[0].metric(
        f"Training loss, {look.unit}",
        written(history.mean_loss(MEAN_STEPS), look.unit) if trained else "–",
        help=f"Mean of the last {MEAN_STEPS} steps. {WORDS['nats']}",
    )
    columns[1].metric(
        f"Validation, {look.unit}",
        written(validation, look.unit) if validation is not None else "–",
        help=f"Of the held-out text, at the last report. Dashed lines are floors. {WORDS['floor']}",
    )
    columns[2].metric(
        "Clipped steps", f"{history.clipped_share(MEAN_STEPS):.0%}" if trained else "–"
    )
    columns[3].metric(
        "Steps a second",
        f"{pace:,.0f}" if pace else "–",
        help=(snapshot and _where(snapshot)) or "Where it trains, and with what, once it does.",
    )
    columns[4].metric("Time left", _duration(left), help=ENOUGH)
    st.caption(_in_words(snapshot, validation))


def _in_words(snapshot: RunSnapshot | None, validation: float | None) -> str:
    """Where the loss stands among the lines, and what is used of the past."""
    if snapshot is None:
        return _NO_REPORT
    sentence = _NO_REPORT
    if validation is not None and snapshot.floors and snapshot.step:
        newest = snapshot.contexts[-1] if snapshot.contexts else None
        sentence = standing(validation, snapshot.floors, newest)
    elif snapshot.step:
        sentence = "The first report is yet to come."
    return sentence


def _where(snapshot: RunSnapshot) -> str:
    """On what and with what it trains, for the help of its pace."""
    sentence = ""
    if snapshot.device:
        sentence += f"Trains on the {snapshot.device.upper()}: {snapshot.device_reason}."
    if snapshot.engine:
        why = f": {snapshot.engine_reason}" if snapshot.engine_reason else ""
        sentence += f" Its engine is {VALUES[snapshot.engine]}{why}."
    return sentence


def _samples(reports: pd.DataFrame) -> None:
    st.markdown("**Samples, newest first**")
    newest = reports.iloc[::-1].head(_SAMPLES_SHOWN)
    if not len(newest):
        st.caption("100 characters that the network writes at every report.")
        return
    with st.container(height=335, border=False):
        for report in newest.itertuples():
            st.caption(f"step {report.step:,}")
            verbatim(report.sample)


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    return str(timedelta(seconds=round(seconds)))
