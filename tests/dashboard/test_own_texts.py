"""Texts of one's own on a server of many: found, renamed and deleted by who brought them."""

import io
import zipfile

import pytest
from visit import TINY

from core.config import PRESETS
from core.data.corpora import is_kept
from core.data.own_text import take
from core.errors import RunError
from core.storage.zip_export import export_run
from core.training.limits import Limits
from dashboard import gate, texts
from dashboard.server import library, limits

pytestmark = pytest.mark.usefixtures("own_server")

ME, YOU = "a" * 64, "b" * 64


def bring(title="prose", text="The cat sat on the mat, and the rat sat on the cat. " * 60):
    texts.require_text(len(text))
    key = take(text, title, texts.may_rename).corpus.key
    texts.note(key)
    return key


def train_on(key, run_id):
    config = PRESETS["demo"].config.changed(**TINY, steps=4, report_every=2, text=key)
    gate.start(config, run_id, ()).wait(30)
    library().flush()


def test_a_text_is_found_by_whoever_brought_it_and_by_the_teacher(as_):
    key = bring()
    assert texts.listed() == {key: "prose"}
    as_(YOU)
    assert texts.listed() == {}
    assert texts.listed(key) == {key: "prose"}  # of a link
    as_("c" * 64, teacher=True)
    assert texts.listed() == {key: "prose"}


def test_a_person_keeps_so_many_texts_and_deletes_one_for_the_next(as_, monkeypatch):
    monkeypatch.setenv("UNROLL_MOST_TEXTS", "1")
    limits.clear()
    key = bring()
    with pytest.raises(RunError, match=r"^You keep 1 of the 1 texts .*: delete one"):
        bring("more", "other words " * 50)
    texts.delete(key)
    assert not is_kept(key)
    bring("more", "other words " * 50)
    as_(YOU)
    bring()  # another's do not count


def test_a_text_that_is_brought_again_keeps_its_title_unless_its_only_owner_renames_it(as_):
    key = bring()
    assert bring("a better name") == key
    as_(YOU)
    bring("my own joke")
    assert texts.listed() == {key: "a better name"}
    as_(ME)
    bring("no longer theirs alone")
    assert texts.listed() == {key: "a better name"}
    as_(ME, shared=False)
    bring("on one's own machine")
    assert texts.listed() == {key: "on one's own machine"}


def test_a_text_is_not_deleted_by_others_nor_while_a_run_of_ones_own_needs_it(as_):
    key = bring()
    train_on(key, "aaaaaaaaaaaa")
    with pytest.raises(RunError, match="Run aaaaaaaaaaaa was trained on this text: delete it on"):
        texts.delete(key)
    as_(YOU)
    with pytest.raises(RunError, match="brought along in another browser"):
        texts.delete(key)
    assert is_kept(key)
    as_(ME)
    gate.to_change("aaaaaaaaaaaa").delete("aaaaaaaaaaaa")
    texts.delete(key)
    assert not is_kept(key)


def test_a_deleted_text_stays_for_others_who_brought_it_or_train_on_it(as_):
    key = bring()
    as_(YOU)
    bring()
    train_on(key, "bbbbbbbbbbbb")
    as_(ME)
    texts.delete(key)
    assert texts.listed() == {}
    as_(YOU)
    assert texts.listed() == {key: "prose"}
    with pytest.raises(RunError, match="Run bbbbbbbbbbbb was trained"):
        texts.delete(key)


# -- in files ---------------------------------------------------------------------------------


def packed(run_id, *, with_text=True):
    file = io.BytesIO()
    export_run(library().shelf(), run_id, file, with_text=with_text)
    return file.getvalue()


def test_a_run_of_ones_own_on_anothers_text_is_taken_away_without_the_text(as_):
    key = bring()
    train_on(key, "aaaaaaaaaaaa")
    mine = library().shelf().get("aaaaaaaaaaaa")
    assert gate.may_export_text(mine)
    as_(YOU)
    train_on(key, "bbbbbbbbbbbb")  # set up the same
    yours = library().shelf().get("bbbbbbbbbbbb")
    assert (gate.may_export(yours), gate.may_export_text(yours)) == (True, False)
    as_(YOU, teacher=True)
    assert gate.may_export_text(yours)
    archive = zipfile.ZipFile(io.BytesIO(packed("bbbbbbbbbbbb", with_text=False)))
    assert "text.txt" not in archive.namelist()
    assert not any(b"the cat sat on the mat" in archive.read(name) for name in archive.namelist())
    readme = " ".join(archive.read("README.txt").decode().split())
    assert (
        f"It is not in here: keep the same text there first, by an upload on the Train page or "
        f"with `python -m core train --text FILE`. It is the same if it is then found as {key}."
        in readme
    )


def test_a_text_in_a_file_is_bounded_as_any_other_and_nothing_of_the_file_is_kept(as_, monkeypatch):
    key = bring()
    train_on(key, "aaaaaaaaaaaa")
    data = packed("aaaaaaaaaaaa")
    gate.to_change("aaaaaaaaaaaa").delete("aaaaaaaaaaaa")
    as_(YOU)
    monkeypatch.setattr(texts, "limits", lambda: Limits(text=2_999))
    with pytest.raises(RunError, match=r"^This text has 3,\d+ characters, and on this server"):
        gate.take_in(data)
    assert (library().shelf().runs(), texts.listed()) == ([], {})
    monkeypatch.setattr(texts, "limits", lambda: Limits(texts=1))
    gate.take_in(data)
    gate.take_in(data)  # again: it is none more
    assert texts.listed() == {key: "prose"}
    as_("c" * 64)
    bring("more", "other words " * 50)
    with pytest.raises(RunError, match="You keep 1 of the 1 texts that each person may"):
        gate.take_in(data)


def test_a_file_that_only_names_a_text_does_not_make_it_ones_own(as_):
    key = bring()
    train_on(key, "aaaaaaaaaaaa")
    data = packed("aaaaaaaaaaaa", with_text=False)
    as_(YOU)
    row = gate.take_in(data)
    assert row.settings["text"] == key
    assert (texts.is_own(key), gate.may_export_text(row)) == (False, False)


def test_a_text_is_laid_out_before_who_brought_it_and_before_all_if_it_is_everybodys(as_):
    key = bring()
    public = ("builtin", "text8", "latch:8", None)
    assert all(texts.may_read(text) for text in (key, *public))
    as_(YOU)
    assert all(texts.may_read(text) for text in public)
    assert not texts.may_read(key)
    assert not texts.may_read("/home/teacher/diary.txt")
    as_(YOU, teacher=True)
    assert texts.may_read(key)
