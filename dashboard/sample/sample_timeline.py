"""A run's own samples in their order: from gibberish to words."""

from __future__ import annotations

from math import log

import numpy as np
import streamlit as st

from core.records import Report
from dashboard.pace import refresh_seconds
from dashboard.sample.sources import Source
from dashboard.server import recorded_note
from dashboard.widgets.held import held
from dashboard.widgets.recorded_badge import tell_recorded
from dashboard.widgets.verbatim import verbatim

_SHOWN = 14


def sample_timeline(source: Source) -> None:
    """The samples that the run drew at its reports, with step and loss."""
    run = source.find_run()
    if run is None:
        st.info("A weight file brings no samples of its own training: choose a run.")
        return
    tell_recorded(recorded_note(run))
    show_all = held(st.toggle, "Every report", key="sample_all_reports", persist_state="session")
    st.caption(
        "100 characters that the network wrote at its reports, the first at the top."
        + ("" if show_all else " The steps between two lines grow with the run.")
    )

    @st.fragment(run_every=2 * refresh_seconds() if source.live else None)
    def timeline() -> None:
        snapshot = run.snapshot
        reports = snapshot.reports if show_all else spread(snapshot.reports, _SHOWN)
        if not reports:
            st.info("This run has not reported yet.")
        for report in reports:
            left, right = st.columns([1, 5], vertical_alignment="center")
            left.markdown(f"step **{report.step:,}**  \n{_loss(report)}")
            with right:
                verbatim(report.sample)
        if source.live and not snapshot.status.active:
            st.rerun()

    timeline()


def spread(reports: tuple[Report, ...], count: int) -> list[Report]:
    """At most so many reports, the first and the last among them, ever further apart: most
    happens early."""
    if len(reports) <= count:
        return list(reports)
    places = np.geomspace(1, len(reports), count).round().astype(int) - 1
    return [reports[place] for place in sorted(set(places.tolist()))]


def _loss(report: Report) -> str:
    bits = report.validation_loss_nats / log(2)
    return f"{bits:.2f} bits" if bits < 1_000 else f"{bits:.1e} bits"
