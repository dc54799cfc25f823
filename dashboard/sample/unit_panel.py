"""Which unit does what: a text coloured by one hidden unit, and units worth a look."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.data.alphabet import decode, encode, normalise
from core.errors import TextError
from core.insight.units import Suggestion, read_units, suggestions
from core.palette import OCHRE, VIOLET
from dashboard.sample.draw_settings import Drawing
from dashboard.sample.sources import Taken
from dashboard.texts import may_read, text_facts
from dashboard.widgets.coloured_text import Mark, Row, coloured_text
from dashboard.widgets.held import held

_SHOWN = 600  # characters to colour
_MEASURED = 5_000  # characters that correlations are taken over
_EXAMPLE = "the quick brown fox jumps over the lazy dog and runs into the old house by the sea"
_UNIT, _SUGGESTED = "sample_unit", "sample_suggested"  # in the session


def unit_panel(taken: Taken, drawing: Drawing) -> None:
    """A unit to choose, suggestions, and the text."""
    last = taken.config.hidden_size - 1
    st.session_state[_UNIT] = min(st.session_state.get(_UNIT, 0), last)
    measured = _held_out(taken)
    model = drawing.model(taken)
    key = (*taken.stamp, drawing.fed_back)
    kept = st.session_state.get(_SUGGESTED)
    if kept is None or kept[0] != key:  # half a second for 5,000 characters
        kept = (key, suggestions(read_units(model, measured), measured, each=3))
        st.session_state[_SUGGESTED] = kept
    st.markdown(
        "**Units worth a look**: those that go with a feature of the text, by their correlation r "
        f"over {len(measured):,} characters"
    )
    _suggest(kept[1])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        unit = held(st.number_input, "Unit", 0, last, key=_UNIT, width=160)
        st.caption(_what_it_sees(unit, taken, drawing))
    colours = st.container()
    raw = held(
        st.text_area,
        "Text to colour",
        decode(measured[:_SHOWN]) if may_read(taken.text) else _EXAMPLE,
        max_chars=_SHOWN,
        # another text comes with another default
        key=f"sample_unit_text_{taken.text}",
    )
    if len(ids := encode(normalise(raw))):
        with colours:
            _colour(read_units(model, ids)[:, unit], decode(ids), unit)


def _held_out(taken: Taken) -> np.ndarray:
    try:
        held_out = text_facts(taken.text).corpus.validation[:_MEASURED]
    except TextError:
        held_out = encode("")
    return held_out if len(held_out) > len(_EXAMPLE) else encode(_EXAMPLE)


def _suggest(found: list[Suggestion]) -> None:
    if not found:
        st.caption("No unit changes along this text: the layer is dead.")
        return
    chosen = st.session_state[_UNIT]
    names = list(dict.fromkeys(suggestion.feature for suggestion in found))
    for column, name in zip(st.columns(len(names)), names, strict=True):
        column.caption(name)
        for suggestion in found:
            if suggestion.feature == name:
                column.button(
                    f"Unit {suggestion.unit} · r = {suggestion.correlation:+.2f}",
                    key=f"sample_suggest_{name}_{suggestion.unit}",
                    type="primary" if suggestion.unit == chosen else "secondary",
                    on_click=_pick,
                    args=(suggestion.unit,),
                    width="stretch",
                )


def _pick(unit: int) -> None:
    st.session_state[_UNIT] = unit


def _what_it_sees(unit: int, taken: Taken, drawing: Drawing) -> str:
    if taken.config.combine != "concat":
        return "Every unit sees the character read and what came back."
    if unit < taken.config.nodes:
        return "One of the first half: it sees the character read, and nothing before it."
    if drawing.fed_back == "character":
        return "One of the second half: it sees what came back, which is the character read again."
    return "One of the second half: it sees what came back, and not the character read."


def _colour(values: np.ndarray, text: str, unit: int) -> None:
    strongest = max(1e-9, float(np.nanmax(np.abs(values))))
    marks = [
        Mark(character, float(value / strongest), f"{value:+.3f}")
        for character, value in zip(text, values, strict=True)
    ]
    coloured_text(
        [Row(marks, f"Unit {unit}", f"from {values.min():.2f} to {values.max():.2f}")],
        key="sample_unit_colours",
        positive=VIOLET,
        negative=OCHRE,
        legend=(f"{-strongest:.2f}", f"{strongest:.2f}"),
    )
