"""How a run stands, in a bar, and what it has to say for itself. Knows no page."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

import streamlit as st

from core.engines.cost import estimated_seconds
from core.engines.devices import surely_on_cpu
from core.labels import VALUES
from core.records import EventKind, RunStatus
from core.training.snapshot import RunSnapshot
from core.training.waiting import expected_wait
from dashboard.charts.theme import STATUS_COLOURS
from dashboard.gate import may_command
from dashboard.server import attendance, manager
from dashboard.widgets.plain import plain
from dashboard.widgets.recorded_badge import badge

ENOUGH = (
    "Stop it as soon as you have seen enough: what is recorded stays, and Resume goes on from "
    "there."
)


def run_status(snapshot: RunSnapshot | None, ahead: str = "", recorded: str = "") -> None:
    """The bar, with status, step and engine; below it a failure, or what was refused.

    Args:
        snapshot: the run.
        ahead: how long the run that is set up would take, where somebody should know before.
        recorded: when and with what the run was made, if it came with Unroll.
    """
    takes = f", which takes {ahead}" if ahead else ""
    enough = f" {ENOUGH}" if ahead else ""
    if snapshot is None:
        ready = f"Ready. Start trains the network{takes}; its curves and texts appear below."
        st.progress(0.0, ready + enough)
        return
    attendance().seen(snapshot.run_id)
    planned = snapshot.config.steps
    share = min(1.0, snapshot.step / planned) if planned else 1.0
    text = f"step {snapshot.step:,} of {planned:,}"
    if snapshot.progress is not None:
        share, text = min(1.0, snapshot.progress), f"{snapshot.message}: {snapshot.progress:.0%}"
    elif snapshot.status == RunStatus.QUEUED:
        text += f" · {waits([snapshot.run_id])}"
    elif snapshot.status == RunStatus.RUNNING and snapshot.message:
        text = f"{snapshot.message} …"
    elif snapshot.device and snapshot.engine:
        text += f" · {VALUES[snapshot.device]}, {VALUES[snapshot.engine]}"
    if recorded:
        text += f" · {badge(recorded)} Start trains a run of your own{takes}.{enough}"
    elif ahead and not snapshot.status.active:
        text += f" · Start: {ahead}.{enough}"
    st.progress(share, f":{STATUS_COLOURS[snapshot.status]}-badge[{snapshot.status}] {text}")
    if snapshot.status in (RunStatus.DIVERGED, RunStatus.FAILED):
        st.error(plain(snapshot.message), icon=":material/error:")
    elif snapshot.message and snapshot.status in (RunStatus.PAUSED, RunStatus.INTERRUPTED):
        st.warning(plain(snapshot.message))  # a full disk, or a process that ended
    changes = [
        event
        for event in snapshot.events
        if event.kind.live_change or event.kind == EventKind.REFUSED
    ]
    if changes and changes[-1].kind == EventKind.REFUSED and snapshot.status.active:
        st.warning(plain(changes[-1].text))


def waits(run_ids: Collection[str]) -> str:
    """A place in the queue, for about how long, and who trains meanwhile.

    Args:
        run_ids: of the run, or of those that wait for one place together.
    """
    training, waiting = manager().queue()
    at = next((at for at, run in enumerate(waiting) if run.run_id in run_ids), None)
    if at is None:
        return "its turn"
    place = f"place {at + 1} in the queue"
    if not training:
        return f"{place}, waiting for a place to train"
    before = [_to_come(run.snapshot) for run in waiting[:at]]
    left = [_to_come(run.snapshot) for run in training]
    seconds = expected_wait(manager().slots.count, left, before)
    wait = "" if seconds is None else f", about {timedelta(seconds=round(seconds))} to wait"
    # Another's run is nobody's business: it counts, and its name is a link to it.
    own = [f"{run.run_id}{_left(run.snapshot)}" for run in training if may_command(run)]
    others = len(training) - len(own)
    if others:
        own.append("1 run of somebody else" if others == 1 else f"{others} runs of others")
    return f"{place}{wait}; {', '.join(own)} {'trains' if len(training) == 1 else 'train'}"


def _left(snapshot: RunSnapshot) -> str:
    if snapshot.seconds_left is None:
        return ""
    return f" ({timedelta(seconds=round(snapshot.seconds_left))} left)"


def _to_come(snapshot: RunSnapshot) -> float | None:
    """Seconds that a run has yet to train: at its own pace up to now if it has had one."""
    steps = snapshot.config.steps - snapshot.step
    if snapshot.step and snapshot.seconds:
        return steps * snapshot.seconds / snapshot.step
    if not surely_on_cpu(snapshot.config):
        return None
    return steps * estimated_seconds(snapshot.config)
