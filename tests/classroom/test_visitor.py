"""Who somebody is by a browser's secret, and what that lets them do."""

from hashlib import sha256

import pytest

from core.classroom.visitor import Visitor, browser_of
from core.errors import RunError

SECRET = "0123456789abcdef" * 2


def test_a_browser_is_named_by_the_hash_of_its_secret():
    assert browser_of(SECRET) == sha256(SECRET.encode()).hexdigest()


@pytest.mark.parametrize("wrong", [None, "", "abc", SECRET.upper(), SECRET + "0", SECRET + "\n", 7])
def test_what_is_no_secret_names_nobody(wrong):
    assert browser_of(wrong) is None


@pytest.mark.parametrize("browser", ["me", "you", None])
def test_on_ones_own_machine_everybody_commands_everything(browser):
    for visitor in (Visitor(), Visitor("me")):
        assert visitor.commands(browser)
        visitor.require("abc", browser)
        visitor.require_known()


def test_where_many_share_a_server_each_commands_their_own_alone():
    me = Visitor("me", shared=True)
    assert [me.commands(browser) for browser in ("me", "you", None)] == [True, False, False]
    me.require("abc", "me")
    with pytest.raises(RunError, match=r"^Run abc was started in another browser, which alone"):
        me.require("abc", "you")
    with pytest.raises(RunError, match=r"^Run abc was started on the server itself, or before"):
        me.require("abc", None)


def test_the_teacher_commands_all():
    teacher = Visitor("t", shared=True, teacher=True)
    assert all(teacher.commands(browser) for browser in ("t", "you", None))
    assert not teacher.limited


def test_whoever_has_shown_no_secret_commands_nothing_and_not_what_is_nobodys():
    unknown = Visitor(None, shared=True)
    assert not unknown.commands(None)
    assert not unknown.owns(None)
    assert (unknown.known, Visitor(None).known, Visitor("me", shared=True).known) == (
        False,
        True,
        True,
    )
    with pytest.raises(RunError, match="does not know yet which browser it is in"):
        unknown.require_known()
