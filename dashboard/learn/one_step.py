"""Picture 1: one step in numbers, of a small network beside the settings of the Train page."""

from __future__ import annotations

from dashboard import session
from dashboard.learn.toy import toy
from dashboard.widgets.network_picture import equation, shape_text

_draw = toy("one_step")


def one_step() -> None:
    """Draw it. The toy begins as the network of the settings, with 3 nodes and 4 letters."""
    config = session.config()
    names = ("architecture", "combine", "feedback", "activation")
    start = {name: getattr(config, name) for name in names}
    if config.architecture == "arch1":
        start["feedback"] = "teacher"  # without a meaning there; the toy's choices name this one
    shapes = {name: shape_text(sizes) for name, sizes in config.parameter_shapes.items()}
    settings = {"shapes": shapes, "equation": f"On Train: {equation(config)}"}
    _draw(key="one_step", data={"start": start, "settings": settings})
