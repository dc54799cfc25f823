"""What every page listens for: keys, the focus in a row of commands, steps in the history, and
where a page begins.

Where charts are seen first it also begins to load their library: the first chart would ask for it a
second later, and a page waits for nothing longer. Elsewhere, what is read would wait for it.

Knows no page.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from dashboard.widgets import present
from dashboard.widgets.es_module import es_module
from dashboard.widgets.plotly_assets import CHART_SCRIPT, PLOTLY_FILE

# Who draws with the library hears of what went wrong, and says so.
_BEGIN = f"""
function beginCharts() {{
  {CHART_SCRIPT}.then((chart) => chart.loadPlotly("{PLOTLY_FILE}")).catch(() => {{}})
}}
"""
_script = st.components.v2.component(
    "unroll_page_script", js=es_module(Path(__file__).with_suffix(".js")) + _BEGIN
)


def page_script(chartless: Sequence[str]) -> None:
    """Listen; `page.css` gives it no room.

    Args:
        chartless: the last parts of the addresses of pages that begin with something else.
    """
    # One string: Streamlit loads pandas to see whether what is in a list are tables.
    data = {"present": present.is_on(), "chartless": " ".join(chartless)}
    _script(key="page_script", data=data, height=1)
