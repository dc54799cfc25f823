"""Charts as Plotly's own objects: they refuse a property or a value that there is not."""

import json
from types import ModuleType
from typing import Any

import plotly.graph_objects as go

from dashboard.widgets.live_chart import figure_payload


class Checked:
    """The chart functions of a module, each figure checked by Plotly and fit to be sent."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        def draw(*arguments: Any, **more: Any) -> go.Figure:
            figure = getattr(self._module, name)(*arguments, **more)
            assert set(figure) == {"data", "layout"}
            json.dumps(figure_payload(figure), allow_nan=False)
            return go.Figure(figure)

        return draw
