"""A row of command buttons that holds still under the finger. Knows no command.

A press goes down and up on one element, or it is lost. Streamlit keeps a button's element while
its key, its kind and whether it has a help stay the same; and it keeps the button's place while
none before it comes or goes. One that goes with the focus on it even stays beside its successor
until the script has ended, and pushes all others aside meanwhile. So a row has all its buttons at
all times: those that do not fit are disabled, not left out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.widgets import present

Kind = Literal["primary", "secondary", "tertiary"]


def command_row(name: str) -> DeltaGenerator:
    """Where a page's commands stand; draw all of them in it, always in the same order."""
    return st.container(
        horizontal=True, vertical_alignment="center", width="content", key=f"commands_{name}"
    )


def command(
    label: str,
    press: Callable[..., Any] | None = None,
    *arguments: Any,
    key: str,
    fits: bool = True,
    icon: str | None = None,
    kind: Kind = "secondary",
    help: str | None = None,  # noqa: A002
    width: Literal["content"] | int = "content",
    shortcut: str | None = None,
) -> bool:
    """One button of a row. From one drawing to the next only `label` and `fits` may differ.

    Args:
        label: what it says; where that changes, give a `width`, or those after it move.
        press: called when it is pressed, with the arguments.
        key: its own.
        fits: whether it can be pressed now.
        icon: the name of a Material symbol.
        kind: how it looks.
        help: shown over it.
        width: in pixels at a desk, or as wide as its label.
        shortcut: the key that presses it, unless one is writing; shown on the button.

    Returns:
        Whether it was pressed, for what a callback cannot do.
    """
    pressed = st.button(
        label,
        key=key,
        # The second press of a double one may come in when the first has made it unfit.
        on_click=press if fits else None,
        args=arguments if fits else None,
        disabled=not fits,
        icon=f":material/{icon}:" if icon else None,
        type=kind,
        help=help,
        width=present.wide(width) if isinstance(width, int) else width,
        shortcut=shortcut,
    )
    return pressed and fits
