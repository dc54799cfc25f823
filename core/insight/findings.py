"""What a finding is, and what the rules that make findings may look at.

Knows no rule. See `diagnosis.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from core.config import LiveSettings, TrainingConfig, bounds
from core.history import HistoryView
from core.records import ContextRecord, ProbeRecord, Report, RunStatus

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Remedy:
    """Something to try.

    Attributes:
        text: for people.
        settings: what a new run changes that tries the first of it; empty where no setting does.
    """

    text: str
    settings: Mapping[str, str | int | float] = field(default_factory=dict)


CLIP = 1.25
"""The article's threshold."""
ZERO_MEAN = Remedy("Start from zero-mean weights.", {"init": "zero-mean"})


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a learner should know about a run."""

    name: str  # stable, for tests and stores
    severity: Severity
    title: str
    evidence: str  # a sentence with the numbers
    cause: str
    remedy: Remedy


class Observed(Protocol):
    """What the rules look at; a `RunSnapshot` is one."""

    @property
    def config(self) -> TrainingConfig: ...
    @property
    def live(self) -> LiveSettings: ...
    @property
    def status(self) -> RunStatus: ...
    @property
    def message(self) -> str: ...
    @property
    def floors(self) -> Mapping[str, float]: ...
    @property
    def text_length(self) -> int: ...
    @property
    def history(self) -> HistoryView: ...
    @property
    def reports(self) -> Sequence[Report]: ...
    @property
    def probes(self) -> Sequence[ProbeRecord]: ...
    @property
    def contexts(self) -> Sequence[ContextRecord]: ...


def newest_probe(run: Observed) -> ProbeRecord | None:
    """The last probe, if there was one."""
    return run.probes[-1] if run.probes else None


def newest_report(run: Observed) -> Report | None:
    """The last report, if there was one."""
    return run.reports[-1] if run.reports else None


def newest_context(run: Observed) -> ContextRecord | None:
    """What the network was last seen to use of the past, if that was measured."""
    return run.contexts[-1] if run.contexts else None


def context_words(run: Observed) -> str:
    """What taking the history away costs, as a sentence after a space; nothing if unmeasured."""
    context = newest_context(run)
    if context is None:
        return ""
    # Not below 0: that would be what this sample of places gives, not a use of the past.
    cost = max(0.0, context.worth_nats)
    return (
        f" Measured at step {context.step:,}, taking away all that came before the last character "
        f"costs it {cost:.3f} nats."
    )


def no_path_through_time(config: TrainingConfig) -> bool:
    """Whether the network is teacher-forced Arch 2, which is a table of characters."""
    return config.architecture == "arch2" and config.feedback == "teacher"


def clipping_advice(run: Observed) -> Remedy:
    """What to do about steps that are too large."""
    clip, settings = run.live.clip, calmer(run.live)
    if clip == 0:
        return Remedy(f"Turn clipping on: {CLIP:g} is the article's threshold.", settings)
    if "clip" in settings:
        return Remedy(f"Clip at {CLIP:g}, the article's threshold, and not at {clip:g}.", settings)
    return Remedy(f"Clipping at {clip:g} is on already: lower the learning rate.", settings)


def calmer(live: LiveSettings) -> dict[str, float]:
    """Settings for a run whose steps were too large: clipping, or a tenth of the learning rate."""
    return times_rate(live, 1 / 10) if 0 < live.clip <= CLIP else {"clip": CLIP}


def slower(run: Observed) -> dict[str, float]:
    """A third of the learning rate, as a setting."""
    return times_rate(run.live, 1 / 3)


def faster(run: Observed) -> dict[str, float]:
    """Three times the learning rate, as a setting."""
    return times_rate(run.live, 3)


def times_rate(live: LiveSettings, factor: float) -> dict[str, float]:
    """So many times the learning rate, as a setting: two digits, and no more than is allowed."""
    low, high = bounds("learning_rate")
    return {"learning_rate": min(high, max(low, float(f"{live.learning_rate * factor:.2g}")))}


def in_words(share: float) -> str:
    """A share of something. None is said only of exactly 0."""
    if share == 0:
        return "none"
    if share < 1e-3:
        return "less than 0.1 %"
    return f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.1f} %"


def characters(count: int) -> str:
    """1 character, 2 characters."""
    return f"{count} character{'' if count == 1 else 's'}"
