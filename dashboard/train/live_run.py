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
from core.records import EventKind, RunStatus
from core.training.snapshot import RunSnapshot
from dashboard.charts import training as charts
from dashboard.charts.frames import events_frame, metrics_frame, reports_frame
from dashboard.charts.losses import written
from dashboard.charts.parts import Figure
from dashboard.charts.shared import Shared
from dashboard.charts.theme import STATUS_COLOURS
from dashboard.widgets.findings import findings_button
from dashboard.widgets.live_chart import live_chart
from dashboard.widgets.look import Look
from dashboard.widgets.plain import plain
from dashboard.widgets.recorded_badge import badge, pictures

_SAMPLES_SHOWN = 12
_NO_REPORT = "The validation loss is read against the dashed lines, once there is one."


def draw_run(snapshot: RunSnapshot | None, look: Look, recorded: str = "") -> None:
    """The whole panel; without a run, the same panel empty.

    Args:
        snapshot: of the run.
        look: of its curves.
        recorded: when and with what it was made, if it came with Unroll.
    """
    with pictures(bool(recorded)):
        _draw(snapshot, look, recorded)


def _draw(snapshot: RunSnapshot | None, look: Look, recorded: str) -> None:
    _status(snapshot, recorded)
    _figures(snapshot, look)
    curves = _curves(snapshot, look)
    revision = f"{snapshot.run_id if snapshot else ''}-{look.unit}-{look.axis}"
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
        unit=look.unit,
        axis=look.axis,
    )
    clip = snapshot.live.clip if snapshot else 0
    return {
        "loss": loss,
        "norm": charts.gradient_chart(metrics, events, clip, axis=look.axis),
        "rate": charts.learning_rate_chart(metrics, events, axis=look.axis),
    }


def _status(snapshot: RunSnapshot | None, recorded: str) -> None:
    if snapshot is None:
        st.progress(0.0, "Ready. Start trains the network; its curves and texts appear below.")
        return
    planned = snapshot.config.steps
    share = min(1.0, snapshot.step / planned) if planned else 1.0
    text = f"step {snapshot.step:,} of {planned:,}"
    if snapshot.progress is not None:
        share, text = min(1.0, snapshot.progress), f"{snapshot.message}: {snapshot.progress:.0%}"
    elif snapshot.status == RunStatus.QUEUED:
        text += " · waiting for a free place to train"
    elif snapshot.status == RunStatus.RUNNING and snapshot.message:
        text = f"{snapshot.message} …"
    if recorded:
        text += f" · {badge(recorded)} Start trains a run of your own."
    st.progress(share, f":{STATUS_COLOURS[snapshot.status]}-badge[{snapshot.status}] {text}")
    if snapshot.status in (RunStatus.DIVERGED, RunStatus.FAILED):
        st.error(plain(snapshot.message), icon=":material/error:")
    elif snapshot.message and snapshot.status in (RunStatus.PAUSED, RunStatus.INTERRUPTED):
        st.warning(plain(snapshot.message))  # a full disk, or a process that ended
    changes = [
        event
        for event in snapshot.events
        if event.kind.live_change or event.kind == EventKind.REFUSED
    ]
    if changes and changes[-1].kind == EventKind.REFUSED and snapshot.status.active:
        st.warning(plain(changes[-1].text))


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
        help=f"Mean of the last {MEAN_STEPS} steps.",
    )
    columns[1].metric(
        f"Validation, {look.unit}",
        written(validation, look.unit) if validation is not None else "–",
    )
    columns[2].metric(
        "Clipped steps", f"{history.clipped_share(MEAN_STEPS):.0%}" if trained else "–"
    )
    columns[3].metric("Steps a second", f"{pace:,.0f}" if pace else "–")
    columns[4].metric("Time left", _duration(left))
    st.caption(_in_words(snapshot, validation))


def _in_words(snapshot: RunSnapshot | None, validation: float | None) -> str:
    """Where the loss stands among the lines, what is used of the past, and what trains."""
    if snapshot is None:
        return _NO_REPORT
    sentence = _NO_REPORT
    if validation is not None and snapshot.floors and snapshot.step:
        newest = snapshot.contexts[-1] if snapshot.contexts else None
        sentence = standing(validation, snapshot.floors, newest)
    elif snapshot.step:
        sentence = "The first report is yet to come."
    if snapshot.device:
        sentence += f" Trains on the {snapshot.device.upper()}: {snapshot.device_reason}."
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
            st.code(report.sample, language=None, wrap_lines=True)


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    return str(timedelta(seconds=round(seconds)))
