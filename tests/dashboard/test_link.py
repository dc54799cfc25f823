"""Arriving by a link, and the link that the address bar shows then."""

import re

import pytest
from visit import ENDLESS, TINY, Visit

from core.config import PRESETS

pytestmark = pytest.mark.usefixtures("own_server")


def test_a_link_sets_every_widget():
    query = {
        **TINY,
        "text": "latch:8",
        "combine": "add",
        "activation": "relu",
        "init": "identity",
        "optimiser": "sgd",
        "learning_rate": 0.3,
        "decay_rate": 0.0005,
        "decay_steps": 7,
        "clip": 0,
        "steps": 50,
        "report_every": 20,
        "seed": 5,
    }
    visit = Visit(preset="arch1", **query)
    assert visit.chosen() == PRESETS["arch1"].config.changed(**query).model_dump()
    assert visit.said("warning") == []


def test_the_address_follows_the_widgets():
    visit = Visit().choose(nodes=64, activation="relu")
    assert visit.page.query_params == {
        "v": "1",
        "preset": "demo",
        "nodes": "64",
        "activation": "relu",
    }


def test_a_step_back_in_the_browser_is_left_alone():
    visit = Visit().choose(nodes=64)
    back = {"v": "1", "preset": "demo"}
    visit.page.query_params = back
    visit.look()
    assert visit.page.query_params == back
    assert visit.chosen()["nodes"] == 64


def test_the_address_and_the_settings_are_back_after_another_page():
    visit = Visit().choose(nodes=64, clip=0.5)
    address = dict(visit.page.query_params)
    visit.page.switch_page("views/sample.py")
    visit.page.query_params = {}  # as Streamlit does on the way to another page
    visit.look()
    visit.page.switch_page("views/train.py")
    visit.look()
    assert visit.page.query_params == address
    assert visit.chosen() == PRESETS["demo"].config.changed(nodes=64, clip=0.5).model_dump()
    assert visit.widget("number_input_clip").value == 0.5


def test_a_bad_link_tells_what_was_not_taken_and_the_page_works():
    visit = Visit(unrollings=0, nodes="many", text="/etc/passwd", preset="best", v=9, seed=3)
    assert len(visit.said("warning")) == 5
    assert visit.chosen() == PRESETS["demo"].config.changed(seed=3).model_dump()
    assert visit.allowed() == ["Start"]


def test_a_link_puts_neither_pictures_nor_links_on_the_page():
    visit = Visit(preset="![x](http://a.example/x.png)", nodes="[here](http://a.example)")
    for sentence in (warning.value for warning in visit.page.warning):
        assert not re.search(r"(?<!\\)\[", sentence)
    assert "preset=![x](http://a.example/x.png) is not known" in visit.said("warning")[0]


def test_the_sentences_about_a_link_end_with_the_first_start():
    visit = Visit(**ENDLESS, preset="best")
    visit.start()
    assert visit.said("warning") == []


def test_an_unknown_run_is_told_and_its_settings_are_there():
    visit = Visit(run="c0ffee00", nodes=9)
    assert visit.said("warning") == [
        "Run c0ffee00 is not known here: it was deleted, or the link is from another machine. "
        "Its settings are filled in; Start repeats it."
    ]
    assert visit.chosen()["nodes"] == 9
    assert visit.allowed() == ["Start"]
    assert Visit(run="c0ffee00").said("warning") == [
        "Run c0ffee00 is not known here: it was deleted, or the link is from another machine."
    ]


def test_a_link_to_a_run_shows_that_run():
    ended = Visit(**TINY, steps=3).train_to_the_end()
    Visit(**ENDLESS).start()
    visit = Visit(run=ended.run_id)
    assert "step 3 of 3" in visit.status()
    assert visit.chosen() == ended.snapshot.config.model_dump()
    assert visit.page.query_params["run"] == ended.run_id


def test_a_reload_keeps_settings_that_were_changed_after_the_end():
    visit = Visit(**TINY, steps=3)
    visit.train_to_the_end()
    visit.choose(nodes=20)
    again = Visit(**visit.page.query_params)
    assert again.chosen()["nodes"] == 20
    assert "step 3 of 3" in again.status()
