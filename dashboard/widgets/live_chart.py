"""A Plotly chart that is updated in place.

Knows nothing of runs or records: it draws the figure it is given. `st.plotly_chart` throws
its chart away and draws a new one whenever the data change, and with it the zoom, the
hover and the traces hidden in the legend. This component draws once, in live_chart.js, and
updates after that.

The server keeps no state: each call sends the whole figure, and arrays travel as base64 of
32-bit numbers, 5.3 bytes each.
"""

from __future__ import annotations

import base64
import math
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from dashboard.charts.parts import Figure
from dashboard.widgets import present
from dashboard.widgets.plotly_assets import CHART_SCRIPT, PLOTLY_FILE
from dashboard.widgets.recorded_badge import described, marked

_LOADER = f"""
export default async (component) => {{
  let chart
  try {{
    chart = await {CHART_SCRIPT}
  }} catch {{
    component.parentElement.textContent =
      "This chart's script could not be loaded. Reload the page, or restart the dashboard."
    return
  }}
  return chart.default(component, "{PLOTLY_FILE}")
}}
"""

# isolate_styles=False: Plotly writes its style sheet into the document's head, where a
# shadow root would not see it.
_component = st.components.v2.component(
    "unroll_live_chart",
    css=(Path(__file__).with_suffix(".css")).read_text(encoding="utf-8"),
    js=_LOADER,
    isolate_styles=False,
)


def live_chart(
    figure: Figure,
    *,
    key: str,
    height: int = 320,
    alt: str = "",
    revision: str = "",
) -> None:
    """Draw `figure`, or update the chart that stands at this place on the page.

    Zoom and pan last until `revision` changes: give it whatever makes the axes mean
    something else, such as the run or the unit. They also end when the figure itself asks
    for another axis range, so let Plotly choose ranges that grow. A trace hidden in the
    legend stays hidden as long as its name does.

    Colours of text, grid and background come from the page's theme where the figure sets
    none.

    Args:
        figure: from `dashboard.charts`; it is left as it is.
        key: unique on the page.
        height: pixels, reserved from the first paint.
        alt: what the chart shows, in words, for those who cannot see it.
    """
    if present.is_on():
        height = round(height * present.LARGER)
    _component(
        key=key,
        data={
            "figure": figure_payload(marked(figure)),
            "height": height,
            "alt": described(alt),
            "revision": revision,
        },
        height=height,
    )


def figure_payload(figure: Figure) -> Figure:
    """`figure` as values that JSON can carry.

    Arrays of numbers become Plotly's `{"dtype", "bdata"}`, in 32 bits where that loses no more
    than precision. Numbers that are not finite become gaps.
    """
    return {name: _plain(part) for name, part in figure.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, np.ndarray):
        packed = _packed(value)
        return _plain(value.tolist()) if packed is None else packed
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None  # JSON has no word for it
    return value


def _packed(numbers: np.ndarray) -> dict[str, str] | None:
    """An array of numbers as Plotly packs it; None where it has to travel as a list."""
    kind = "f4"
    if numbers.dtype.kind in "iu":
        if (numbers.astype(np.float32) != numbers).any():
            return None
    elif numbers.dtype.kind != "f":
        return None
    elif numbers.dtype != np.float32:
        sizes = np.abs(numbers[np.isfinite(numbers) & (numbers != 0)])
        limits = np.finfo(np.float32)
        # Beyond these a number would overflow, or vanish from a logarithmic axis.
        if sizes.size and (sizes.min() < limits.tiny or sizes.max() > limits.max):
            kind = "f8"
    data = base64.b64encode(numbers.astype(f"<{kind}").tobytes()).decode("ascii")
    packed = {"dtype": kind, "bdata": data}
    return packed if numbers.ndim == 1 else packed | {"shape": str(numbers.shape).strip("()")}
