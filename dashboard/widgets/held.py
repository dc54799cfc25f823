"""Widgets whose value may come from elsewhere than the browser: a link, a preset, another page.

What was put under a widget's key in `st.session_state` is sent to the browser by one run of the
page only. Where another run follows closely, as on a first visit to a shared server, the browser
hears of that one alone: it shows the default, or the first option, and reports that with the next
press as if it had been chosen. So the value is the default as well; `.streamlit/config.toml` says
that this is meant. Knows no page.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from inspect import Signature, signature
from typing import Any

import streamlit as st

_BY_INDEX = {"selectbox", "radio"}
_SEVERAL = {"segmented_control", "pills", "multiselect"}  # one value or a list


def held(kind: Callable[..., Any], *args: Any, key: str, **more: Any) -> Any:
    """Draw a widget that shows what is under its key, if anything is.

    Args:
        kind: such as `st.selectbox`; `args` and `more` are its own.
        key: of the widget.

    Returns:
        What the widget does.
    """
    given = _signature(kind.__name__).bind_partial(*args, key=key, **more).arguments
    if key in st.session_state:
        given |= _as_default(kind.__name__, st.session_state[key], given)
    return kind(**given)


def _as_default(kind: str, value: Any, given: dict[str, Any]) -> dict[str, Any]:
    """The argument that makes a value the default: none where it is not among what is allowed."""
    options = given.get("options")
    if options is not None:
        options = list(options)
        chosen = value if isinstance(value, list | tuple) else [value]
        if value is not None and not all(one in options for one in chosen):
            return {}
        if kind in _BY_INDEX:
            return {"index": None if value is None else options.index(value)}
        return {"default" if kind in _SEVERAL else "value": value}
    low, high = given.get("min_value"), given.get("max_value")
    if value is not None and low is not None and high is not None and not low <= value <= high:
        return {}
    return {"value": value}


@cache
def _signature(name: str) -> Signature:
    return signature(getattr(st, name))  # of a column's widget as of the page's
