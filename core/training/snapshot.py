"""A run as it stood at one moment, and what may be asked of any run, live or stored.

Knows nothing of threads, nor of who trains.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from core.config import LiveSettings, TrainingConfig
from core.history import History, HistoryView
from core.records import ContextRecord, Divergence, Event, ProbeRecord, Report, RunStatus

_NO_STEPS = History().view().trimmed()


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
    engine: str = ""
    engine_reason: str = ""
    text_title: str = ""
    text_length: int = 0
    floors: Mapping[str, float] = field(default_factory=dict)  # nats: uniform, unigram, ...
    step: int = 0
    characters_seen: int = 0
    seconds: float = 0.0  # of training, pauses left out
    history: HistoryView = _NO_STEPS
    reports: tuple[Report, ...] = ()
    probes: tuple[ProbeRecord, ...] = ()  # thinned in a long run
    contexts: tuple[ContextRecord, ...] = ()  # what is used of the past
    events: tuple[Event, ...] = ()
    divergence: Divergence | None = None  # the step that failed, taken apart

    def without_records(self) -> RunSnapshot:
        """What the run was, and not what was measured of it."""
        return replace(self, history=_NO_STEPS, reports=(), probes=(), contexts=())

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


class WatchedRun(Protocol):
    """A run that one can look at: a `Run` of this process, or a `StoredRun` out of the store.

    Commands are not here: a live run alone takes any.
    """

    @property
    def run_id(self) -> str:
        """Its name in links."""

    @property
    def browser(self) -> str | None:
        """Who owns it, by the hash of a browser's secret; None where nobody does."""

    @property
    def snapshot(self) -> RunSnapshot:
        """The run as it stands, or as it was last seen."""

    @property
    def live(self) -> LiveSettings:
        """The live settings as last asked for."""

    @property
    def held(self) -> bool:
        """Whether it holds still, or was told to."""

    @property
    def planned(self) -> tuple[Event, ...]:
        """Changes of live settings that it was to make by itself, those already made too."""

    def weights(self, timeout: float = ...) -> tuple[int, dict[str, np.ndarray]] | None:
        """The step and copies of the weights as they stand; None where there are none.

        Raises:
            StoreError: they are on disk and cannot be used.
        """
