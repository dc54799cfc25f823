"""What the picture of a network says: the shapes, the way back and the equation of its settings."""

import pytest

from core.config import PRESETS
from dashboard.widgets.network_picture import picture_of

ARCH1, ARCH2 = PRESETS["arch1"].config, PRESETS["arch2"].config


@pytest.mark.parametrize(
    ("config", "comes_back", "equation"),
    [
        (ARCH1, "h", "hₜ = ReLU([xₜ U ; hₜ₋₁ W] + b)"),
        (ARCH1.changed(combine="add"), "h", "hₜ = ReLU(xₜ U + hₜ₋₁ W + b)"),
        (
            ARCH1.changed(combine="multiply", activation="tanh"),
            "h",
            "hₜ = tanh((xₜ U) ∘ (hₜ₋₁ W) + b)",
        ),
        (ARCH2, "y", "hₜ = tanh([xₜ U ; yₜ₋₁ W] + b)"),
        (ARCH2.changed(feedback="free"), "p", "hₜ = tanh([xₜ U ; pₜ₋₁ W] + b)"),
    ],
)
def test_each_network_has_its_way_back_and_its_equation(config, comes_back, equation):
    picture = picture_of(config)
    assert picture["comes_back"] == comes_back
    assert picture["equation"] == f"{equation},   pₜ = softmax(hₜ V + c)"


def test_shapes_and_counts_are_those_of_the_settings():
    picture = picture_of(ARCH1)
    assert picture["weights"] == {"U": "U  27 × 100", "W": "W  200 × 100", "V": "V  200 × 27"}
    assert picture["sizes"] == {"x": 27, "h": 200, "p": 27}
    assert "All 40 copies share the same 28,327 parameters" in picture["caption"]
    assert "2,700 in U + 20,000 in W + 200 in b + 5,400 in V + 27 in c" in picture["caption"]


def test_under_teacher_forcing_the_picture_says_that_no_gradient_goes_back():
    assert "no gradient goes from step to step" in picture_of(ARCH2)["caption"]
