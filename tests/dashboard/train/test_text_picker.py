"""Choosing a text: one's own is taken, shown and kept, or refused with a sentence."""

import gzip

import pytest
import streamlit as st
from verbatim import verbatims
from visit import PROSE, TINY, Visit

pytestmark = pytest.mark.usefixtures("own_server")


def test_an_upload_is_shown_before_and_after_and_trains():
    visit = Visit(**TINY, steps=5).upload("Cats & rats.txt", b"In 1984, " + PROSE)
    text = visit.chosen()["text"]
    assert text.startswith("own:")
    assert visit.widget("field_text").options[-1] == "Cats & rats.txt"
    assert [text[:9] for text in verbatims(visit.page)] == ["In 1984, ", "in one ni"]
    assert any("4 digits were spelled out" in caption.value for caption in visit.page.caption)
    assert visit.train_to_the_end().snapshot.text_title == "Cats & rats.txt"
    assert Visit(text=text).chosen()["text"] == text


BOMB = gzip.compress(b"a" * 1_000_000) * 201  # 200 kB that unpack to 201 MB


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("e.txt", b"", "e.txt is empty"),
        ("e.txt", b"a\0b", "e.txt is not a text (a zero byte at offset 1)"),
        ("tiny.txt", b"x" * 39, "tiny.txt has 39 characters after normalising and 40 are needed"),
        ("war.txt", "ж".encode() * 9_000 + b"oui" * 9, "Only 0.3% of war.txt is letters"),
        ("cat.txt", b"\x89PNG\r\n", "cat.txt holds a PNG picture"),
        ("e.txt", b"caf\xe9 au lait", "e.txt is not UTF-8 (byte 0xE9 at offset 3)"),
        ("e.txt", "東京".encode(), "Nothing is left of e.txt after normalising"),
        ("e.gz", BOMB, "e.gz holds more than 200,000,000 characters"),
        ("*[e](http:a.example)*.txt", b"", "*[e](http:a.example)*.txt is empty"),
    ],
    ids=[
        "empty",
        "binary",
        "too short",
        "next to nothing",
        "picture",
        "undecodable",
        "another alphabet",
        "bomb",
        "odd name",
    ],
)
def test_an_upload_that_is_no_text_is_refused_and_the_chosen_text_stays(name, data, sentence):
    visit = Visit().upload(name, data)
    (said,) = visit.said("error")
    assert said.startswith(sentence)
    assert visit.chosen()["text"] == "builtin"
    assert visit.allowed() == ["Start"]
    assert visit.upload("good.txt", PROSE).said("error") == []


def test_a_text_of_which_much_is_lost_is_warned_of_and_taken():
    visit = Visit().upload("war.txt", "война ".encode() * 300 + b"bonjour " * 100)
    (said,) = visit.said("warning")
    assert said == "Only 32% of this text is letters a to z and digits: all else becomes spaces."
    assert visit.chosen()["text"].startswith("own:")


def test_a_text_in_another_encoding_is_taken_once_that_is_chosen():
    visit = Visit().upload("notes.txt", "für große Leute ".encode("latin-1") * 9)
    (said,) = visit.said("error")
    assert "is not UTF-8 (byte 0xFC at offset 1): name its encoding" in said
    visit.page.selectbox(key="text_encoding").set_value("latin-1")
    assert visit.look().said("error") == []
    assert visit.chosen()["text"].startswith("own:")
    assert any("9 letters lost their accents" in c.value for c in visit.page.caption)


def test_two_texts_of_the_same_name_can_be_told_apart():
    visit = Visit().upload("notes.txt", PROSE)
    first = visit.chosen()["text"]
    other = Visit()
    other.choose(text=first)
    visit.upload("notes.txt", PROSE + b"And so on.")
    second = visit.chosen()["text"]
    assert second != first
    assert visit.look().chosen()["text"] == second
    labels = [f"notes.txt ({key[4:10]})" for key in (first, second)]
    assert sorted(visit.widget("field_text").options[2:]) == sorted(labels)
    assert other.look().chosen()["text"] == first


def test_a_text_too_short_for_one_window_fails_with_a_sentence():
    visit = Visit(batch_size=1024, unrollings=6).upload("short.txt", PROSE)
    visit.train_to_the_end()
    assert visit.said("error") == [
        "unrollings=6 with batch_size=1024 needs 7,168 characters; this text has 2,850. "
        "Lower either, or pick a longer text."
    ]
    assert visit.allowed() == ["Start", "Resume"]


def test_a_page_made_by_hand_cannot_name_a_file():
    visit = Visit()
    box = visit.widget("field_text")
    box.options.append("/etc/passwd")
    visit.choose(text="/etc/passwd")
    assert visit.chosen()["text"] == "builtin"
    assert "/etc/passwd" not in visit.widget("field_text").options


def test_a_file_on_this_machine_is_found_by_its_path(tmp_path, monkeypatch):
    monkeypatch.setenv("UNROLL_LOCAL_FILES", "1")
    file = tmp_path / "prose.txt"
    file.write_bytes(PROSE)
    visit = Visit()
    for path, sentence in (
        (tmp_path, f"{tmp_path} is a folder: name a text file in it."),
        (tmp_path / "none", f"There is no file {tmp_path / 'none'}: check the path."),
    ):
        visit.page.text_input(key="text_path").set_value(str(path))
        assert visit.look().said("error") == [sentence]
    visit.page.text_input(key="text_path").set_value(f"  {file} ")
    assert visit.look().said("error") == []
    assert visit.chosen()["text"].startswith("own:")
    assert visit.widget("field_text").options[-1] == "prose.txt"


@pytest.mark.parametrize("value", [None, "", "0"])
def test_paths_are_not_asked_for_unless_the_machines_owner_says_so(value, monkeypatch):
    monkeypatch.setattr(st, "get_option", {"server.address": "127.0.0.1"}.get)
    if value is None:
        monkeypatch.delenv("UNROLL_LOCAL_FILES", raising=False)
    else:
        monkeypatch.setenv("UNROLL_LOCAL_FILES", value)
    visit = Visit()
    assert len(visit.page.text_input) == 0
    assert len(visit.page.get("file_uploader")) == 1
