"""The buttons that start, hold, step and end a run. Knows nothing of charts or settings."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.config import TrainingConfig
from core.errors import RunError, UnrollError
from core.records import RunStatus
from core.training.run import Run
from core.training.snapshot import WatchedRun
from dashboard import session
from dashboard.server import commanded, library

_RESUMABLE = (RunStatus.INTERRUPTED, RunStatus.STOPPED, RunStatus.FAILED)


def run_controls(run: WatchedRun | None, config: TrainingConfig | None) -> None:
    """A row of buttons that fit the run's status.

    Args:
        run: the watched run, if any.
        config: what Start would start; None greys it.
    """
    with st.container(horizontal=True, vertical_alignment="center", width="content"):
        status = run.snapshot.status if run else None
        if run is None or status is None or not status.active:
            st.button(
                "Start",
                type="primary",
                icon=":material/play_arrow:",
                disabled=config is None,
                on_click=session.start,
                args=(config,),
                key="start",
            )
            if run is not None and status in _RESUMABLE and library().store is not None:
                st.button(
                    "Resume",
                    icon=":material/resume:",
                    on_click=_go_on,
                    args=(run.run_id,),
                    key="resume_stored",
                    help=f"Goes on from the last checkpoint to step {run.snapshot.config.steps:,}.",
                )
            _planned_changes()
            return
        if status == RunStatus.PAUSED:
            _command("Resume", "play_arrow", run, Run.resume, primary=True)
        else:
            _command("Pause", "pause", run, Run.pause, primary=True)
        _command("1 step", None, run, Run.advance, 1)
        _command("10 steps", None, run, Run.advance, 10)
        _command("Stop", "stop", run, Run.stop)
        st.button(
            "New run",
            type="tertiary",
            icon=":material/add:",
            on_click=session.leave,
            key="leave",
            help="Set up another run. This one goes on; the address with its id finds it again.",
        )


def _planned_changes() -> None:
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
    try:
        session.resume(run_id)
    except UnrollError as error:
        session.tell(str(error))


def _command(
    label: str,
    icon: str | None,
    run: WatchedRun,
    command: Callable[..., None],
    *arguments: int,
    primary: bool = False,
) -> None:
    st.button(
        label,
        icon=f":material/{icon}:" if icon else None,
        type="primary" if primary else "secondary",
        on_click=_obey,
        args=(run, command, *arguments),
        key=f"command_{label}",
    )


def _obey(run: WatchedRun, command: Callable[..., None], *arguments: int) -> None:
    try:
        command(commanded(run), *arguments)
    except RunError as error:  # it ended between the drawing of the button and the click
        st.toast(str(error))
