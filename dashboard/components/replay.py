"""The last 50 steps before a run diverged, or before its worst spike, and a way back.

Divergence is a lesson: what grew, which number was the first that no float could hold, and what
clipping would have left of the step.
"""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.errors import UnrollError
from core.insight.diagnosis import diagnose
from core.records import Divergence
from core.training.run import Run
from core.training.snapshot import RunSnapshot
from dashboard import norm_charts, session
from dashboard.components.live_chart import live_chart
from dashboard.components.plain import plain

_STEPS = 50
_CLIP = 1.25  # the article's


def replay_panel(run: Run | None) -> None:
    """Nothing for a run that is well."""
    snapshot = run.snapshot if run else None
    if snapshot is None or not len(snapshot.history):
        return
    if snapshot.divergence is not None:
        rows = len(snapshot.history)
        st.subheader(f"How it diverged at step {snapshot.divergence.step:,}")
    elif any(f.name == "exploding" and f.severity == "error" for f in diagnose(snapshot)):
        rows = int(np.argmax(snapshot.history.column("grad_norm_clipped"))) + 1
        st.subheader(f"How the gradient exploded at step {rows:,}")
    else:
        return
    chart, text = st.columns([3, 2])
    with chart:
        _draw(snapshot, rows)
    with text:
        if snapshot.divergence is None:
            norm = float(snapshot.history.column("grad_norm")[rows - 1])
            st.markdown(
                f"Up to step {rows:,}, whose gradient had a norm of **{norm:.3g}**. Clipping at "
                f"{_CLIP:g} would have left {_part(_CLIP / norm)} of it: the same direction, a "
                "harmless length."
            )
            return
        st.markdown(_what_failed(snapshot.divergence))
        st.markdown(_what_clipping_leaves(snapshot))
        back = f"Go back {_STEPS} steps" if rows > _STEPS else "Go back to the start"
        st.button(
            f"{back} and train on with clipping at {_CLIP:g}",
            type="primary",
            icon=":material/history:",
            on_click=_restart,
            args=(run,),
            key="restart",
        )


def _draw(snapshot: RunSnapshot, rows: int) -> None:
    last = slice(max(0, rows - _STEPS), rows)
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


def _what_clipping_leaves(snapshot: RunSnapshot) -> str:
    left = snapshot.divergence.share_left(_CLIP)
    if left is not None:
        return (
            f"Worked out with wider numbers (float64), the step's gradient has a norm of "
            f"**{snapshot.divergence.grad_norm:.3g}**. Clipping at {_CLIP:g} would have left "
            f"{_part(left)} of it: the same direction, a harmless length."
        )
    norms = snapshot.history.column("grad_norm")
    worst = int(np.argmax(norms))
    return (
        "Not even wider numbers (float64) hold this step's gradient, so clipping it comes too "
        f"late. It helps in the steps before: of the norm of {norms[worst]:.3g} at step "
        f"{worst + 1:,} it would have left {_part(min(1.0, _CLIP / float(norms[worst])))}."
    )


def _part(share: float) -> str:
    if share >= 1:
        return "all"
    return f"{100 * share:.0f} %" if share >= 0.01 else f"one part in {1 / share:.2g}"


def _restart(run: Run) -> None:
    try:
        session.watch(session.manager().restart(run, _CLIP))
    except UnrollError as error:
        st.toast(plain(str(error)))
