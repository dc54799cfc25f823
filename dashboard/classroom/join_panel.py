"""For the wall: where students find this server, as an address and as a QR code, and who came."""

from __future__ import annotations

import streamlit as st

from core.classroom.address import is_loopback, own_addresses, proposed_address
from dashboard import pace, visitor
from dashboard.classroom import commands
from dashboard.widgets.held import held
from dashboard.widgets.plain import plain
from dashboard.widgets.qr_code import qr_code

_ADDRESS = "class_address"  # in st.session_state


def join_panel() -> None:
    """The code at the left, all else beside it."""
    address = visitor.classroom().address or proposed_address(_first_page())
    code, beside = st.columns([3, 2], gap="large")
    with code:
        qr_code(address)
    with beside:
        st.markdown(f"#### Join at\n## {plain(address)}")
        if is_loopback(st.get_option("server.address") or ""):
            st.warning(
                "This server listens to this machine alone, so nobody else can open the address: "
                "start it with --server.address 0.0.0.0."
            )
        _joined()
        with st.expander("Another address"):
            _choose(address)


def _first_page() -> str:
    """Where this page's own address says that the server is."""
    return (
        (st.context.url or "http://localhost").split("?")[0].rstrip("/").removesuffix("/classroom")
    )


def _joined() -> None:
    @st.fragment(run_every=pace.poll_seconds())
    def joined() -> None:
        """Names come in while one looks."""
        members = visitor.classroom().members.all()
        st.metric("Joined", len(members))
        names = [member.name for member in members if member.name]
        if names:
            st.markdown(plain(", ".join(names)))

    joined()


def _choose(address: str) -> None:
    if _ADDRESS not in st.session_state:
        st.session_state[_ADDRESS] = address
    held(
        st.text_input,
        "Address",
        key=_ADDRESS,
        on_change=lambda: commands.attempt(commands.set_address, st.session_state[_ADDRESS]),
        help="What is shown at the left. Nothing lets this machine propose one.",
    )
    others = own_addresses()
    if others:
        st.caption(f"This machine's addresses: {', '.join(others)}.")
