"""A diverged run as it was 50 steps before, ready to go on with clipping.

Knows nothing of threads. The state kept nearest before that step is taken, and the live
changes made since are planned again: the steps between come out as they were.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import RunError
from core.records import Event, EventKind, live_changes
from core.training.snapshot import RunSnapshot
from core.training.state import Past, TrainerState
from core.training.trainer import REPLAY_STEPS


def before_divergence(snapshot: RunSnapshot, states: Sequence[TrainerState], clip: float) -> Past:
    """What the run did up to a state at least 50 steps before the step that failed.

    Clipping at `clip` is planned for the 50th step before it, or for the first step.

    Raises:
        RunError: the run has not diverged, or no state of it was kept.
    """
    if snapshot.divergence is None or not states:
        raise RunError(f"This run has not diverged; it is {snapshot.status}.")
    last_kept_step = max(0, snapshot.divergence.step - 1 - REPLAY_STEPS)
    state = max(
        (state for state in states if state.step <= last_kept_step),
        key=lambda state: state.step,
        default=states[0],
    )
    clip_after = max(state.step, last_kept_step)
    since = [e for e in live_changes(snapshot.events) if e.step > state.step]
    to_come = [event for event in state.planned if event.step >= snapshot.divergence.step]
    again = [
        event
        for event in (*since, *to_come)
        if event.kind != EventKind.CLIP or event.step < clip_after
    ]
    return Past(
        state=state,
        history=snapshot.history.until(state.step),
        reports=tuple(r for r in snapshot.reports if r.step <= (state.reported_step or 0)),
        events=tuple(event for event in snapshot.events if event.step <= state.step),
        planned=(*again, Event(clip_after, EventKind.CLIP, clip)),
        probes=tuple(probe for probe in snapshot.probes if probe.step <= state.step),
        contexts=tuple(c for c in snapshot.contexts if c.step <= (state.reported_step or 0)),
    )
