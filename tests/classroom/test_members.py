"""Who joined a class, and under which name."""

import pytest

from core.classroom import members
from core.classroom.members import nickname
from core.errors import RunError


def test_a_browser_joins_once_and_may_change_its_name(classroom):
    classroom.members.join("one", "Ada")
    classroom.members.join("two")
    classroom.members.join("one", "  Ada \n L. ")
    assert [(m.number, m.browser, m.name) for m in classroom.members.all()] == [
        (1, "one", "Ada L."),
        (2, "two", ""),
    ]


def test_a_member_follows_until_it_says_otherwise(classroom, open_classroom):
    classroom.members.join("one")
    assert classroom.members.of("one").follows
    classroom.members.follow("one", False)
    classroom.members.went("one", 7)
    member = open_classroom().members.of("one")
    assert (member.follows, member.went) == (False, 7)
    assert classroom.members.of("two") is None


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("a" * 40, "a" * 40), ("\u202eAda\x00\x07", "Ada"), (" \t ", ""), ("Zoë", "Zoë")],
)
def test_a_nickname_is_one_line_that_can_be_printed(typed, kept):
    assert nickname(typed) == kept


def test_a_name_of_more_than_forty_characters_is_refused_in_a_sentence():
    with pytest.raises(RunError, match="may have 40 characters: choose a shorter one, or none"):
        nickname("a" * 41)


def test_a_full_class_lets_nobody_in_and_keeps_who_is_there(classroom, monkeypatch):
    monkeypatch.setattr(members, "MOST_MEMBERS", 1)
    classroom.members.join("one", "Ada")
    with pytest.raises(RunError, match="1 browsers have joined"):
        classroom.members.join("two", "Bob")
    classroom.members.join("one", "Ada L.")
    assert [member.name for member in classroom.members.all()] == ["Ada L."]
