"""Whatever a sentence quotes, the page shows it letter by letter."""

import re

import pytest

from dashboard.components.plain import plain


@pytest.mark.parametrize(
    "sentence",
    ["*a* `b` $c$ ~~d~~", "[here](http://a.example)", "![x](y)", "<b>", r"C:\notes", ":red[e]"],
)
def test_a_sentence_is_shown_letter_by_letter(sentence):
    marked_up = plain(sentence)
    assert re.sub(r"\\(.)", r"\1", marked_up) == sentence
    assert not re.search(r"(?<!\\)[*`$~\[<]", marked_up.replace(r"\\", ""))


def test_an_ordinary_sentence_stays_as_it_is():
    sentence = "batch_size=0 is not allowed: choose a whole number from 1 to 1,024."
    assert plain(sentence) == sentence
