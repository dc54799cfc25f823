"""What the picture of the mega batch is about: the beginning of a text, and updates a pass."""

import re
from pathlib import Path

import numpy as np
import pytest

from core.config import PRESETS
from core.data.alphabet import decode
from core.data.corpora import Corpus, load_corpus
from core.errors import TextError
from dashboard.learn import mega_batch as module
from dashboard.learn.mega_batch import mega_batch, picture_of

DEMO = PRESETS["demo"].config
BUILTIN = load_corpus("builtin")


def corpus(characters):
    """A text of which so many characters are trained on."""
    made = Corpus("own:1", "A short text", np.ones(characters + characters // 19, np.uint8))
    assert len(made.training) == characters
    return made


def test_the_ribbon_is_the_beginning_of_what_is_trained_on():
    picture = picture_of(DEMO, BUILTIN)
    assert picture["text"] == decode(BUILTIN.training[:120])
    assert picture["shortest"] == 60
    assert picture["title"] == BUILTIN.title
    assert picture["labels"] == {"B": "Batch size B", "T": "Unrollings T"}


def test_what_is_held_out_is_no_part_of_the_ribbon_or_of_a_pass():
    text = corpus(70)
    picture = picture_of(DEMO, text)
    assert len(text) > 70
    assert len(picture["text"]) == 70
    assert picture["settings"][0]["length"] == 70


def test_a_text_too_short_for_the_ribbon_is_refused_with_a_sentence():
    with pytest.raises(TextError, match="has 59 characters to train on, and the ribbon needs 60"):
        picture_of(DEMO, corpus(59))


@pytest.mark.parametrize(
    ("B", "T", "rows"),
    [
        (32, 25, {"your settings": (32, 25), "B doubled": (64, 25), "T doubled": (32, 50)}),
        (600, 100, {"your settings": (600, 100), "T doubled": (600, 200)}),
        (512, 101, {"your settings": (512, 101), "B doubled": (1024, 101)}),
    ],
)
def test_b_and_t_are_doubled_as_far_as_a_configuration_goes(B, T, rows):
    settings = picture_of(DEMO.changed(batch_size=B, unrollings=T), BUILTIN)["settings"]
    assert {row["name"]: (row["B"], row["T"]) for row in settings} == rows
    assert {row["length"] for row in settings} == {len(BUILTIN.training)}


def test_the_picture_is_sent_whole_and_keeps_its_place_by_its_key(monkeypatch):
    sent = []
    monkeypatch.setattr(module, "_component", lambda **arguments: sent.append(arguments))
    mega_batch(DEMO, BUILTIN, key="k")
    assert sent == [{"key": "k", "data": picture_of(DEMO, BUILTIN), "ask": None}]


@pytest.mark.parametrize(
    "script", sorted(Path(module.__file__).parent.rglob("*.js")), ids=lambda path: path.name
)
def test_the_scripts_put_no_string_on_the_page_as_markup(script):
    markup = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|setHTML|DOMParser|eval|srcdoc"
    assert re.findall(markup, script.read_text(encoding="utf-8")) == []
