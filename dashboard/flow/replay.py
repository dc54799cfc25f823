"""The last 50 steps before a run diverged, or before its worst spike, and a way on.

Divergence is a lesson: what grew, which number was the first that no float could hold, and what
clipping would have left of the step.
"""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.errors import UnrollError
from core.insight.diagnosis import diagnose
from core.insight.findings import CLIP
from core.records import Divergence, RunStatus
from core.training.restart import REPLAY_STEPS, with_clipping
from core.training.snapshot import RunSnapshot, WatchedRun
from dashboard import session
from dashboard.charts import norms as norm_charts
from dashboard.server import library
from dashboard.widgets.live_chart import live_chart

_LARGE_RATE = 1.0  # above it even a clipped gradient makes a long step


def replay_panel(run: WatchedRun | None) -> None:
    """Nothing for a run that is well."""
    if run is None or not len(run.snapshot.history):
        return
    snapshot = run.snapshot
    diverged = snapshot.status == RunStatus.DIVERGED
    if diverged:
        rows = len(snapshot.history.column("step"))
        st.subheader(f"How it diverged at step {snapshot.step + 1:,}")
    elif any(f.name == "exploding" and f.severity == "error" for f in diagnose(snapshot)):
        rows = int(np.argmax(snapshot.history.column("grad_norm_clipped"))) + 1
        step = snapshot.history.first_whole + rows
        st.subheader(f"How the gradient exploded at step {step:,}")
    else:
        return
    chart, text = st.columns([3, 2])
    with chart:
        _draw(snapshot, rows)
    with text:
        if not diverged:
            norm = float(snapshot.history.column("grad_norm")[rows - 1])
            st.markdown(
                f"Up to step {step:,}, whose gradient had a norm of **{norm:.3g}**. Clipping at "
                f"{CLIP:g} would have left {_part(CLIP / norm)} of it: the same direction, a "
                "harmless length."
            )
            return
        if snapshot.divergence is None:
            st.markdown(
                f"These are the steps before it. Step {snapshot.step + 1:,} itself was taken "
                "apart by the process that trained the run, and is not kept."
            )
        else:
            st.markdown(_what_failed(snapshot.divergence))
            if not _clipped_already(snapshot):
                st.markdown(_what_clipping_leaves(snapshot, snapshot.divergence))
        _way_on(run)


def _way_on(run: WatchedRun) -> None:
    """The button that trains on with clipping, if that was not on already."""
    snapshot = run.snapshot
    if _clipped_already(snapshot):
        st.markdown(
            f"Clipping was on already, at {snapshot.live.clip:g}, but it needs a gradient that can "
            "be worked out. What helps now is a learning rate below "
            f"{snapshot.live.learning_rate:g}."
        )
        return
    if not _can_repeat(run):
        return
    after = max(0, snapshot.step - REPLAY_STEPS)
    begins = f" from step {after:,} on" if after else ""
    label = f"Train it again as a new run, with clipping at {CLIP:g}{begins}"
    st.button(
        label,
        type="primary",
        icon=":material/history:",
        on_click=_repeat,
        args=(run,),
        key="restart",
    )


def _draw(snapshot: RunSnapshot, rows: int) -> None:
    last = slice(max(0, rows - REPLAY_STEPS), rows)
    history = snapshot.history
    live_chart(
        norm_charts.replay_chart(
            *(history.column(name)[last] for name in ("step", "loss_nats", "grad_norm"))
        ),
        key="replay",
        height=340,
        alt="Loss and gradient norm of the last 50 steps, on a logarithmic axis",
        revision=snapshot.run_id,
    )


def _clipped_already(snapshot: RunSnapshot) -> bool:
    """Whether the offered clipping would change nothing."""
    return 0 < snapshot.live.clip <= CLIP


def _what_failed(found: Divergence) -> str:
    where = (
        f", and it started at place t = **{found.place}** of {found.unrollings}"
        if found.place
        else ""
    )
    return (
        f"Step {found.step:,} was not taken: **{found.tensor}** was the first to hold a number "
        f"that is no finite number{where}. The weights are those of the step before."
    )


def _what_clipping_leaves(snapshot: RunSnapshot, found: Divergence) -> str:
    left = found.share_left(CLIP)
    if left is not None:
        return (
            f"Worked out with wider numbers (float64), the step's gradient has a norm of "
            f"**{found.grad_norm:.3g}**. Clipping at {CLIP:g} would have left "
            f"{_part(left)} of it: the same direction, {_length(snapshot)}."
        )
    worst, step = snapshot.history.largest_norm()
    return (
        "Not even wider numbers (float64) hold this step's gradient, so clipping it comes too "
        f"late. It helps in the steps before: of the norm of {worst:.3g} at step "
        f"{step:,} it would have left {_part(min(1.0, CLIP / worst))}."
    )


def _length(snapshot: RunSnapshot) -> str:
    """What a clipped gradient is worth: the learning rate may make a long step of it still."""
    rate = snapshot.live.learning_rate
    if rate <= _LARGE_RATE:
        return "a harmless length"
    return f"and a length of {CLIP:g}; but the learning rate of {rate:g} is large as well"


def _part(share: float) -> str:
    if share >= 1:
        return "all"
    return f"{100 * share:.0f} %" if share >= 0.01 else f"one part in {1 / share:.2g}"


def _can_repeat(run: WatchedRun) -> bool:
    """Weights that were given from outside are not kept with the run."""
    try:
        return not library().holder(run.run_id).get(run.run_id).given_weights
    except UnrollError:  # deleted since
        return False


def _repeat(run: WatchedRun) -> None:
    watched = session.watched_run()
    if watched is None or watched.run_id != run.run_id:
        return  # the second click of a double click
    config, planned = with_clipping(run.snapshot, CLIP)
    session.plan(planned)
    session.set_config(config)
    session.start(config)
