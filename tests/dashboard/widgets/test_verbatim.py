"""A text that is shown as it is."""

from streamlit.testing.v1 import AppTest
from verbatim import verbatims

TEXTS = ["  two lines,\n\nand <b>signs</b> & more", "\nbegins empty", ""]


def texts(given):
    from dashboard.widgets.verbatim import verbatim

    for text in given:
        verbatim(text)
    verbatim("as long as it is", wrap=False, height=120)


def test_a_text_is_shown_with_its_spaces_and_its_signs_and_never_as_markup():
    app = AppTest.from_function(texts, args=(TEXTS,)).run()
    assert not app.exception
    assert verbatims(app) == [*TEXTS, "as long as it is"]
    bodies = [html.proto.body for html in app.get("html")]
    assert "<b>" not in "".join(bodies)
    assert bodies[-1].startswith('<pre class="verbatim unbroken" style="height: 120px">')
