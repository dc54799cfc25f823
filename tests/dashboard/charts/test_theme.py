"""The palette can be read: on both backgrounds, and by colour-blind eyes."""

import tomllib
from itertools import combinations
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest

from core import palette
from dashboard.charts import theme

CONFIG = tomllib.loads(
    (Path(__file__).parents[3] / ".streamlit" / "config.toml").read_text(encoding="utf-8")
)

ROLES = {
    "loss": palette.LOSS,
    "validation": palette.VALIDATION,
    "norm before": palette.NORM_BEFORE,
    "norm after": palette.NORM_AFTER,
    "threshold": palette.THRESHOLD,
    "learning rate": palette.LEARNING_RATE,
    "event": palette.EVENT,
    **palette.FLOORS,
    **{f"run {number}": style for number, style in enumerate(palette.RUNS, 1)},
}
ROLES |= {f"run's colour {c}": palette.Style(c) for c in palette.RUN_COLOURS}
STYLES = {**ROLES, **palette.ACTIVATIONS}

# Linear RGB as the three kinds of dichromats see it (Machado, Oliveira, Fernandes 2009,
# severity 1).
EYES = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}


def linear(color):
    """sRGB "#RRGGBB" -> linear red, green, blue in 0..1."""
    channels = np.array([int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    """The ratio of WCAG 2: 1 for the same colour, 21 for black on white."""
    dark, light = sorted(linear(color) @ [0.2126, 0.7152, 0.0722] for color in (one, other))
    return (light + 0.05) / (dark + 0.05)


def oklab(rgb):
    """Linear RGB -> a space where distances are near what eyes see."""
    cones = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    mixing = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    return mixing @ np.cbrt(cones @ np.clip(rgb, 0, 1))


def test_contrast_agrees_with_its_definition():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("role", STYLES)
@pytest.mark.parametrize("background", [palette.LIGHT_BACKGROUND, palette.DARK_BACKGROUND])
def test_every_line_stands_out_from_the_background(role, background):
    assert contrast(STYLES[role].color, background) >= 3


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize(
    "together",
    [
        (palette.TANH, palette.RELU, palette.VALIDATION),
        (palette.LOSS, palette.VALIDATION),
        (palette.NORM_BEFORE, palette.NORM_AFTER),
        palette.RUNS,
    ],
    ids=["activations and validation", "losses", "norms", "runs"],
)
def test_curves_that_share_a_chart_differ_in_colour_for_all_eyes(eyes, together):
    seen = [oklab(EYES[eyes] @ linear(style.color)) for style in together]
    assert min(np.linalg.norm(one - other) for one, other in combinations(seen, 2)) > 0.1


@pytest.mark.parametrize("eyes", EYES)
def test_no_two_colours_of_runs_look_the_same_to_any_eyes(eyes):
    seen = [oklab(EYES[eyes] @ linear(color)) for color in palette.RUN_COLOURS]
    assert min(np.linalg.norm(one - other) for one, other in combinations(seen, 2)) > 0.075


@pytest.mark.parametrize(
    "together",
    [
        tuple(palette.ACTIVATIONS.values()),
        (palette.LOSS, palette.VALIDATION),
        (palette.NORM_BEFORE, palette.NORM_AFTER, palette.THRESHOLD),
        palette.RUNS,
        tuple(palette.FLOORS.values()),
    ],
)
def test_curves_that_share_a_chart_never_differ_in_colour_alone(together):
    marks = {(style.dash, style.symbol, style.width) for style in together}
    assert len(marks) == len(together)


def test_only_tanh_and_relu_have_their_colours():
    others = {style.color for style in ROLES.values()}
    assert others.isdisjoint({palette.TANH.color, palette.RELU.color})


def test_the_floors_are_one_neutral_family_told_apart_by_dash():
    assert len({style.color for style in palette.FLOORS.values()}) == 1
    assert len({style.dash for style in palette.FLOORS.values()}) == 5


def test_plotly_accepts_every_style_and_the_layout():
    figure = go.Figure(layout=theme.base_layout("All", yaxis=theme.LOG_AXIS))
    for style in STYLES.values():
        figure.add_scatter(y=[1, 2], line=style.line, marker=style.marker)
    figure.add_heatmap(z=[[1, 2]], colorscale=theme.HEAT)
    assert len(figure.data) == len(STYLES) + 1


def test_text_is_large_enough_for_a_projector():
    layout = theme.base_layout("Loss")
    assert layout["font"]["size"] >= 14
    assert layout["legend"]["font"]["size"] >= 14
    assert layout["title"]["font"]["size"] >= 14


def test_an_override_keeps_the_rest_of_what_it_changes():
    layout = theme.base_layout(yaxis={"type": "log", "title": {"text": "norm"}}, showlegend=False)
    assert layout["yaxis"]["type"] == "log"
    assert layout["yaxis"]["automargin"] is True
    assert layout["yaxis"]["title"] == {"standoff": 8, "text": "norm"}
    assert layout["showlegend"] is False


def test_the_axes_do_not_share_their_titles():
    layout = theme.base_layout(yaxis={"title": {"text": "norm"}})
    assert "text" not in layout["xaxis"]["title"]


def test_each_layout_is_its_own():
    theme.base_layout(yaxis={"type": "log"})["font"]["size"] = 1
    assert theme.base_layout()["font"]["size"] == theme.TEXT_SIZE
    assert "type" not in theme.base_layout()["yaxis"]


def test_a_layout_holds_neither_a_template_nor_colours_of_the_page():
    layout = theme.base_layout("Loss")
    assert "template" not in layout
    assert "color" not in str({**layout, "colorway": None}).replace("colorway", "")


def test_the_pages_theme_has_the_same_backgrounds_and_series():
    settings = CONFIG["theme"]
    assert settings["light"]["backgroundColor"] == palette.LIGHT_BACKGROUND
    assert settings["dark"]["backgroundColor"] == palette.DARK_BACKGROUND
    assert settings["chartCategoricalColors"] == [style.color for style in palette.RUNS]


@pytest.mark.parametrize("base", ["light", "dark"])
def test_the_pages_text_can_be_read(base):
    colors = CONFIG["theme"][base]
    for background in (colors["backgroundColor"], colors["secondaryBackgroundColor"]):
        assert contrast(colors["textColor"], background) >= 7
        assert contrast(colors["linkColor"], background) >= 4.5
        assert contrast(colors["primaryColor"], background) >= 3
