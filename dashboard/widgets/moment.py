"""Where on the page Sample somebody stands: the panel, the place in its text, how it is drawn.

A link brings it in once. A teacher sends it as it is in that moment, also what changed since the
address was written. Draws nothing; a place that a text does not have is for its panel to bound.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import streamlit as st

PAGE = "Sample"
SOURCE = "sample_source_a"
"""The chosen network's key in st.session_state: who follows a link finds the run of the link."""


def _whole(least: int, most: int) -> Callable[[str], int | None]:
    def read(given: str) -> int | None:
        if not (given.isascii() and given.isdigit() and len(given) <= 10):
            return None
        return int(given) if least <= int(given) <= most else None

    return read


def _temperature(given: str) -> float | None:
    try:
        value = float(given)
    except ValueError:
        return None
    return value if 0.0 <= value <= 2.0 else None


@dataclass(frozen=True, slots=True)
class _Part:
    """One name of the query: its key in the session, how it is read, and what it is at first."""

    key: str
    read: Callable[[str], object | None]
    usual: object


_PARTS: Mapping[str, _Part] = {
    "part": _Part("sample_part", lambda given: given, "Write"),
    "place": _Part("sample_place", _whole(1, 10_000), 1),
    "unit": _Part("sample_unit", _whole(0, 10_000), 0),
    "prime": _Part("sample_prime_a", lambda given: given[:500], ""),
    "temperature": _Part("sample_temperature_a", _temperature, 1.0),
    "length": _Part("sample_length_a", _whole(2, 10_000), 400),
    "seed": _Part("sample_seed_a", _whole(0, 2**31), 0),
}
KEYS = (SOURCE, *(part.key for part in _PARTS.values()))
"""What a link replaces, in st.session_state."""


def arrive(panels: tuple[str, ...]) -> None:
    """Take from the address what this session has not chosen yet.

    Args:
        panels: those that there are.
    """
    for name, part in _PARTS.items():
        given = st.query_params.get(name)
        if given is None or part.key in st.session_state:
            continue
        value = part.read(given)
        if value is not None and (name != "part" or value in panels):
            st.session_state[part.key] = value
    st.session_state.setdefault(_PARTS["part"].key, panels[0])  # the widget has no default


def now() -> dict[str, str]:
    """All of it that is not as it is at first, for a query."""
    state = ((name, part, st.session_state.get(part.key)) for name, part in _PARTS.items())
    return {name: str(value) for name, part, value in state if value not in (None, part.usual)}
