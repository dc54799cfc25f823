"""The clipping microscope: the last steps' gradient norms, one by one. Reads snapshots only."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.history import History
from core.training.snapshot import RunSnapshot
from dashboard.charts import norms as norm_charts
from dashboard.widgets.live_chart import live_chart

_STEPS = 300


def clipping_microscope(snapshot: RunSnapshot | None) -> None:
    """Norms before and after clipping, their histogram, and what stands out."""
    st.subheader("Clipping microscope")
    history = snapshot.history if snapshot else History().view()
    steps, before, after = (
        history.column(name)[-_STEPS:] for name in ("step", "grad_norm", "grad_norm_clipped")
    )
    clip = snapshot.live.clip if snapshot else 0.0
    shown = dict.fromkeys(("Clipped, last steps", "Median norm", "Largest spike", "at step"), "–")
    if len(history):
        spike, at = history.largest_norm()
        shown = {
            "Clipped, last steps": f"{float(np.mean(after < before)):.0%}",
            "Median norm": f"{np.median(before):.3g}",
            "Largest spike": f"{spike:.3g}",
            "at step": f"{at:,}",
        }
    for column, (label, value) in zip(st.columns(4), shown.items(), strict=True):
        column.metric(label, value)
    left, right = st.columns(2)
    revision = snapshot.run_id if snapshot else ""
    with left:
        live_chart(
            norm_charts.clipping_chart(steps, before, after, clip),
            key="microscope",
            height=340,
            alt="Gradient norm of each of the last steps before and after clipping",
            revision=revision,
        )
    with right:
        live_chart(
            norm_charts.norm_histogram(before, clip),
            key="norm_histogram",
            height=340,
            alt="Histogram of the gradient norms of the last steps",
            revision=revision,
        )
    st.caption(
        f"The last {_STEPS} steps; the spike is the whole run's largest. Clipping keeps the "
        "gradient's direction and cuts its length, so that one bad window cannot throw the "
        "weights away. It does nothing against a gradient that vanishes."
    )
