"""The tab Race: choose lanes, start them together, hold, step and stop all at once."""

from __future__ import annotations

from contextlib import suppress
from itertools import chain, islice
from time import monotonic

import streamlit as st

from core.errors import UnrollError
from core.experiments.lanes import lane_names
from core.experiments.lead import Lead, lead_words
from core.experiments.past_race import PastRace
from core.experiments.race import Race, RaceSnapshot
from core.training.snapshot import RunSnapshot
from dashboard import pace
from dashboard.compare import racing
from dashboard.compare.race_form import RacePlan, race_form
from dashboard.compare.race_panel import draw_race, same_in_all
from dashboard.gate import (
    ANOTHERS_RACE,
    command_race,
    may_command_race,
    own_first,
    own_race,
    watched_race,
)
from dashboard.server import attendance, find_run, guesses, library, recorded_race
from dashboard.widgets import refused
from dashboard.widgets.command_row import command, command_row
from dashboard.widgets.held import held
from dashboard.widgets.look import look_controls
from dashboard.widgets.plain import plain
from dashboard.widgets.recorded_badge import pictures, tell_recorded

_ID = "race_id"  # in st.session_state: of the race whose link was opened
_TAUGHT = "This race was started in another browser; as the teacher you command it, too."
_MOST_UNDER = 50  # runs to choose from, newest first

_INTRO = (
    "Two to four copies of one run advance in lockstep and differ in what you name. Start a race "
    "to see their curves side by side."
)


def race_link() -> dict[str, str]:
    """What a link needs to show this race to others, as long as it is its owner's last."""
    race = _race()
    return {} if race is None else {"race": race.race_id}


def _race() -> Race | None:
    return watched_race(st.session_state.get(_ID))


def race_tab() -> None:
    """The whole tab, the form in the sidebar."""
    race = _race()
    own = race is own_race()
    mine = race is not None and may_command_race(race)
    now = race.snapshot if race else None
    active = now is not None and now.active
    # Until somebody races here.
    recording = recorded_race() if race is None else None
    drawn, note = recording or (race, "")
    with st.sidebar:
        if now is not None and now.active and own:
            st.markdown(same_in_all(now))
            plan = None
        else:
            plan = race_form()
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        _buttons(race if active and mine else None, plan)
        look = look_controls(with_axis=False)
    with st.container():  # below the buttons: what comes and goes must not move them
        if refusal := refused.refusal(refused.RACE):
            st.error(plain(refusal))
        if not own:
            _watched(_TAUGHT if mine else ANOTHERS_RACE)
        if not active:
            st.markdown(same_in_all(now) if now else _INTRO)
        if note:
            tell_recorded(note, "Runs that were trained one after the other, not in lockstep.")
    if drawn is None:
        return
    began = drawn.snapshot
    guess = guesses().get(began.race_id) if own else None  # others have guessed nothing
    with st.sidebar:
        under = _under({lane.run_id for lane in began.lanes})

    @st.fragment(run_every=pace.refresh_seconds() if active else None)
    def live() -> None:
        """The part that moves."""
        began_drawing = monotonic()
        snapshot = drawn.snapshot
        for run in chain(*snapshot.runs):
            attendance().seen(run.run_id)
        with pictures(bool(note)):
            draw_race(snapshot, look, under, *_lead(drawn, snapshot), guess)
        moved = not snapshot.active or snapshot.held != began.held
        if active and (pace.refreshed(began_drawing) or moved):
            # Many watch, or other buttons fit it now; at the end this also ends the timer.
            st.rerun()

    live()


def _watched(told: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/visibility: {told}", width="content")
        st.button("Your own races", on_click=_leave, key="race_own")


def _leave() -> None:
    st.session_state[_ID] = None


def _lead(race: Race | PastRace, snapshot: RaceSnapshot) -> tuple[Lead | None, str]:
    """Who is ahead, and that in words."""
    try:
        lead = race.lead()
    except UnrollError as error:  # the text is gone, and with it what noise is measured on
        return None, str(error)
    when = "where it is held" if snapshot.held else ""
    if not snapshot.active:
        when = "where it was stopped" if snapshot.stopped else "at the end"
    return lead, lead_words(lead, lane_names([lane.config for lane in snapshot.lanes]), when)


def _buttons(race: Race | None, plan: RacePlan | None) -> None:
    """All commands; without a race on its way only Start fits."""
    active = race is not None
    held = race is not None and race.snapshot.held
    with command_row("race"):
        command(
            "Start the race",
            _start,
            plan,
            key="race_start",
            fits=plan is not None,
            icon="play_arrow",
            kind="primary",
        )
        for label, icon, fits, order in (
            ("Pause all", "pause", active and not held, Race.pause),
            ("Resume all", "resume", held, Race.resume),
            ("Step all", None, active, Race.step),
            ("Stop all", "stop", active, Race.stop),
        ):
            asked = (refused.RACE, command_race, race, order)
            command(label, refused.attempted, *asked, key=f"race_{label}", fits=fits, icon=icon)


def _start(plan: RacePlan) -> None:
    form = (plan.lanes, plan.axis, plan.amount, plan.guess, plan.seeds)
    if refused.attempted(refused.RACE, racing.start, *form):  # another session's race may be on
        _leave()


def _under(racing_now: set[str]) -> RunSnapshot | None:
    """A finished run, also of another day, to lay under the race."""
    kept = library().recordings()
    with suppress(UnrollError):  # no store, no history
        own = own_first(library().shelf().runs())
        kept = [*sorted(own, key=lambda row: row.source == "sweep"), *kept]
    ended = {
        row.id: f"{row.name}, {row.step:,} steps"
        for row in kept
        if row.id not in racing_now and not row.status.active and row.step and not row.deleted
    }
    chosen = held(
        st.selectbox,
        "Lay a finished run under it",
        dict(islice(ended.items(), _MOST_UNDER)),
        index=None,
        format_func=lambda run_id: ended.get(run_id, run_id),
        placeholder="none",
        key="race_under",
        disabled=not ended,
    )
    run = find_run(chosen) if chosen else None
    return run.snapshot if run else None
