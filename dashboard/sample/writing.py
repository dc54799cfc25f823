"""Text that streams in: what is being written lives in the session, a part a tick.

Whoever arrives finds a text that was written there and then. Knows nothing of where weights come
from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import streamlit as st

from core.data.alphabet import decode, encode
from core.insight.sampling import Draw, generate
from core.insight.walk import walk
from dashboard.charts import sample as sample_charts
from dashboard.sample.draw_settings import Drawing
from dashboard.sample.source_picker import about_step, weights_in_hand
from dashboard.sample.sources import Source, Taken
from dashboard.widgets.command_row import command, command_row
from dashboard.widgets.held import held
from dashboard.widgets.live_chart import live_chart
from dashboard.widgets.plain import plain
from dashboard.widgets.recorded_badge import pictures
from dashboard.widgets.verbatim import verbatim

PACES = {"a character at a time": 1, "streaming": 50, "at once": 0}
"""By name: characters a tick, 0 for all."""
_TICK = 0.15  # seconds
_EXAMPLE = "the "  # what the flattening is shown on where there is no prime


@dataclass
class Writing:
    """Texts on their way, one a seed."""

    taken: Taken
    drawing: Drawing
    streams: list[Iterator[int]]
    texts: list[str]
    going_on: bool = True
    stopped: bool = False  # by the visitor

    @classmethod
    def begin(cls, taken: Taken, drawing: Drawing) -> Writing:
        """Nothing is written yet."""
        model = drawing.model(taken)
        numbers = range(drawing.count)
        streams = [
            generate(
                model,
                drawing.generator(number),
                prime=drawing.prime_ids,
                draw=drawing.draw,
                length=drawing.length,
            )
            for number in numbers
        ]
        return cls(taken, drawing, streams, ["" for _ in numbers])

    def write(self, characters: int) -> None:
        """Write so many more characters of each text; 0 writes all that are left."""
        # The prime was there before: the first tick shows it whole.
        start = len(self.drawing.prime) if not self.texts[0] else 0
        more = [
            decode(list(islice(stream, characters + start if characters else None)))
            for stream in self.streams
        ]
        self.texts = [text + new for text, new in zip(self.texts, more, strict=True)]
        self.going_on = any(more) and any(len(text) < self.drawing.length for text in self.texts)

    def write_all(self) -> None:
        """Write to the end."""
        while self.going_on:  # the second time finds the end of a text that breaks off
            self.write(0)

    def stop(self) -> None:
        """What was written up to now stays."""
        self.going_on, self.stopped = False, True


@dataclass(frozen=True)
class Panel:
    """One of the texts: its name in keys, whose weights write it, and how they are drawn from."""

    name: str
    source: Source
    taken: Taken
    drawing: Drawing

    @property
    def writing(self) -> Writing | None:
        """What it writes, or wrote."""
        writing: Writing | None = st.session_state.get(self._place)
        return writing

    @property
    def going(self) -> bool:
        """Whether it writes."""
        return self.writing is not None and self.writing.going_on

    def arrive(self) -> None:
        """Where no text of these weights stands, write one with the settings as they are."""
        if self.writing is None or self.writing.taken is not self.taken:
            begun = Writing.begin(self.taken, self.drawing)
            begun.write_all()
            st.session_state[self._place] = begun

    def begin(self) -> None:
        """Write anew, from the newest weights."""
        taken = weights_in_hand(self.source, self.name, newest=True)
        begun = Writing.begin(taken, self.drawing) if taken is not None else None
        st.session_state[self._place] = begun

    def stop(self) -> None:
        """What was written up to now stays."""
        if self.writing is not None:
            self.writing.stop()

    @property
    def _place(self) -> str:
        return f"sample_writing_{self.name}"


def writing_commands(panels: Sequence[Panel]) -> str:
    """One row for all texts; returns the pace."""
    going = any(panel.going for panel in panels)
    with command_row("write"):
        command(
            "Write",
            _for_each,
            Panel.begin,
            panels,
            key="sample_write",
            fits=not going,
            icon="edit",
            kind="primary",
        )
        command("Stop", _for_each, Panel.stop, panels, key="sample_stop", fits=going, icon="stop")
        return held(
            st.segmented_control,
            "Pace",
            list(PACES),
            default="streaming",
            required=True,
            key="sample_pace",
            label_visibility="collapsed",
            persist_state="session",
        )


def _for_each(order: Callable[[Panel], None], panels: Sequence[Panel]) -> None:
    for panel in panels:
        order(panel)


def writing_panel(panel: Panel, pace: str) -> None:
    """The text, and what the double softmax does to it."""
    writing, drawing, taken = panel.writing, panel.drawing, panel.taken
    going = writing if writing is not None and writing.going_on else None

    # A fragment's key tells those of two panels apart.
    @st.fragment(run_every=_TICK if going else None, key=f"sample_stream_{panel.name}")
    def stream() -> None:
        if going is not None and going.going_on:
            going.write(PACES[pace])
        if writing is not None:
            _show(writing, drawing)
        if going is not None and not going.going_on:
            st.rerun()  # ends the timer, and brings back the button

    stream()
    if drawing.draw.as_published:
        with pictures(bool(taken.recorded)):
            _flattening(taken, drawing, panel.name)


def _show(writing: Writing, now: Drawing) -> None:
    """The texts, each under what it was written with."""
    how = f"{_in_words(writing.drawing)} · {about_step(writing.taken).lower()}"
    for number, text in enumerate(writing.texts):
        st.caption(f"seed {writing.drawing.seed + number} · {how}")
        st.code(text, language=None, wrap_lines=True)
    length = writing.drawing.length
    shortest = min(map(len, writing.texts))
    if writing.stopped and shortest < length:
        st.caption(f"Stopped after {shortest:,} of {length:,}.")
    elif not writing.going_on and shortest < length:
        st.caption(
            f"Broke off after {shortest:,} of {length:,}: the outputs that come next are no finite "
            "numbers. Weights of an earlier step may write on."
        )
    if writing.drawing != now:
        st.caption("The settings have changed since: Write writes with them.")


def _in_words(drawing: Drawing) -> str:
    """The settings of a text, those that are as a rule left alone only where they are not."""
    draw = drawing.draw
    words = [
        f"temperature {draw.temperature:g}",
        f"prime “{plain(drawing.prime)}”" if drawing.prime else "no prime",
        f"top k {draw.top_k}" if draw.top_k else "",
        f"top p {draw.top_p:g}" if draw.top_p < 1 else "",
        "double softmax" if draw.as_published else "",
        f"the {drawing.fed_back} fed back" if drawing.fed_back else "",
    ]
    return " · ".join(filter(None, words))


def _flattening(taken: Taken, drawing: Drawing, panel: str) -> None:
    """The same moment under one softmax and under two."""
    prime = drawing.prime or _EXAMPLE
    moment = walk(
        drawing.model(taken),
        len(prime) + 1,
        drawing.generator(),
        prime=encode(prime),
        draw=Draw(as_published=True),
    ).moments[-1]
    st.markdown("**What the second softmax does** to the character after the text below")
    verbatim(prime)
    top = 1.15 * float(moment.probabilities.max())
    left, right = st.columns(2)
    for place, name, chances in (
        (left, "One softmax", moment.probabilities),
        (right, "Two, as published", moment.drawn_from),
    ):
        with place:
            live_chart(
                sample_charts.next_character_chart(chances, name, highest=top),
                key=f"sample_flat_{name}_{panel}",
                height=300,
                alt=f"Probabilities of the next character: {name}",
            )
    st.caption(
        f"The likeliest character falls from {moment.probabilities.max():.1%} to "
        f"{moment.drawn_from.max():.1%}. After a second softmax at temperature 1 none can have "
        "more than e / (e + 26) = 9.5 %: that, not the network, is why the article's Arch 2 "
        "text is noise."
    )
