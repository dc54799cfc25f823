"""The buttons that start, hold, step and end a run. Knows nothing of charts or settings."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from core.config import TrainingConfig
from core.errors import UnrollError
from core.records import RunStatus
from core.training.run import Run
from core.training.snapshot import WatchedRun
from dashboard import session
from dashboard.gate import commanded, may_command, may_start, to_train_on
from dashboard.server import library
from dashboard.widgets.command_row import Kind, command, command_row
from dashboard.widgets.whose_run import whose_run

_RESUMABLE = (RunStatus.INTERRUPTED, RunStatus.STOPPED, RunStatus.FAILED)


def run_controls(run: WatchedRun | None, config: TrainingConfig | None) -> None:
    """A row of all commands; those that fit the run's status can be pressed.

    Args:
        run: the watched run, if any.
        config: what Start would start; None greys it.
    """
    active = run is not None and run.snapshot.status.active
    held = run is not None and active and run.held
    mine = may_command(run)
    moves = mine and active
    with command_row("train"):
        command(
            "Start",
            session.start,
            config,
            key="start",
            fits=config is not None and not active and may_start(),
            icon="play_arrow",
            kind="primary",
            shortcut="S",
        )
        _command("Pause", "pause", moves and not held, run, Run.pause, "P", kind="primary")
        _resume(run if mine else None, held)
        _command("1 step", None, moves, run, _step, "1")
        _command("10 steps", None, moves, run, _ten_steps, "0")
        _command("Stop", "stop", moves, run, Run.stop, "X")
        command(
            "New run",
            session.leave,
            key="leave",
            fits=active,
            icon="add",
            kind="tertiary",
            help="Set up another run. This one goes on; the address with its id finds it again.",
        )
    whose_run(run)


def _resume(run: WatchedRun | None, held: bool) -> None:
    """After a pause, or from the store."""
    press = None
    # As it was drawn: a paused run that was stopped meanwhile is not to train again.
    if run is not None and run.snapshot.status in _RESUMABLE and library().store is not None:
        press = partial(_go_on, run.run_id)
    elif run is not None and held:
        press = partial(_obey, run, Run.resume)
    command(
        "Resume",
        press,
        key="command_Resume",
        fits=press is not None,
        icon="resume",
        kind="primary",
        shortcut="G",
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
    label: str,
    icon: str | None,
    fits: bool,
    run: WatchedRun | None,
    order: Callable[[Run], None],
    shortcut: str,
    kind: Kind = "secondary",
) -> None:
    command(
        label,
        _obey,
        run,
        order,
        key=f"command_{label}",
        fits=fits,
        icon=icon,
        kind=kind,
        shortcut=shortcut,
    )


def _step(run: Run) -> None:
    run.advance(1)


def _ten_steps(run: Run) -> None:
    run.advance(10)


_TRAIN_ON = (Run.resume, _step, _ten_steps)


def _obey(run: WatchedRun, order: Callable[[Run], None]) -> None:
    try:
        order(to_train_on(run) if order in _TRAIN_ON else commanded(run))
    except UnrollError as error:  # it ended between the drawing of the button and the click
        st.toast(str(error))
