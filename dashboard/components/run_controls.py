"""The buttons that start, hold, step and end a run. Knows nothing of charts or settings."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.config import TrainingConfig
from core.errors import RunError, UnrollError
from core.records import RunStatus
from core.training.run import Run
from dashboard import session
from dashboard.components.command_row import command, command_row
from dashboard.library import library

_RESUMABLE = (RunStatus.INTERRUPTED, RunStatus.STOPPED, RunStatus.FAILED)


def run_controls(run: Run | None, config: TrainingConfig | None) -> None:
    """A row of all commands; those that fit the run's status can be pressed.

    Args:
        run: the watched run, if any.
        config: what Start would start; None greys it.
    """
    active = run is not None and run.snapshot.status.active
    held = active and run.held
    with command_row("train"):
        command(
            "Start",
            session.start,
            config,
            key="start",
            fits=config is not None and not active,
            icon="play_arrow",
            kind="primary",
        )
        _command("Pause", "pause", active and not held, lambda: run.pause(), kind="primary")
        _resume(run, held)
        _command("1 step", None, active, lambda: run.advance(1))
        _command("10 steps", None, active, lambda: run.advance(10))
        _command("Stop", "stop", active, lambda: run.stop())
        command(
            "New run",
            session.leave,
            key="leave",
            fits=active,
            icon="add",
            kind="tertiary",
            help="Set up another run. This one goes on; the address with its id finds it again.",
        )


def _resume(run: Run | None, held: bool) -> None:
    """After a pause, or from the store."""
    stored = run is not None and run.snapshot.status in _RESUMABLE and library().store is not None
    # As it was drawn: a paused run that was stopped meanwhile is not to train again.
    press = (lambda: _go_on(run.run_id)) if stored else (lambda: _obey(run.resume))
    command(
        "Resume",
        press,
        key="command_Resume",
        fits=held or stored,
        icon="resume",
        kind="primary",
        help="After a pause; or, where a run was stopped or cut off, from its last checkpoint.",
    )


def planned_changes() -> None:
    """The live changes that Start will repeat, and a way to do without them."""
    planned = session.planned_changes()
    if not planned:
        return
    told = ", ".join(
        f"{event.kind.replace('_', ' ')} {event.value:g} after step {event.step:,}"
        for event in planned
    )
    one = len(planned) == 1
    st.button(
        f"Repeats {'1 live change' if one else f'{len(planned)} live changes'}",
        icon=":material/close:",
        type="tertiary",
        on_click=session.plan,
        args=((),),
        key="forget_planned",
        help=f"{told}. Click to train without {'it' if one else 'them'}.",
    )


def _go_on(run_id: str) -> None:
    watched = session.watched_run()
    if watched is not None and watched.snapshot.status.active:
        return  # the second click of a double click
    try:
        session.resume(run_id)
    except UnrollError as error:
        session.tell(str(error))


def _command(
    label: str, icon: str | None, fits: bool, order: Callable[[], None], kind: str = "secondary"
) -> None:
    command(label, _obey, order, key=f"command_{label}", fits=fits, icon=icon, kind=kind)


def _obey(order: Callable[[], None]) -> None:
    try:
        order()
    except RunError as error:  # it ended between the drawing of the button and the click
        st.toast(str(error))
