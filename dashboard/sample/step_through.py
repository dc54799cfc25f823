"""One character at a time, forward and back: how its step comes about, and what came.

The session holds a place only. The text is written anew at each click, from the seed.
"""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.data.alphabet import encode
from core.insight.step_apart import StepApart, came_back, take_apart
from core.insight.walk import Moment, Walk, walk
from core.networks.stepwise import CharacterModel
from core.palette import VIOLET
from dashboard.charts import sample as sample_charts
from dashboard.sample.draw_settings import Drawing
from dashboard.sample.sources import Taken
from dashboard.sample.step_apart_panel import in_one_sentence, step_in_numbers, step_strips
from dashboard.widgets.coloured_text import Kind, Mark, Row, coloured_text
from dashboard.widgets.command_row import command, command_row
from dashboard.widgets.live_chart import live_chart
from dashboard.widgets.recorded_badge import pictures

_PLACE = "sample_place"
_ENTROPY = "How open the choice was: 0 bits is certain, log2 27 = 4.75 bits is no idea at all."
_SHOWN = 160  # characters of the text before the present one


def step_through_panel(taken: Taken, drawing: Drawing) -> None:
    """Buttons, and at one place of a text the step that was made there, and what came of it."""
    model = drawing.model(taken)

    @st.fragment
    def panel() -> None:
        place = min(st.session_state.get(_PLACE, 1), drawing.length - 1)
        walked = walk(
            model,
            place + 1,
            drawing.generator(),
            prime=drawing.prime_ids,
            draw=drawing.draw,
        )
        if not walked.moments:
            st.info("The network's outputs are not finite numbers; choose earlier weights.")
            return
        place = st.session_state[_PLACE] = min(place, len(walked.moments))
        _buttons(place, drawing.length - 1)
        with pictures(bool(taken.recorded)):
            _draw(walked, place, taken, model)

    panel()


def _buttons(place: int, last: int) -> None:
    with command_row("walk"):
        for label, icon, by in (
            ("Start", "first_page", -last),
            ("Back", "chevron_left", -1),
            ("Forward", "chevron_right", 1),
            ("10 forward", "fast_forward", 10),
        ):
            command(
                label,
                _move,
                by,
                last,
                key=f"sample_step_{label}",
                fits=place != (1 if by < 0 else last),
                icon=icon,
                kind="primary" if label == "Forward" else "secondary",
            )
        st.caption(f"character {place + 1:,} of {last + 1:,}")


def _move(by: int, last: int) -> None:
    # From where the session stands, not from where the button was drawn: two quick clicks are two.
    st.session_state[_PLACE] = min(last, max(1, st.session_state.get(_PLACE, 1) + by))


def _draw(walked: Walk, place: int, taken: Taken, model: CharacterModel) -> None:
    moment, step = walked.moments[place - 1], _apart(walked, place - 1, taken, model)
    st.markdown(in_one_sentence(step, first=place == 1))
    _text(walked, place)
    step_strips(step)
    _next_character(moment)
    step_in_numbers(step, moment.character)


def _apart(walked: Walk, t: int, taken: Taken, model: CharacterModel) -> StepApart:
    """The step that reads the last character before the present one."""
    config = taken.config
    if config.architecture == "arch2":  # as it is fed back here, whatever it was trained with
        config = config.changed(feedback="teacher" if model.fed_back == "character" else "free")
    back = came_back(walked, t, config, model.fed_back)
    return take_apart(taken.weights, config, int(encode(walked.text[t])[0]), back)


def _next_character(moment: Moment) -> None:
    chance = float(moment.drawn_from[moment.character])
    differs = not np.allclose(moment.drawn_from, moment.probabilities, atol=1e-6)
    chart, figures = st.columns([6, 1])
    with chart:
        live_chart(
            sample_charts.next_character_chart(
                moment.drawn_from,
                "Next character",
                drawn=moment.character,
                own=moment.probabilities if differs else None,
                verb="given" if moment.given else "drawn",
            ),
            key="sample_next",
            height=280,
            alt="Probability of each next character, with the one that came marked",
        )
    labels = sample_charts.LABELS
    figures.metric("Given" if moment.given else "Drawn", labels[moment.character])
    figures.metric("Probability", f"{chance:.1%}", help="Of the character that came.")
    figures.metric("Entropy, bits", f"{moment.entropy_bits:.2f}", help=_ENTROPY)


def _text(walked: Walk, place: int) -> None:
    first = max(0, place - _SHOWN)
    marks = [Mark("…")] if first else []
    given = [True] + [moment.given for moment in walked.moments]  # the first was not predicted
    for at in range(first, place + 1):
        kind: Kind = "now" if at == place else "given" if given[at] else ""
        marks.append(Mark(walked.text[at], 0.6 if at == place - 1 else None, kind=kind))
    row = Row(marks, "It reads the coloured character", "and now comes the framed one")
    coloured_text([row], key="sample_walked", positive=VIOLET, hint=False)
