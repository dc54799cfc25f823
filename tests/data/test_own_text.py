"""A text of one's own is kept when it is chosen, and found again by runs of former versions."""

import pytest

from core.data.corpora import keep, load_corpus, own_corpus
from core.data.own_text import key_at_hand, recalled, take, take_file
from core.errors import ConfigError, TextError

PROSE = "Ein Wörterbuch für große Leute. " * 10


def test_a_file_that_was_taken_may_go(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text(PROSE, encoding="utf-8")
    key, warning = key_at_hand(str(path))
    path.unlink()
    assert warning == ""
    assert load_corpus(key).title == "notes.txt"
    assert load_corpus(key).sha256 == own_corpus(PROSE, "").sha256


def test_a_file_in_another_encoding_is_the_same_text(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_bytes(PROSE.encode("latin-1"))
    assert key_at_hand(str(path), "latin-1")[0] == own_corpus(PROSE, "").key


@pytest.mark.parametrize(
    ("key", "encoding", "sentence"),
    [
        ("builtin", "latin-1", "encoding=latin-1 is for text files, and builtin is none"),
        ("a/b.txt", "klingon\x1b" * 20, "encoding=klingonklingon"),
    ],
)
def test_an_encoding_that_means_nothing_is_refused(key, encoding, sentence):
    with pytest.raises(ConfigError) as caught:
        key_at_hand(key, encoding)
    assert str(caught.value).startswith(sentence)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("key", ["builtin", "text8", "latch:12", "own:0123456789ab"])
def test_a_text_that_is_no_file_stays_as_it_is_named(key):
    assert key_at_hand(key) == (key, "")
    assert recalled(key, "") == key


def test_much_of_a_text_lost_is_a_warning_and_all_of_it_a_refusal(tmp_path):
    path = tmp_path / "war.txt"
    path.write_text("ж" * 95 + "bonjour" * 9, encoding="utf-8")
    assert key_at_hand(str(path))[1].startswith("Only 40% of this text")
    with pytest.raises(TextError, match=r"^Only 0\.7% of war\.txt is letters a to z and digits"):
        take("ж" * 7_000 + "bonjour" * 7, "war.txt")


def test_thirty_nine_characters_are_too_few():
    with pytest.raises(TextError) as caught:
        take("x" * 39, "tiny.txt")
    assert str(caught.value) == (
        "tiny.txt has 39 characters after normalising and 40 are needed: choose a longer text."
    )
    assert len(take("x" * 40, "tiny.txt").corpus) == 40


@pytest.mark.parametrize("accents", [True, False], ids=["now", "former versions"])
def test_a_run_on_a_file_finds_the_text_by_the_rule_it_was_made_with(tmp_path, accents):
    path = tmp_path / "notes.txt"
    path.write_text(PROSE, encoding="utf-8")
    sha256 = own_corpus(PROSE, "", accents=accents).sha256
    key = recalled(str(path), sha256)
    assert load_corpus(key).sha256 == sha256
    path.write_text("Something else. " * 10)
    assert recalled(str(path), sha256) == key  # it was kept


def test_a_file_that_has_changed_is_not_taken_for_the_old_text(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text(PROSE, encoding="utf-8")
    with pytest.raises(TextError, match=r"is not the text that this run began with: bring"):
        recalled(str(path), "0" * 64)
    with pytest.raises(TextError, match="There is no file"):
        recalled(str(tmp_path / "gone.txt"), "0" * 64)


def test_the_file_of_a_run_that_never_began_is_taken_as_it_is(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text(PROSE, encoding="utf-8")
    assert recalled(str(path), "") == take_file(path).corpus.key


def test_a_kept_text_is_the_one_of_former_versions_to_the_letter():
    former = keep(own_corpus(PROSE, "old", accents=False))
    assert load_corpus(former.key).sha256 == former.sha256
