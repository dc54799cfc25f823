"""What every page listens for: keys, the focus in a row of commands, steps in the history.

It also begins to load the chart library: the first chart would ask for it a second later, and a
page waits for nothing longer.

Knows no page.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard.widgets import present
from dashboard.widgets.es_module import es_module
from dashboard.widgets.plotly_assets import CHART_SCRIPT, PLOTLY_FILE

# Who draws with the library hears of what went wrong, and says so.
_BEGIN = f"""
{CHART_SCRIPT}.then((chart) => chart.loadPlotly("{PLOTLY_FILE}")).catch(() => {{}})
"""
_script = st.components.v2.component(
    "unroll_page_script", js=es_module(Path(__file__).with_suffix(".js")) + _BEGIN
)


def page_script() -> None:
    """Listen; `page.css` gives it no room."""
    _script(key="page_script", data={"present": present.is_on()}, height=1)
