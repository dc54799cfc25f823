"""What a server remembers of the people who share it, also after a restart."""

from contextlib import closing

import pytest

from core.classroom.store import ClassroomStore, open_classroom


@pytest.fixture
def reopened(tmp_path):
    """Opens the store anew, as a restarted server does."""
    return lambda: closing(ClassroomStore(tmp_path))


def test_a_teacher_is_remembered_and_can_be_forgotten(reopened):
    with reopened() as store:
        assert store.proof_of("browser") == ""
        store.remember_teacher("browser", "proof")
    with reopened() as store:
        assert store.proof_of("browser") == "proof"
        store.forget_teacher("browser")
        assert store.proof_of("browser") == ""


def test_each_finds_the_texts_they_brought_and_two_may_have_brought_one(reopened):
    with reopened() as store:
        for browser, text in (("a", "own:1"), ("a", "own:1"), ("a", "own:2"), ("b", "own:1")):
            store.note_text(browser, text)
    with reopened() as store:
        assert store.texts_of("a") == {"own:1", "own:2"}
        assert store.texts_of("b") == {"own:1"}
        assert store.texts_of("c") == frozenset()


def test_a_lock_holds_until_it_is_taken_away(reopened):
    with reopened() as store:
        assert not store.starting_is_locked
        store.lock_starting(True)
    with reopened() as store:
        assert store.starting_is_locked
        store.lock_starting(False)
        assert not store.starting_is_locked


def test_a_damaged_store_is_set_aside_and_a_new_one_begins():
    with closing(open_classroom()) as store:
        store.remember_teacher("browser", "proof")
    store.path.write_bytes(b"no database" * 100)
    with closing(open_classroom()) as store:
        assert store.proof_of("browser") == ""
    assert [path.name for path in store.path.parent.glob("classroom-damaged-*.sqlite")]
