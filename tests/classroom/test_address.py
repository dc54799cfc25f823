"""At which address a room finds the server."""

import pytest

from core.classroom.address import (
    checked_address,
    is_loopback,
    own_address,
    own_addresses,
    proposed_address,
)
from core.errors import RunError


@pytest.mark.parametrize(
    ("opened_at", "proposed"),
    [
        ("http://localhost:8501", "http://192.168.0.5:8501/"),
        ("http://127.0.0.1:8501/unroll/", "http://192.168.0.5:8501/unroll/"),
        ("http://[::1]:8501/", "http://192.168.0.5:8501/"),
        ("http://10.0.0.7:8501/", "http://10.0.0.7:8501/"),
        ("https://class.example.org/unroll", "https://class.example.org/unroll/"),
        ("http://[fd00::5]:8501/", "http://[fd00::5]:8501/"),
    ],
)
def test_others_are_given_an_address_that_they_can_reach(opened_at, proposed):
    assert proposed_address(opened_at, own="192.168.0.5") == proposed


def test_without_any_network_the_address_stays_as_it_was_opened(monkeypatch):
    monkeypatch.setattr("core.classroom.address.own_address", lambda: None)
    assert proposed_address("http://localhost:8501") == "http://localhost:8501/"


def test_this_machines_own_address_is_one_of_its_addresses():
    own = own_address()
    assert own is None or not is_loopback(own)
    assert not any(is_loopback(address) for address in own_addresses())


def test_an_address_is_completed_and_what_is_none_is_refused():
    assert checked_address(" 192.168.0.5:8501 ") == "http://192.168.0.5:8501/"
    for typed in ("", "ftp://a", "http://", "http://a b", "http://a:99999999", "x" * 300):
        with pytest.raises(RunError, match="no address that a browser opens"):
            checked_address(typed)
