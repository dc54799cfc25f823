"""The second measure of a latch grid: horizons on real text, before training and after it.

Reads a judgement only. Drawn again about once a second while the sweep is active.
"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.experiments.horizons import HORIZON_RULE, MOMENTS, Horizons
from dashboard.charts.horizons import Styles, horizon_chart
from dashboard.widgets.live_chart import live_chart
from dashboard.widgets.plain import plain

_MEANS = ["line", "moment", "mean", "low", "high"]
_SEEDS = ["line", "moment", "seed", "horizon"]


def draw_horizons(found: Horizons, styles: Styles) -> None:
    """The panel: what was measured beside what it says.

    Args:
        found: what is known.
        styles: by a line's name.
    """
    st.markdown("##### A second measure: how far a gradient reaches on real text")
    left, right = st.columns([11, 9])
    with left:
        live_chart(
            horizon_chart(*_tables(found), styles, found.after, found.lags),
            key="horizons",
            height=400,
            alt="Horizon of each line before training and after it, means with intervals and seeds",
            revision=str(hash(found.plan)),
        )
        st.caption(plain(HORIZON_RULE))
    with right:
        for words in filter(None, (found.headline, found.order)):
            st.markdown(plain(words))
        st.caption(plain(found.meaning))


def _tables(found: Horizons) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Means with their intervals, and single seeds, as `horizon_chart` takes them."""
    means, seeds = [], []
    for place, moment in enumerate(MOMENTS):
        for line, horizon in found.by_line[moment].items():
            name, interval = found.plan.line_name(line), horizon.interval
            ends = (interval.low, interval.high) if interval else (None, None)
            means.append((name, place, horizon.mean, *ends))
            seeds += [(name, place, *pair) for pair in horizon.by_seed.items()]
    return pd.DataFrame(means, columns=_MEANS), pd.DataFrame(seeds, columns=_SEEDS)
