"""Whatever a sentence quotes, the page shows it letter by letter."""

import re

import pytest

from dashboard.widgets.plain import plain


@pytest.mark.parametrize(
    "sentence",
    [
        "*a* `b` $c$ ~~d~~",
        "[here](http://a.example)",
        "![x](y)",
        "<b> &lt;",
        r"C:\notes",
        ":red[e]",
        "# _a_ | b",
    ],
)
def test_a_sentence_is_shown_letter_by_letter(sentence):
    marked_up = plain(sentence)
    assert re.sub(r"\\(.)", r"\1", marked_up).replace("\N{WORD JOINER}", "") == sentence
    assert not re.search(r"(?<!\\)[*`$~\[<&#|]|(?<![\w\\])_", marked_up.replace(r"\\", ""))


@pytest.mark.parametrize("called", ["https://a.example", "www.a.example", "a@b.example", ":100:"])
def test_neither_links_nor_pictures_are_made_of_words(called):
    apart = plain(called)
    assert apart.replace("\N{WORD JOINER}", "") == called
    assert not re.search(r"https?://|www\.\w|@\w|:\w+:", apart)


@pytest.mark.parametrize("line", ["- a", "+ a", "1. a", "2) a"])
def test_no_sentence_begins_a_list(line):
    assert re.fullmatch(r"\d?\\[-+.)] a", plain(line))


def test_a_sentence_is_one_line():
    assert plain("a\n# b ") == r"a \# b "


def test_an_ordinary_sentence_stays_as_it_is():
    sentence = "batch_size=0 is not allowed: choose a whole number from 1 to 1,024."
    assert plain(sentence) == sentence
