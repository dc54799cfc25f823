"""A race as it stands: who differs in what, figures, curves, texts, and guess against outcome.

Reads frozen snapshots only. Drawn again about twice a second while the race is active.
"""

from __future__ import annotations

from html import escape

import pandas as pd
import streamlit as st

from core.experiments.race import RaceSnapshot, differences, leader
from core.palette import GREY, Style
from core.records import RunStatus
from core.training.snapshot import RunSnapshot
from dashboard.charts.frames import metrics_frame, reports_frame
from dashboard.charts.race import LaneCurves, race_flow_chart, race_loss_chart, race_norm_chart
from dashboard.charts.theme import STATUS_COLOURS
from dashboard.charts.training import Unit, in_unit
from dashboard.compare import racing
from dashboard.compare.race_form import AXIS_WORDS
from dashboard.widgets.live_chart import live_chart
from dashboard.widgets.plain import plain

_UNDER = Style(GREY, "dot", "x", 2.0)


def draw_race(race: RaceSnapshot, unit: Unit, under: RunSnapshot | None) -> None:
    """The whole panel.

    Args:
        race: what is known.
        unit: of the losses.
        under: a finished run to lay under the race.
    """
    configs = [lane.config for lane in race.lanes]
    names, styles = racing.lane_names(configs), racing.lane_styles(configs)
    _progress(race)
    for place, (column, lane) in enumerate(
        zip(st.columns(len(race.lanes)), race.lanes, strict=True)
    ):
        with column:
            _lane(names[place], styles[place], lane, unit)
    _outcome(race, names)
    lanes = list(map(_curves, names, styles, race.lanes))
    if under is not None:
        lanes.append(_curves(f"under it: run {under.run_id}", _UNDER, under))
    revision = f"{race.race_id}-{unit}"
    left, right = st.columns([3, 2])
    with left:
        live_chart(
            race_loss_chart(lanes, race.lanes[0].floors, unit=unit, axis=race.axis),
            key="race_loss",
            height=380,
            alt="Losses of all lanes with n-gram floors",
            revision=revision,
        )
    with right:
        live_chart(
            race_flow_chart(lanes),
            key="race_flow",
            height=380,
            alt="Gradient flow of all lanes by characters back",
            revision=race.race_id,
        )
    left, right = st.columns([3, 2])
    with left:
        live_chart(
            race_norm_chart(lanes, axis=race.axis),
            key="race_norm",
            height=300,
            alt="Gradient norms of all lanes, logarithmic",
            revision=revision,
        )
    with right:
        _samples(names, race.lanes)


def _curves(name: str, style: Style, lane: RunSnapshot) -> LaneCurves:
    return LaneCurves(
        name,
        style,
        metrics_frame(lane.history),
        reports_frame(lane.reports),
        lane.probes[-1] if lane.probes else None,
    )


def _progress(race: RaceSnapshot) -> None:
    lanes = [lane for lane in race.lanes if lane.status.active] or race.lanes
    at, digits = min(map(race.position, lanes)), 1 if race.axis == "seconds" else 0
    state = "ended at" if not race.active else "held at" if race.held else "racing:"
    waiting = [lane.message for lane in race.lanes if lane.status.active and lane.message]
    words = f"{at:,.{digits}f} of {race.end:,.0f} {AXIS_WORDS[race.axis]}"
    share = min(1.0, at / race.end) if race.end else 1.0
    st.progress(share, plain(f"{waiting[0]} …" if waiting else f"{state} {words}"))


def _lane(name: str, style: Style, lane: RunSnapshot, unit: Unit) -> None:
    """One lane in a few numbers, under its colour."""
    st.html(
        f'<div style="border-top: 5px {_border(style)} {style.color}; padding-top: .3rem; '
        f'font-size: 1.2rem"><strong>{escape(name)}</strong></div>'
    )
    report = lane.reports[-1] if lane.reports else None
    horizon = f"{lane.probes[-1].horizon}" if lane.probes else "–"
    pace = lane.steps_per_second
    speed = f"{pace * lane.config.characters_per_step:,.0f}" if pace else "–"
    training = _loss(lane.history.mean_loss(100), unit) if len(lane.history) else "–"
    validation = _loss(report.validation_loss_nats, unit) if report else "–"
    st.markdown(
        f":{STATUS_COLOURS[lane.status]}-badge[{lane.status}] step {lane.step:,} · "
        f"training **{training}** {unit} · validation **{validation}** · "
        f"horizon **{horizon}** characters · **{speed}** characters/s"
    )
    if lane.status in (RunStatus.DIVERGED, RunStatus.FAILED):
        st.error(plain(lane.message), icon=":material/error:")


def same_in_all(race: RaceSnapshot) -> str:
    """The row that says exactly what differs."""
    configs = [lane.config for lane in race.lanes]
    words = ", ".join(name.replace("_", " ") for name in differences(configs))
    return (
        f"Different: **{words}**. The same in all: everything else, the text, the seed's first "
        "weights wherever their shapes allow, and the characters in their order."
    )


def _border(style: Style) -> str:
    return "solid" if style.dash == "solid" else "dashed"


def _samples(names: list[str], lanes: tuple[RunSnapshot, ...]) -> None:
    st.markdown("**The latest text of each**")
    for name, lane in zip(names, lanes, strict=True):
        written = lane.reports[-1] if lane.reports else None
        st.caption(f"{plain(name)}, step {written.step:,}" if written else plain(name))
        if written:
            st.code(written.sample, language=None, wrap_lines=True)


def _outcome(race: RaceSnapshot, names: list[str]) -> None:
    """Who is ahead; at the end also the guess beside it."""
    ahead = leader(race.lanes)
    words = "Nobody is ahead yet."
    if ahead is not None:
        end = "" if race.active else " at the end"
        words = f"{names[ahead]} is ahead{end}, by validation loss."
    st.markdown(f"##### {plain(words)}")  # always: what stands below would be made anew
    guess = racing.guesses().get(race.race_id)
    if guess is None:
        return
    if race.active:
        st.caption("Your guess is kept, and shown at the end.")
        return
    diverged = [place for place, lane in enumerate(race.lanes) if lane.status == RunStatus.DIVERGED]
    horizons = [lane.probes[-1].horizon if lane.probes else None for lane in race.lanes]
    rows = [
        ("Ahead at the end", _name(names, guess.leader), _name(names, ahead)),
        ("Diverges", _listed(names, guess.diverges), _listed(names, diverged)),
        *(
            (f"Horizon of {name}, characters", _number(guessed), _number(measured))
            for name, guessed, measured in zip(names, guess.horizons, horizons, strict=True)
        ),
    ]
    st.dataframe(
        pd.DataFrame(rows, columns=["", "You guessed", "It was"]), hide_index=True, width="content"
    )


def _name(names: list[str], place: int | None) -> str:
    return "–" if place is None else names[place]


def _listed(names: list[str], places) -> str:
    return "; ".join(names[place] for place in places) or "none"


def _number(value: int | None) -> str:
    return "–" if value is None else f"{value}"


def _loss(nats: float, unit: Unit) -> str:
    loss = in_unit(nats, unit)
    return f"{loss:.3f}" if loss < 1_000 else f"{loss:.2e}"
