"""What a run tells about itself: plain frozen values, safe to hand to any thread.

Knows no torch. Losses are means over a window's `B * T` predictions, in nats per character.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RunStatus(StrEnum):
    """Where a run stands. A plain string, so that it compares after a reload of the code."""

    QUEUED = "queued"
    """Waiting for a free place to train."""
    RUNNING = "running"
    """Training now."""
    PAUSED = "paused"
    """Holding still; resumes where it stopped."""
    FINISHED = "finished"
    """Trained all its steps."""
    STOPPED = "stopped"
    """Ended by the user before its last step."""
    DIVERGED = "diverged"
    """Ended because a loss or a gradient was no longer a finite number."""
    FAILED = "failed"
    """Ended by an error, which the run's message tells."""

    @property
    def active(self) -> bool:
        """Whether the run can still train."""
        return self in (RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.PAUSED)


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One training step. Norms are global norms over all parameters."""

    step: int  # from 1
    characters_seen: int
    loss_nats: float
    grad_norm: float  # before clipping
    grad_norm_clipped: float  # after
    clipped: bool
    learning_rate: float
    seconds: float  # of training since the start, pauses left out


@dataclass(frozen=True, slots=True)
class Report:
    """What is measured every `report_every` steps and at the end."""

    step: int
    characters_seen: int
    seconds: float
    train_loss_nats: float | None  # mean since the last report; None before the first step
    validation_loss_nats: float
    sample: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a run after a step: a change, a pause, an end."""

    step: int  # the last step trained before it; a change counts from the next one
    kind: str  # learning_rate, clip, unrollings, paused, resumed, stopped, diverged, failed
    value: float | None = None
    text: str = ""
