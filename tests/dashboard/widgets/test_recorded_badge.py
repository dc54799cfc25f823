"""The mark of what is recorded, in the titles of pictures."""

from dashboard.charts.parts import new_figure
from dashboard.widgets.recorded_badge import badge, described, marked, pictures


def title(figure):
    return figure["layout"]["title"]["text"]


def test_pictures_are_marked_in_a_block_of_recorded_ones_alone():
    figure = new_figure("Loss")
    assert marked(figure) is figure
    with pictures(True):
        assert title(marked(figure)) == "Loss · recorded"
        assert described("The loss") == "The loss (recorded)"
        with pictures(False):
            assert marked(figure) is figure
            assert described("The loss") == "The loss"
        assert title(marked(figure)) == "Loss · recorded"
    assert marked(figure) is figure


def test_a_figure_that_is_shared_is_left_as_it_is():
    figure = new_figure("Loss", "Steps")
    with pictures(True):
        copy = marked(figure)
    assert title(figure) == "Loss"
    assert copy["layout"]["xaxis"] is figure["layout"]["xaxis"]


def test_a_figure_without_a_title_stays_without():
    figure = new_figure("")
    with pictures(True):
        assert marked(figure) is figure


def test_the_day_of_a_note_is_shown_letter_by_letter():
    shown = r":violet-badge[:material/history: recorded] \*a\* \[b\]."
    assert badge("*a* [b], on a CPU") == shown
