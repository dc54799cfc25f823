"""A run as it stood at one moment: all that a page may know of it. Never changes.

Knows nothing of threads, nor of who trains.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.config import LiveSettings, TrainingConfig
from core.history import History, HistoryView
from core.records import Divergence, Event, ProbeRecord, Report, RunStatus


@dataclass(frozen=True, slots=True)
class RunSnapshot:
    """Everything a page may know about a run, as it stood at one moment."""

    run_id: str
    config: TrainingConfig
    live: LiveSettings
    status: RunStatus
    message: str = ""  # why it ended, or what it is busy with before the first step
    progress: float | None = None  # of what `message` names, 0 to 1
    traceback: str = ""
    device: str = ""
    device_reason: str = ""
    text_title: str = ""
    text_length: int = 0
    floors: Mapping[str, float] = field(default_factory=dict)  # nats: uniform, unigram, ...
    step: int = 0
    characters_seen: int = 0
    seconds: float = 0.0  # of training, pauses left out
    history: HistoryView = field(default_factory=lambda: History().view())
    reports: tuple[Report, ...] = ()
    probes: tuple[ProbeRecord, ...] = ()  # thinned in a long run
    events: tuple[Event, ...] = ()
    divergence: Divergence | None = None  # the step that failed, taken apart

    @property
    def steps_per_second(self) -> float | None:
        """Over the last 200 steps; None before the second step."""
        seconds = self.history.column("seconds")[-200:]
        if len(seconds) < 2 or seconds[-1] <= seconds[0]:
            return None
        return (len(seconds) - 1) / float(seconds[-1] - seconds[0])

    @property
    def seconds_left(self) -> float | None:
        """Until the planned end at the present pace."""
        pace = self.steps_per_second
        return None if pace is None else (self.config.steps - self.step) / pace
