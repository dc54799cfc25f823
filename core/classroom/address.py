"""At which address others in the room find this server. Knows no page.

The machine's address on its network is not always to be known: it may have several, or stand
behind a proxy. So this is a proposal, which the teacher may change.
"""

from __future__ import annotations

import socket
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

import psutil

from core.errors import RunError, shown

# Documentation's own network: nothing is sent there, but the way to it tells which of this
# machine's addresses others see.
_ELSEWHERE = ("192.0.2.1", 9)
_LONGEST = 200


def proposed_address(opened_at: str, own: str | None = None) -> str:
    """The address to give to others.

    Args:
        opened_at: at which the teacher's own page was opened.
        own: this machine's address on its network; looked up if left out.
    """
    parts = urlsplit(opened_at)
    host = parts.hostname or "localhost"
    if not is_loopback(host):
        return _written(parts, host, parts.port)
    return _written(parts, own or own_address() or host, parts.port)


def own_address() -> str | None:
    """This machine's address on its network; None where it is on none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_ELSEWHERE)
            found = probe.getsockname()[0]
        except OSError:  # no way out: a room without the internet
            found = ""
    if found and not is_loopback(found):
        return str(found)
    return next(iter(own_addresses()), None)


def own_addresses() -> list[str]:
    """All of this machine's addresses that others may reach, of the older kind, 192.168.0.5."""
    found = [
        entry.address
        for entries in psutil.net_if_addrs().values()
        for entry in entries
        if entry.family == socket.AF_INET
    ]
    usable = [a for a in found if not (is_loopback(a) or ip_address(a).is_link_local)]
    return sorted(set(usable), key=lambda a: (not ip_address(a).is_private, found.index(a)))


def is_loopback(host: str) -> bool:
    """Whether this host is the machine itself; nothing at all stands for every interface."""
    if host == "localhost":
        return True
    try:
        found = ip_address(host)
    except ValueError:  # a name
        return False
    return found.is_loopback


def checked_address(typed: str) -> str:
    """An address that a browser can open, with what was left out of it.

    Raises:
        RunError: it is none.
    """
    given = typed.strip()
    address = given if "://" in given else f"http://{given}"
    try:
        parts = urlsplit(address)
        whole = bool(parts.hostname) and parts.scheme in ("http", "https")
        port = parts.port
    except ValueError:
        whole, port = False, None
    if not whole or len(address) > _LONGEST or any(c.isspace() for c in address):
        raise RunError(
            f"“{shown(given)}” is no address that a browser opens: give one such as "
            "http://192.168.0.5:8501."
        )
    return _written(parts, parts.hostname or "", port)


def _written(parts: SplitResult, host: str, port: int | None) -> str:
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}{f':{port}' if port else ''}{parts.path.rstrip('/')}/"
