"""The look for a projector: turned on by a link, it stays on from page to page."""

import json

import pytest
from visit import Visit

from dashboard.widgets import present

pytestmark = pytest.mark.usefixtures("own_server")


def heights(visit):
    sent = [json.loads(element.proto.json) for element in visit.page.get("bidi_component")]
    return {data["alt"]: data["height"] for data in sent if "figure" in data}


def test_charts_are_higher_for_a_room_and_the_link_says_so():
    usual, shown = Visit(), Visit(present=1)
    assert "present" not in usual.page.query_params
    assert shown.page.query_params["present"] == "1"
    for alt, height in heights(usual).items():
        assert heights(shown)[alt] == round(height * present.LARGER)


def test_it_stays_on_over_a_change_of_page_that_drops_the_query():
    visit = Visit(present=1)
    visit.page.switch_page("views/flow.py")
    visit.page.query_params = {}
    visit.look()
    assert visit.page.session_state["present"]
    visit.page.query_params = {"present": "0"}
    assert not visit.look().page.session_state["present"]


def test_what_holds_words_is_as_much_wider_as_their_type_is_larger(monkeypatch):
    assert present.wide(220) == 220
    monkeypatch.setattr(present, "is_on", lambda: True)
    assert present.wide(220) == 330
