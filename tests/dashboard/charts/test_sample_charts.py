"""Charts of characters and scores: what they draw, value by value."""

import numpy as np
import pandas as pd
from checked import Checked

from core.palette import OCHRE, VIOLET
from dashboard.charts import sample
from dashboard.charts.sample import LABELS

charts = Checked(sample)
next_character_chart = charts.next_character_chart
bits_chart, words_chart = charts.bits_chart, charts.words_chart

CHANCES = np.arange(27) / 351


def test_each_symbol_has_a_bar_and_the_space_can_be_seen():
    figure = next_character_chart(CHANCES, "Next")
    (bars,) = figure.data
    assert list(bars.x) == LABELS
    assert LABELS[0] == "␣"
    np.testing.assert_array_equal(bars.y, CHANCES)
    assert len(figure.layout.annotations) == 0


def test_the_character_that_came_is_marked_by_colour_pattern_and_word():
    figure = next_character_chart(CHANCES, "Next", drawn=5, verb="given")
    (bars,) = figure.data
    assert [i for i, colour in enumerate(bars.marker.color) if colour == OCHRE] == [5]
    assert [i for i, shape in enumerate(bars.marker.pattern.shape) if shape] == [5]
    (note,) = figure.layout.annotations
    assert (note.text, note.x) == ("given", "e")


def test_the_networks_own_distribution_is_laid_over_where_it_differs():
    own = CHANCES[::-1]
    figure = next_character_chart(CHANCES, "Next", own=own)
    np.testing.assert_array_equal(figure.data[1].y, own)
    assert figure.layout.showlegend
    assert figure.layout.yaxis.range[1] > own.max()


def test_charts_to_compare_can_share_one_height():
    figure = next_character_chart(CHANCES, "Next", highest=0.5)
    assert figure.layout.yaxis.range == (0, 0.5)


def test_the_networks_bits_stand_out():
    table = pd.DataFrame({"name": ["net", "tri"], "bits": [2.1, 2.5], "counts": [False, True]})
    (bars,) = bits_chart(table).data
    assert list(bars.x) == [2.1, 2.5]
    assert bars.marker.color[0] == VIOLET != bars.marker.color[1]
    (without_the_network,) = bits_chart(table[1:]).data
    assert VIOLET not in without_the_network.marker.color


def test_shares_of_words_are_written_beside_their_bars():
    table = pd.DataFrame({"name": ["net"], "share": [0.415], "long_share": [np.nan]})
    long_words, words = words_chart(table).data
    assert (words.x[0], words.text[0]) == (0.415, "42%")
    assert long_words.text[0] == "–"
