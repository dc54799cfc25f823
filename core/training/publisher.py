"""What a run makes known: snapshots for those who look, records for observers.

Knows nothing of orders or of how a trainer is driven. No live tensor leaves it.

Thread safety: all of it belongs to the run's own thread, except `abandon`, which any thread may
call.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from time import monotonic
from typing import Any

from core.history import History
from core.insight.flow import remember
from core.records import (
    ContextRecord,
    Event,
    EventKind,
    ProbeRecord,
    Report,
    RunStatus,
)
from core.steps import StepTable, Told
from core.training.exchange import Exchange
from core.training.observer import Observers
from core.training.state import Past, TrainerState
from core.training.trainer import Trainer

STOPPED = "Stopped before the last step."
INTERRUPTED = "The program was ended. Resume goes on from here."

# Readers look about twice a second; publishing more often would only cost training time.
_PUBLISH_EVERY = 0.05  # seconds


class Publisher:
    """Keeps what a run has done, and tells it.

    Args:
        exchange: where snapshots are seen.
        planned_steps: how many steps the run is to take.

    Attributes:
        observers: told of everything; set before the run's thread begins.
        trainer: once the run stands before its first step.
    """

    def __init__(self, exchange: Exchange, planned_steps: int) -> None:
        self._exchange = exchange
        self._history = History(planned_steps)
        self._published_at = 0.0
        self.observers = Observers()
        self.trainer: Trainer | None = None

    def begin(self, trainer: Trainer, past: Past | None) -> None:
        """From now on it tells of this trainer, and of what the run did before."""
        if past is not None and past.history is not None:
            self._history.begin_with(past.history)
        self.trainer = trainer
        self.hand_out_weights()
        if past is not None:
            self.publish(
                reports=past.reports,
                events=past.events,
                probes=past.probes,
                contexts=past.contexts,
            )
            self.note(EventKind.RESUMED, text=f"Continued from step {trainer.steps_done:,}.")

    def take(self, trainer: Trainer, record: Told) -> None:
        """Keep and tell what the trainer has yielded."""
        if isinstance(record, StepTable):
            with self._exchange.lock:  # an end from outside comes before a step or after it
                self._history.extend(record.columns)
                self.observers.record(record)
            if self.observers.checkpoint_due():
                self.observers.checkpoint(trainer.state())
            if monotonic() - self._published_at > _PUBLISH_EVERY:
                self.publish()
            return
        if isinstance(record, Event):
            self.note(record.kind, record.value, record.text)
            return
        self.observers.record(record)
        if isinstance(record, Report):
            self.publish(reports=(*self._exchange.snapshot.reports, record))
        elif isinstance(record, ProbeRecord):
            self.publish(probes=remember(self._exchange.snapshot.probes, record))
        elif isinstance(record, ContextRecord):
            self.publish(contexts=(*self._exchange.snapshot.contexts, record))

    def note(
        self,
        kind: EventKind,
        value: float | None = None,
        text: str = "",
        *,
        state: TrainerState | None = None,
        **changes: Any,
    ) -> None:
        """Tell an event, and publish it with other changes of the snapshot.

        Args:
            kind: of the event.
            value: of a live change.
            text: for people.
            state: a checkpoint that belongs to the event.
            changes: fields of `RunSnapshot`.
        """
        event = Event(self.trainer.steps_done if self.trainer else 0, kind, value, text)
        self.observers.record(event)
        if state:  # before anybody hears of it: who sees a run paused may rely on its checkpoint
            self.observers.checkpoint(state)
        self.publish(events=(*self._exchange.snapshot.events, event), **changes)

    def publish(self, **changes: Any) -> None:
        """Publish where the trainer stands, with changes of other fields of `RunSnapshot`."""
        trainer = self.trainer
        if trainer is not None:
            changes = {
                "live": trainer.live,
                "step": trainer.steps_done,
                "characters_seen": trainer.characters_seen,
                "seconds": trainer.seconds,
                "history": self._history.view(),
                **changes,
            }
        if "status" in changes and not changes["status"].active:  # an ended run may be kept long
            changes["history"] = self._history.view().trimmed()
        self._published_at = monotonic()
        if self._exchange.publish(**changes):
            snapshot = self._exchange.snapshot
            self.observers.status(snapshot.status, snapshot.message)

    def hand_out_weights(self) -> None:
        """Let all have the weights as they stand; nothing before the network exists."""
        if self.trainer:
            self._exchange.hand_out((self.trainer.steps_done, self.trainer.weights()))

    def rest(self) -> None:
        """Nothing is to come for a while: keep little more than weights and curves meanwhile."""
        if self.trainer and not self.trainer.rests:
            self.trainer.rest()
            self._history.shrink()
            self.hand_out_weights()  # the very ones that it keeps now
            self.publish()

    def let_go(self) -> None:
        """The run has ended: of its engine nothing is kept, nor of those who listened.

        They know the run in turn, so that none would be let go of before the collector comes to
        what has lived for long.
        """
        with self._exchange.lock:
            self.trainer = None
            del self._history  # what readers see of it is in the snapshot
            self.observers = Observers()

    def abandon(self) -> None:
        """Tell the run's end now, and nothing of what its thread still does.

        The thread may be half through a step, so no state is kept: the last checkpoint stands.
        """
        exchange = self._exchange
        with exchange.lock:
            if not exchange.snapshot.status.active:
                return
            exchange.order(lambda orders: replace(orders, stop=True))
            # Whole steps, which the trainer may be in between.
            history = self._history.view().trimmed()
            done = {
                name: history.column(name)[-1].item()
                for name in ("step", "characters_seen", "seconds")
                if len(history)
            }
            event = Event(done.get("step", 0), EventKind.STOPPED, text=STOPPED)
            self.observers.record(event)
            with suppress(RuntimeError):  # torch's, of a device that is lost
                self.hand_out_weights()  # each as it was before an update, or as it is after it
            exchange.publish(
                **done,
                history=history,
                events=(*exchange.snapshot.events, event),
                status=RunStatus.STOPPED,
                message=STOPPED,
                progress=None,
            )
            self.observers.status(RunStatus.STOPPED, STOPPED)
            self.observers = Observers()
