"""Records as tidy tables. Knows nothing of colours, axes or units: losses are in nats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import numpy as np
import pandas as pd

from core.history import HistoryView
from core.records import Event, ProbeRecord, Report, live_changes


def metrics_frame(history: HistoryView, places: int = 500) -> pd.DataFrame:
    """The steps of a run in at most so many rows, hiding no spike.

    Columns: see `HistoryView.envelope`.
    """
    return pd.DataFrame(history.envelope(places))


def smoothed(metrics: pd.DataFrame, steps: int) -> pd.DataFrame:
    """The same with `loss_mean` averaged over the rows of the last so many steps; 0 leaves it.

    A row whose loss is no finite number stays as it is, and counts in no other.
    """
    if not steps:
        return metrics
    at, losses = metrics["step"].to_numpy(), metrics["loss_mean"].to_numpy()
    firsts = np.searchsorted(at, at - steps, side="right")
    finite = np.isfinite(losses)
    means = losses.copy()
    # Not by differences of sums: after a loss of 1e30 those would hold nothing of the others.
    for place in np.flatnonzero(finite):
        rows = slice(firsts[place], place + 1)
        means[place] = losses[rows][finite[rows]].mean()
    return metrics.assign(loss_mean=means)


def reports_frame(reports: Sequence[Report]) -> pd.DataFrame:
    """A row a report; columns as the fields of `Report`."""
    # Column by column: a table made of rows takes ten times as long, twice a second.
    names = [field.name for field in fields(Report)]
    return pd.DataFrame({name: [getattr(report, name) for report in reports] for name in names})


def events_frame(events: Sequence[Event], metrics: pd.DataFrame) -> pd.DataFrame:
    """The live changes, placed on every axis of `metrics`.

    Columns: step, characters_seen, seconds, kind, value. A change made after step s stands
    where step s stands.
    """
    live = live_changes(events)
    frame = pd.DataFrame(
        {
            "step": [event.step for event in live],
            "kind": [event.kind for event in live],
            "value": [event.value for event in live],
        }
    )
    # Every axis starts at 0, before the first row of the table.
    steps = np.append(0, metrics["step"])
    for axis in ("characters_seen", "seconds"):
        frame[axis] = np.interp(frame["step"], steps, np.append(0.0, metrics[axis]))
    return frame


def probes_frame(probes: Sequence[ProbeRecord]) -> pd.DataFrame:
    """A row a probe; columns as the fields of `ProbeRecord` that are one number, and
    `expected_decay`."""
    names = [field.name for field in fields(ProbeRecord) if field.type in ("int", "float")]
    names.append("expected_decay")
    return pd.DataFrame([[getattr(p, name) for name in names] for p in probes], columns=names)


def flow_frame(probes: Sequence[ProbeRecord], columns: int = 90) -> pd.DataFrame:
    """Gradient flow by lag (index, from 0) and step (columns), in at most so many columns.

    The first and the newest probe are always among them.
    """
    if not probes:
        return pd.DataFrame(index=pd.RangeIndex(0, name="lag"))
    chosen = np.linspace(0, len(probes) - 1, min(columns, len(probes))).round().astype(int)
    flows = np.array([probes[place].flow for place in chosen])  # (C, K+1)
    steps = pd.Index([probes[place].step for place in chosen], name="step")
    return pd.DataFrame(flows.T, index=pd.RangeIndex(flows.shape[1], name="lag"), columns=steps)
