"""A refusal stands until it could be read, or until the next try."""

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.widgets import refused


def page():
    """Two buttons, of which one is refused, and what is said of that."""
    import streamlit as st

    from core.errors import RunError
    from dashboard.widgets import refused

    def refuse(what):
        raise RunError(f"{what} is not allowed: choose less.")

    st.button("All", on_click=refused.attempted, args=("here", refuse, "All"))
    st.button("Some", on_click=refused.attempted, args=("here", int))
    st.button("Elsewhere", on_click=refused.attempted, args=("there", int))
    st.text(refused.refusal("here"))


@pytest.fixture
def look():
    """The page, and the sentence on it after a press."""
    shown = AppTest.from_function(page).run()

    def press(label=""):
        for button in shown.button:
            if button.label == label:
                button.click()
        return shown.run().text[0].value

    return press


def test_a_refusal_stays_while_the_page_is_drawn_again(look):
    assert look() == ""
    sentence = "All is not allowed: choose less."
    assert [look("All"), look(), look("Elsewhere")] == [sentence] * 3
    assert look("Some") == ""


def test_a_refusal_goes_once_it_could_be_read(look, monkeypatch):
    assert look("All")
    monkeypatch.setattr(refused, "_READ_SECONDS", 0.0)
    assert look() == ""


def test_the_caller_hears_of_it(monkeypatch):
    monkeypatch.setattr(refused.st, "session_state", {})

    def refuse():
        raise refused.UnrollError("No.")

    assert refused.attempted("here", int)
    assert not refused.attempted("here", refuse)
    with pytest.raises(ValueError, match="invalid literal"):  # a fault of ours is not hidden
        refused.attempted("here", int, "x")
