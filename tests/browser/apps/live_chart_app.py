"""A page with a chart that moves five times a second and two that rest, for a real browser.

Knows nothing of training: its curves are made up.
"""

from pathlib import Path

import numpy as np
import streamlit as st

from core import palette
from dashboard.charts.parts import Figure, curve, emptied, new_figure
from dashboard.charts.theme import LOG_AXIS
from dashboard.runtime.mends import keep_charts_that_a_page_has_drawn
from dashboard.widgets.live_chart import live_chart
from dashboard.widgets.plotly_assets import ensure_plotly_js

keep_charts_that_a_page_has_drawn()  # as the dashboard's server does
ensure_plotly_js(Path(__file__).parent / "static")
st.set_page_config(page_title="Live chart", layout="wide", menu_items={"About": "A test page."})

HEIGHTS = (3.3, 2.85, 2.38, 1.99)  # of the lines; with them there are six curves


def curves(tick: int, unit: str) -> Figure:
    """Six traces of 500 points; each tick moves them by ten steps. In bits, a seventh first.

    The first figure is empty. Later ones ask for a range of losses that grows, and leave that of
    the steps to the data.
    """
    steps = np.arange(500) + 10 * tick
    noise = np.random.default_rng(0).normal(0, 0.08, 500)
    loss = 1.7 + 1.5 * np.exp(-steps / 300)
    figure = new_figure("Loss", "step", "nats", yaxis={"range": (1.0, 3.5 + 0.001 * tick)})
    if tick == 1:
        return emptied(figure, "no steps yet", y_range=(0.0, 3.3))
    if unit == "bits":
        curve(figure, x=steps, y=loss - 0.1, name="mean", line=palette.RUNS[0].line)
    curve(figure, x=steps, y=loss + noise, name="training", line=palette.LOSS.line)
    curve(figure, x=steps, y=loss + 0.1, name="validation", line=palette.VALIDATION.line)
    for height, (name, style) in zip(HEIGHTS, palette.FLOORS.items(), strict=False):
        curve(figure, x=steps, y=np.full(500, height), name=name, line=style.line)
    return figure


running = st.toggle("Update", value=True)
unit = st.radio("Unit", ["nats", "bits"], horizontal=True)
st.session_state.setdefault("tick", 0)


@st.fragment(run_every=0.2 if running else None)
def chart() -> None:
    """Draw the next tick."""
    st.session_state.tick += 1
    st.caption(f"tick {st.session_state.tick}")
    live_chart(
        curves(st.session_state.tick, unit),
        key="loss",
        height=360,
        alt="Two curves that fall towards four floors.",
        revision=unit,
    )


chart()
left, right = st.columns(2)
with left:
    norms = new_figure("Gradient norm", yaxis=LOG_AXIS)
    for style, name, size in (
        (palette.NORM_BEFORE, "before clipping", 3.0),
        (palette.NORM_AFTER, "after", 1.25),
    ):
        wobble = np.abs(np.random.default_rng(1).normal(1, 0.3, 200))
        curve(norms, y=np.minimum(size * wobble, size), name=name, line=style.line)
    clip = {"x": [0, 199], "y": [1.25, 1.25], "mode": "lines", "line": palette.THRESHOLD.line}
    curve(norms, name="clip at 1.25", **clip)
    live_chart(norms, key="norms", alt="Norms before and after clipping.")
with right:
    pair = new_figure("Recall")
    for name, style in palette.ACTIVATIONS.items():
        curve(
            pair,
            x=[8, 12, 16, 20, 32],
            y=[0.99, 0.79 if name == "tanh" else 0.91, 0.48 if name == "tanh" else 0.93, 0.4, 0.1],
            name=name,
            mode="lines+markers",
            line=style.line,
            marker=style.marker,
        )
    live_chart(pair, key="recall", alt="Recall by lag.")
st.write("The page goes on below the charts. " * 200)
