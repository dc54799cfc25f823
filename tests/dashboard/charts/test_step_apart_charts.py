"""Strips of one step: a row a term, the same colours in all of them."""

import numpy as np
from checked import Checked

from dashboard.charts import step_apart
from dashboard.charts.sample import LABELS

charts = Checked(step_apart)

ROWS = [("x U", np.array([0.5, -3.0, np.nan, np.nan])), ("h", np.array([0.25, -1.0, 1.0, 0.0]))]


def test_a_units_terms_stand_in_its_column_in_the_same_colours():
    figure = charts.unit_strips(ROWS, 2.0, [("see x", 2), ("see h", 2)], 1)
    (strips,) = figure.data
    assert list(strips.y) == ["x U", "h"]
    np.testing.assert_array_equal(strips.z, [row for _, row in ROWS])
    assert (strips.zmin, strips.zmax) == (-2, 2)
    assert list(strips.colorbar.ticktext) == ["≤ −2", "0", "≥ 2"]


def test_what_the_units_see_stands_below_them_and_the_chosen_one_is_pointed_at():
    figure = charts.unit_strips(ROWS, 2.0, [("see x", 2), ("see h", 2)], 1)
    assert list(figure.layout.xaxis.tickvals) == [0.5, 2.5]
    assert list(figure.layout.xaxis.ticktext) == ["see x", "see h"]
    (mark,) = figure.layout.annotations
    assert (mark.text, mark.x) == ("1 ▾", 1)


def test_characters_have_a_column_each_and_full_colour_at_1():
    (strips,) = charts.character_strips("In", [("x", np.eye(27)[3])]).data
    assert list(strips.x) == LABELS
    assert strips.z[0][3] == 1
    assert strips.zmax == 1
