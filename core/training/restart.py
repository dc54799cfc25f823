"""A diverged run once more, as a new run: the same steps, and clipping before the one that failed.

Knows nothing of threads. The run that diverged stays as it is, to be compared with.
"""

from __future__ import annotations

from core.config import TrainingConfig
from core.records import Event, EventKind, live_changes
from core.training.snapshot import RunSnapshot

REPLAY_STEPS = 50
"""Clipping begins so many steps before the last one that was taken."""


def with_clipping(snapshot: RunSnapshot, clip: float) -> tuple[TrainingConfig, tuple[Event, ...]]:
    """What to train, and the live changes to make by themselves on the way.

    Up to where clipping begins the steps are the run's own to the last bit, on the same machine:
    they are made by the same engine. Changes of the threshold that came later are left out.

    Args:
        snapshot: of the run that diverged.
        clip: the threshold.
    """
    after = max(0, snapshot.step - REPLAY_STEPS)
    kept = [
        event
        for event in live_changes(snapshot.events)
        if event.kind != EventKind.CLIP or event.step < after
    ]
    config = snapshot.config
    if snapshot.engine:
        config = config.changed(engine=snapshot.engine)
    return config, (*kept, Event(after, EventKind.CLIP, clip))
