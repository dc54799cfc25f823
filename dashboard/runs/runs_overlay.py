"""Chosen runs over each other: their losses on the same axes, and where their settings differ.

Knows nothing of actions.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from core.palette import RUNS
from core.storage.rows import RunRow
from dashboard.charts.frames import metrics_frame, reports_frame
from dashboard.charts.race import LINES_AND_MARKERS, LaneCurves, race_loss_chart, race_norm_chart
from dashboard.runs.runs_table import configuration_differences
from dashboard.server import find_run
from dashboard.widgets.live_chart import live_chart
from dashboard.widgets.look import look_controls

MOST = len(RUNS)
_LONGEST = 36  # letters of a name in a legend


def overlay(rows: Sequence[RunRow]) -> None:
    """The first few of the chosen runs, drawn together."""
    drawn = [(row, run) for row in rows[:MOST] if (run := find_run(row.id)) is not None]
    names = [row.name for row, _ in drawn]
    look = look_controls()
    lanes = [
        LaneCurves(
            _in_legend(row.name, "" if names.count(row.name) == 1 else f" ({row.id})"),
            style,
            metrics_frame(run.snapshot.history),
            reports_frame(run.snapshot.reports),
        )
        for (row, run), style in zip(drawn, RUNS, strict=False)
    ]
    texts = {row.text_sha256 for row, _ in drawn}
    floors = drawn[0][0].floors if drawn and len(texts) == 1 else {}
    loss, norm = st.columns(2)
    with loss:
        live_chart(
            race_loss_chart(lanes, floors, look),
            key="runs_loss",
            height=380,
            alt="Losses of the chosen runs, with n-gram floors",
            revision="-".join(row.id for row, _ in drawn) + f"{look.unit}{look.axis}{look.scale}",
        )
        st.caption(LINES_AND_MARKERS)
    with norm:
        live_chart(
            race_norm_chart(lanes, axis=look.axis),
            key="runs_norm",
            height=380,
            alt="Gradient norms of the chosen runs, logarithmic",
            revision="-".join(row.id for row, _ in drawn) + look.axis,
        )
    if len(rows) > MOST:
        st.caption(f"The first {MOST} of {len(rows)} are drawn.")
    if len(texts) > 1:
        st.caption("They were trained on different texts: their losses do not compare.")


def _in_legend(name: str, more: str) -> str:
    """Not longer than a legend is wide, and letter by letter: Plotly reads HTML in it."""
    short = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
    return escape(short, quote=False) + more


def settings_table(rows: Sequence[RunRow]) -> None:
    """Where the settings differ."""
    st.markdown("**Where their settings differ**")
    table = configuration_differences(rows)
    if len(table):
        st.dataframe(table, width="content")
    else:
        st.caption("Nowhere: they repeat each other.")
