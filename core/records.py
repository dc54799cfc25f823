"""What a run tells about itself: plain frozen values, safe to hand to any thread.

Knows no torch. Losses are means over a window's `B * T` predictions, in nats per character.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from core.config import LiveSettings


def new_run_id() -> str:
    """A run's name. Nobody guesses it: whoever has it may watch the run."""
    return secrets.token_hex(6)


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
    INTERRUPTED = "interrupted"
    """Ended with its process, or unseen; goes on from its last checkpoint when it is resumed."""

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
class ProbeRecord:
    """How far back one loss reaches through the network as it stands: see `insight/flow.py`.

    Shares and slopes are over the recurrent units, the half of the hidden layer that comes
    back. Lags, half-life and horizon are in characters.
    """

    step: int  # the last step trained before it
    flow: tuple[float, ...]  # ‖∂L_T/∂h_{T−k}‖ / ‖∂L_T/∂h_T‖ for k = 0 ... K
    decay_per_step: float  # of the line through ln flow ...
    fit_from: int  # ... from this lag
    fit_to: int  # ... to this one
    half_life: float  # inf if the flow does not fall
    horizon: int  # the last lag with at least 1 %
    spectral_radius: float  # of the recurrent block of W
    largest_singular_value: float
    rms_singular_value: float  # by how much the block stretches a vector of any direction
    mean_slope: float  # |φ'|
    # Over the probe's later half, where the zero state that it started from has worn off:
    rms_slope: float
    rms_gate: float  # of what else is on the way: x_t U, or the softmax's slope; else 1
    saturated_share: float  # of the values of tanh units, those beyond ±0.99; 0 for ReLU
    dead_share: float  # of ReLU units, those that stay 0 over the whole probe; 0 for tanh
    window_gradient: tuple[float, ...] = ()  # ‖∂L_window/∂h_t‖ for t = 1 ... T; () at step 0

    @property
    def beyond(self) -> bool:
        """Whether the flow still reaches the last lag that was looked at: the horizon may lie
        beyond it."""
        return self.horizon == len(self.flow) - 1

    @property
    def horizon_in_words(self) -> str:
        """Such as "12", or "at least 100"."""
        return f"{'at least ' if self.beyond else ''}{self.horizon}"

    @property
    def expected_decay(self) -> float:
        """Weights times slopes: what a gradient of no special direction loses in one step."""
        return self.rms_singular_value * self.rms_slope * self.rms_gate


CONTEXT_LENGTHS = (1, 2, 3, 5, 8, 13, 21, 34)
"""After how many characters of its own a text's history begins to be another's: k."""
CONTEXT_MARGIN_NATS = 0.01
"""A loss so close to the full history's counts as equal to it."""


@dataclass(frozen=True, slots=True)
class ContextRecord:
    """What the network uses of what came before: see `insight/context.py`.

    Held-out losses at the same places, where everything earlier than the last k characters comes
    from elsewhere in the text.
    """

    step: int  # the last step trained before it
    loss_nats: tuple[float, ...]  # for each k of CONTEXT_LENGTHS
    full_loss_nats: float  # with the whole history

    @property
    def used(self) -> int | None:
        """The context used, in characters: the smallest k as good as all; None if beyond them."""
        close = self.full_loss_nats + CONTEXT_MARGIN_NATS
        lengths = zip(CONTEXT_LENGTHS, self.loss_nats, strict=True)
        return next((k for k, loss in lengths if loss <= close), None)

    @property
    def used_from(self) -> int:
        """The fewest characters that it may use: one more than the last k that is not as good."""
        shorter = [k for k in CONTEXT_LENGTHS if self.used is None or k < self.used]
        return shorter[-1] + 1 if shorter else 1

    @property
    def worth_nats(self) -> float:
        """What all that came before the last character saves, in nats a character."""
        return self.loss_nats[0] - self.full_loss_nats


@dataclass(frozen=True, slots=True)
class Divergence:
    """The step that failed, taken apart: see `insight/divergence.py`."""

    step: int
    tensor: str  # the first to hold a number that is not finite
    place: int | None  # the place t of the window at which it started, from 1
    unrollings: int
    grad_norm: float | None  # worked out in float64; None if not even that holds it

    def share_left(self, clip: float) -> float | None:
        """What clipping at this norm would have left of the step's gradient."""
        return min(1.0, clip / self.grad_norm) if self.grad_norm else None


class EventKind(StrEnum):
    """What can happen to a run. A live change is called as the setting that it changes."""

    LEARNING_RATE = "learning_rate"
    """From the next step on the base learning rate is another one."""
    CLIP = "clip"
    """From the next step on gradients are clipped at another norm."""
    UNROLLINGS = "unrollings"
    """From the next step on windows have another length."""
    REFUSED = "refused"
    """A live change was asked for that the text is too short for; nothing changed."""
    PAUSED = "paused"
    """The run holds still after this step."""
    RESUMED = "resumed"
    """It trains again: after a pause, or out of the store."""
    FINISHED = "finished"
    """All its steps were trained."""
    STOPPED = "stopped"
    """It was ended by the user."""
    INTERRUPTED = "interrupted"
    """It was ended with its program, or because nobody looked at it; it may go on."""
    DIVERGED = "diverged"
    """The next step met a number that is not finite."""
    FAILED = "failed"
    """It was ended by an error."""

    @property
    def live_change(self) -> bool:
        """Whether a live setting was changed."""
        return self in (EventKind.LEARNING_RATE, EventKind.CLIP, EventKind.UNROLLINGS)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a run after a step: a change, a pause, an end."""

    step: int  # the last step trained before it; a change counts from the next one
    kind: EventKind
    value: float | None = None  # of a live change
    text: str = ""

    def __post_init__(self) -> None:
        # Files and links hold the name alone.
        object.__setattr__(self, "kind", EventKind(self.kind))


Record = StepRecord | Report | ProbeRecord | ContextRecord | Event
"""What training yields, one at a time."""


def live_changes(events: Iterable[Event]) -> tuple[Event, ...]:
    """The changes of live settings among events."""
    return tuple(event for event in events if event.kind.live_change)


def live_after(live: LiveSettings, events: Iterable[Event]) -> LiveSettings:
    """Live settings as these changes leave them.

    Raises:
        ConfigError: a value is not allowed.
    """
    return live.changed(**{event.kind: event.value for event in live_changes(events)})
