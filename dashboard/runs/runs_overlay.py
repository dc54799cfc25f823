"""Chosen runs over each other: their losses on the same axes, and where their settings differ.

Knows nothing of actions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html import escape

import streamlit as st

from core.palette import RUNS, Style
from core.storage.rows import RunRow
from core.training.snapshot import RunSnapshot
from dashboard.charts.frames import events_frame, metrics_frame, reports_frame, smoothed
from dashboard.charts.race import (
    CHANGES,
    LINES_AND_MARKERS,
    LaneCurves,
    race_loss_chart,
    race_norm_chart,
)
from dashboard.runs.run_colours import MOST, run_colours
from dashboard.runs.runs_table import configuration_differences
from dashboard.server import find_run
from dashboard.widgets.held import held
from dashboard.widgets.live_chart import live_chart
from dashboard.widgets.look import look_controls

_SMOOTHING = (0, 300, 1_000, 3_000, 10_000)  # steps
_LONGEST = 36  # letters of a name in a legend


def overlay(rows: Sequence[RunRow]) -> None:
    """The first few of the chosen runs, drawn together."""
    drawn = [(row, run) for row in rows[:MOST] if (run := find_run(row.id)) is not None]
    names, colours = [row.name for row, _ in drawn], run_colours(rows)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        look = look_controls()
        steps = _smoothing()
    lanes = [
        _curves(
            _in_legend(row.name, "" if names.count(row.name) == 1 else f" ({row.id})"),
            replace(style, color=colours[row.id]),
            run.snapshot,
            steps,
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
        st.caption(_what_is_drawn(steps, lanes))
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


def _smoothing() -> int:
    """Steps that the training lines are averaged over once more; 0 for none."""
    return held(
        st.select_slider,
        "Smoothing",
        _SMOOTHING,
        format_func=lambda steps: f"{steps:,} steps" if steps else "none",
        key="runs_smoothing",
        width=260,
        help="Draws each point of a training line as the mean of the points of the last so many "
        "steps. Validation losses and gradient norms stay as they were measured.",
        persist_state="session",
    )


def _curves(name: str, style: Style, snapshot: RunSnapshot, steps: int) -> LaneCurves:
    metrics = metrics_frame(snapshot.history)
    return LaneCurves(
        name,
        style,
        smoothed(metrics, steps),
        reports_frame(snapshot.reports),
        events=events_frame(snapshot.events, metrics),
    )


def _what_is_drawn(steps: int, lanes: Sequence[LaneCurves]) -> str:
    sentences = [LINES_AND_MARKERS]
    if steps:
        sentences.append(
            f"Smoothed: each point of a line is the mean of its points of the last {steps:,} steps."
        )
    if any(lane.events is not None and len(lane.events) for lane in lanes):
        sentences.append(CHANGES)
    return " ".join(sentences)


def _in_legend(name: str, more: str) -> str:
    """Not longer than a legend is wide, and letter by letter: Plotly reads HTML in it."""
    short = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
    return escape(short, quote=False) + more


def settings_table(rows: Sequence[RunRow]) -> None:
    """Where the settings differ."""
    st.markdown("**Where their settings differ**")
    table = configuration_differences(rows)
    if len(table):
        names = {"_index": st.column_config.TextColumn(width=120)}
        st.dataframe(table, width="content", column_config=names)
    else:
        st.caption("Nowhere: they repeat each other.")
