"""Picture 1: one step in numbers, of a small network beside the settings of the Train page."""

from __future__ import annotations

from dashboard import session
from dashboard.learn.toy import Ask, toy
from dashboard.widgets.network_picture import equation, shape_text

_draw = toy("one_step")


def one_step(ask: Ask | None = None, *, walk: bool = False) -> None:
    """Draw it. The toy begins as the network of the settings, with 3 nodes and 4 letters.

    Args:
        ask: lets the question be put to a room.
        walk: ask for a number of the learner's own network; it begins with the shortest sum.
    """
    config = session.config()
    names = ("architecture", "combine", "feedback", "activation")
    start = {name: getattr(config, name) for name in names}
    if config.architecture == "arch1":
        start["feedback"] = "teacher"  # without a meaning there; the toy's choices name this one
    if walk:
        start |= {"architecture": "arch1", "combine": "add", "feedback": "teacher"}
    shapes = {name: shape_text(sizes) for name, sizes in config.parameter_shapes.items()}
    settings = {"shapes": shapes, "equation": f"On Train: {equation(config)}"}
    key = "walk_one_step" if walk else "one_step"
    _draw(key=key, data={"start": start, "settings": settings, "walk": walk}, ask=ask)
