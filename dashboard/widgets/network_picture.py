"""A network unrolled over three steps, as a picture: boxes, arrows, shapes and its equation.

What is drawn follows from a configuration alone; where things stand is `network_picture.js`'s.
Knows no page and no run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from core.config import ALPHABET_SIZE, TrainingConfig
from core.labels import value_name
from dashboard.widgets import present

_HEIGHT = 340

BACK = {"h": "hₜ₋₁", "y": "yₜ₋₁", "p": "pₜ₋₁"}
"""What comes back, as the equation writes it."""

_here = Path(__file__)
_component = st.components.v2.component(
    "unroll_network_picture",
    css=_here.with_suffix(".css").read_text(encoding="utf-8"),
    js=_here.with_suffix(".js").read_text(encoding="utf-8"),
)


def network_picture(config: TrainingConfig, *, key: str) -> None:
    """Draw a network, or draw it anew where it stands.

    Args:
        config: whose network.
        key: unique on the page.
    """
    height = round(_HEIGHT * (present.LARGER if present.is_on() else 1))
    _component(key=key, data=picture_of(config) | {"height": height}, height=height)


def picture_of(config: TrainingConfig) -> dict[str, Any]:
    """What the picture says and which arrows it has.

    Keys: `comes_back`, see there; `weights`, a label for each arrow's matrix with its shape;
    `sizes`, of input, hidden layer and output; `equation`; `caption`.
    """
    shapes = config.parameter_shapes
    weights = {name: f"{name}  {shape_text(shapes[name])}" for name in ("U", "W", "V")}
    return {
        "comes_back": comes_back(config),
        "weights": weights,
        "sizes": {"x": ALPHABET_SIZE, "h": config.hidden_size, "p": ALPHABET_SIZE},
        "equation": equation(config),
        "caption": _caption(config),
    }


def equation(config: TrainingConfig) -> str:
    """A step of the network in a line, in the letters of `core/networks/reference.py`."""
    phi = value_name(config.activation)
    back = BACK[comes_back(config)]
    inside = {
        "concat": f"[xₜ U ; {back} W] + b",
        "add": f"xₜ U + {back} W + b",
        "multiply": f"(xₜ U) ∘ ({back} W) + b",
    }[config.combine]
    return f"hₜ = {phi}({inside}),   pₜ = softmax(hₜ V + c)"


def shape_text(shape: tuple[int, ...]) -> str:
    """A shape as people write it: "200 × 100"."""
    return " × ".join(str(size) for size in shape)


def comes_back(config: TrainingConfig) -> str:
    """What goes into the next step: the hidden layer h, the true output y or the own output p."""
    if config.architecture == "arch1":
        return "h"
    return "y" if config.feedback == "teacher" else "p"


def _caption(config: TrainingConfig) -> str:
    shapes = config.parameter_shapes
    counts = " + ".join(f"{_product(shape):,} in {name}" for name, shape in shapes.items())
    back = {
        "h": "The previous hidden layer comes back; the dashed arrows are the way of the "
        "gradient, which ends after T steps.",
        "y": "The true previous output comes back, which is the very character that is read: no "
        "gradient goes from step to step.",
        "p": "The network's own previous output comes back, and with it a gradient.",
    }[comes_back(config)]
    return (
        f"{back} All {config.unrollings} copies share the same {config.parameter_count:,} "
        f"parameters: {counts}."
    )


def _product(shape: tuple[int, ...]) -> int:
    product = 1
    for size in shape:
        product *= size
    return product
