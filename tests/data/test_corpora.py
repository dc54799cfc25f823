"""Corpora: keys, the held-out end, own texts that are found again, and the refusals."""

import gzip
import hashlib
import json
from pathlib import Path
from weakref import ref

import numpy as np
import pytest

from core.data import corpora
from core.data.alphabet import decode, encode
from core.data.corpora import (
    Corpus,
    keep,
    kept_titles,
    load_corpus,
    own_corpus,
    require_length,
)
from core.data.latch import latch_text
from core.errors import TextError


def corpus_of(length: int) -> Corpus:
    return Corpus("test", "Test", np.zeros(length, dtype=np.uint8))


def test_the_builtin_text_is_english_and_read_once():
    corpus = load_corpus("builtin")
    assert corpus.key == "builtin"
    assert 300_000 < len(corpus) < 600_000
    assert " the value of the " in decode(corpus.ids)
    assert load_corpus("builtin") is corpus


@pytest.mark.parametrize(
    ("length", "held_out"), [(0, 0), (19, 0), (40, 2), (1_999_999, 99_999), (3_000_000, 100_000)]
)
def test_a_twentieth_is_held_out_and_100_000_at_most(length, held_out):
    corpus = corpus_of(length)
    assert corpus.held_out == held_out
    assert len(corpus.validation) == held_out
    assert len(corpus.training) == length - held_out


def test_the_held_out_part_is_the_end():
    corpus = Corpus("test", "Test", np.arange(100, dtype=np.uint8) % 27)
    np.testing.assert_array_equal(np.concatenate([corpus.training, corpus.validation]), corpus.ids)
    assert np.shares_memory(corpus.training, corpus.ids)
    assert np.shares_memory(corpus.validation, corpus.ids)


def test_ids_cannot_be_written():
    mine = np.zeros(100, dtype=np.uint8)
    corpus = Corpus("test", "Test", mine)
    with pytest.raises(ValueError, match="read-only"):
        corpus.ids[0] = 1
    with pytest.raises(ValueError, match="read-only"):
        corpus.training[0] = 1
    assert mine.flags.writeable  # the caller's array is left alone


def test_the_hash_is_of_the_ids():
    corpus = Corpus("test", "Test", encode("abc"))
    assert corpus.sha256 == hashlib.sha256(b"\1\2\3").hexdigest()


def test_a_latch_text_is_found_by_its_lag():
    corpus = load_corpus("latch:12")
    assert corpus.title == "Latch, lag 12"
    assert decode(corpus.ids) == latch_text(12)
    assert load_corpus("latch:012").key == "latch:12"


def test_a_latch_text_of_another_seed_is_another_draw():
    corpus = load_corpus("latch:12:7")
    assert (corpus.key, corpus.title) == ("latch:12:7", "Latch, lag 12, text 7")
    assert decode(corpus.ids) == latch_text(12, seed=7)
    assert load_corpus("latch:12:0").sha256 == load_corpus("latch:12").sha256
    assert load_corpus("latch:12:007").key == "latch:12:7"


@pytest.mark.parametrize(
    "key",
    [
        *("latch:", "latch:0", "latch:101", "latch:-1", "latch:x", "latch:²"),
        *("latch:8:", "latch:8:x", "latch:8:-1", "latch:8:12345678", "latch:8:1:2"),
    ],
)
def test_a_latch_key_without_a_good_lag_is_refused(key):
    with pytest.raises(TextError, match="with a lag from 1 to 100, for example latch:12"):
        load_corpus(key)


def test_a_path_names_a_text_and_its_key_is_absolute(tmp_path, monkeypatch):
    (tmp_path / "Poem.txt").write_text("O Captain! my Captain!", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    corpus = load_corpus("Poem.txt")
    assert corpus.title == "Poem.txt"
    assert corpus.key == str(tmp_path / "Poem.txt")
    assert decode(corpus.ids) == "o captain my captain "


def test_a_normalised_gzip_file_is_taken_as_it_is(tmp_path):
    text = " anarchism originated as a term of abuse" * 100
    (tmp_path / "part.gz").write_bytes(gzip.compress(text.encode()))
    assert decode(load_corpus(str(tmp_path / "part.gz")).ids) == text


@pytest.mark.parametrize("key", ["text9", "", "Own"])
def test_a_word_that_names_no_text_is_refused(key, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TextError) as caught:
        load_corpus(key)
    assert str(caught.value) == (
        f"There is no text {key!r}: choose builtin, text8, latch:<lag>, or the path of a text file."
    )


@pytest.mark.parametrize("key", ["no/such/file.txt", "~nobody-of-this-name/a.txt"])
def test_a_path_that_names_no_file_is_refused(key, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TextError, match=r"There is no file .*: check the path"):
        load_corpus(key)


@pytest.mark.parametrize("raw", ["", " \n", "привет", "!?"])
def test_a_text_of_which_nothing_is_left_is_refused(raw):
    with pytest.raises(TextError) as caught:
        own_corpus(raw, "mine.txt")
    assert str(caught.value) == (
        "Nothing is left of mine.txt after normalising, which keeps a to z and digits: "
        "choose a text in Latin letters."
    )


def test_a_text_that_its_digits_make_too_long_is_refused(monkeypatch):
    monkeypatch.setattr(corpora, "MAX_BYTES", 20)
    with pytest.raises(TextError) as caught:
        own_corpus("3333", "pi.txt")
    assert str(caught.value) == (
        "pi.txt has more than 20 characters with its digits spelled out: cut it, or choose another."
    )


def test_a_kept_text_is_found_again_with_its_title(home):
    corpus = own_corpus("Call me Ishmael. " * 50, "moby.txt")
    with pytest.raises(TextError, match=r"is not stored here: upload the text again"):
        load_corpus(corpus.key)
    kept = keep(corpus)
    assert kept.key == corpus.key == f"own:{corpus.sha256[:12]}"
    found = load_corpus(kept.key)
    assert found.title == "moby.txt"
    assert found.sha256 == corpus.sha256
    np.testing.assert_array_equal(found.ids, corpus.ids)
    assert kept_titles() == {kept.key: "moby.txt"}
    assert len(list((home / "texts").iterdir())) == 2


def test_whoever_has_a_kept_text_shares_its_memory_and_the_last_three_stay_for_whoever_comes_next():
    key = keep(own_corpus("shared by thirty " * 50, "One text")).key
    first, second = load_corpus(key), load_corpus(key)
    assert np.shares_memory(first.ids, second.ids)
    ids = ref(first.ids.base)
    del first, second
    for number in range(3):
        assert load_corpus(key).ids.base is ids()
        load_corpus(keep(own_corpus(f"another {'text ' * number}", "Another")).key)
    assert ids() is None


def test_any_corpus_can_be_kept_and_keeping_twice_is_the_same(tmp_path):
    (tmp_path / "a.txt").write_text("some words", encoding="utf-8")
    corpus = load_corpus(str(tmp_path / "a.txt"))
    assert keep(corpus).key == keep(own_corpus("Some words", "b.txt")).key
    assert list(kept_titles().values()) == ["b.txt"]


def test_a_file_name_never_becomes_a_path(home):
    kept = keep(own_corpus("words", "../../../escape\0/evil.txt"))
    assert kept.title == "evil.txt"
    stem = kept.key.removeprefix("own:")
    files = sorted(path.relative_to(home) for path in home.rglob("*") if path.is_file())
    assert files == [Path(f"texts/{stem}.json"), Path(f"texts/{stem}.txt.gz")]


def test_kept_titles_are_in_their_own_order():
    assert kept_titles() == {}
    for title in ("b", "C", "a"):
        keep(own_corpus(title, title))
    assert list(kept_titles().values()) == ["a", "b", "C"]


@pytest.mark.parametrize("damage", [None, b"", b"{", b"[]", b'{"title": 7}'])
def test_a_text_without_its_title_still_opens(damage, home):
    kept = keep(own_corpus("words", "title"))
    path = home / "texts" / f"{kept.key.removeprefix('own:')}.json"
    path.unlink()
    if damage is not None:
        path.write_bytes(damage)
    assert load_corpus(kept.key).title == f"Own text {kept.key.removeprefix('own:')}"


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"rubbish",
        gzip.compress(b"other words", mtime=0),
        gzip.compress(b"words", mtime=0)[:-3],
    ],
)
def test_a_damaged_kept_text_is_refused_and_keeping_it_mends_it(damage, home):
    kept = keep(own_corpus("words", "title"))
    (home / "texts" / f"{kept.key.removeprefix('own:')}.txt.gz").write_bytes(damage)
    with pytest.raises(TextError, match=f"The stored text {kept.key} is damaged: upload"):
        load_corpus(kept.key)
    keep(kept)
    assert decode(load_corpus(kept.key).ids) == "words"


@pytest.mark.parametrize("key", ["own:", "own:../../etc", "own:ABCDEF012345", "own:0123456789abc"])
def test_a_key_that_is_no_hash_is_refused(key):
    with pytest.raises(TextError, match="is no text's key: write own: and 12 hexadecimal digits"):
        load_corpus(key)


def test_a_store_that_cannot_be_written_is_one_sentence(home):
    home.mkdir()
    (home / "texts").write_text("in the way")
    with pytest.raises(TextError, match=r"The text could not be stored in .*make room there"):
        keep(own_corpus("words", "title"))


def test_the_store_holds_plain_normalised_text(home):
    kept = keep(own_corpus("Plain & simple", "t"))
    stem = kept.key.removeprefix("own:")
    assert gzip.decompress((home / "texts" / f"{stem}.txt.gz").read_bytes()) == b"plain simple"
    assert json.loads((home / "texts" / f"{stem}.json").read_text()) == {"title": "t"}


def test_a_text_must_hold_a_window_for_each_cursor():
    corpus = corpus_of(1_000)  # 950 to train on
    require_length(corpus, batch_size=50, unrollings=18)
    with pytest.raises(TextError) as caught:
        require_length(corpus, batch_size=50, unrollings=19)
    assert str(caught.value) == (
        "unrollings=19 with batch_size=50 needs 1,000 characters; this text has 950. "
        "Lower either, or pick a longer text."
    )


def test_a_text_must_hold_out_two_characters():
    require_length(corpus_of(40), batch_size=1, unrollings=1)
    with pytest.raises(TextError) as caught:
        require_length(corpus_of(39), batch_size=1, unrollings=1)
    assert str(caught.value) == (
        "Validation needs 2 held-out characters, the end of a text of 40; this text has 39. "
        "Pick a longer text."
    )
