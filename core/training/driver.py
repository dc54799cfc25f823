"""What a run's thread does: it drives one trainer from its text to its end.

It obeys orders between two steps, and waits for its place and its turn. Knows nothing of pages
or files, nor of how what happens is told.

Thread safety: all of it belongs to the run's own thread, except `prepare`, which comes before
that thread begins.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from time import monotonic

from numpy import ndarray

from core.config import LiveSettings, TrainingConfig
from core.data.corpora import Corpus
from core.data.ngrams import cached_floors
from core.data.text8 import Progress
from core.engines.heap import give_back
from core.engines.threads import prepare_thread
from core.errors import Diverged, UnrollError
from core.records import Event, EventKind, RunStatus
from core.steps import StepTable
from core.training.exchange import Exchange
from core.training.observer import Description
from core.training.publisher import INTERRUPTED, STOPPED, Publisher
from core.training.slots import Owner, Places
from core.training.state import Past
from core.training.trainer import MANY_STEPS, Trainer
from core.training.turns import InTurn

_IDLE = 30.0
"""Seconds on hold after which a run lets go of its engine; its observers are told each time."""

LoadText = Callable[[str, Progress | None], Corpus]
"""From a text's key to its corpus; told how to follow a download."""


class _Stopped(Exception):
    """The user asked for the end, or the program ends."""


class Driver:
    """Drives one run; see `Run` for most of the arguments.

    Args:
        exchange: takes orders from other threads.
        publisher: told of everything.
    """

    def __init__(
        self,
        exchange: Exchange,
        publisher: Publisher,
        config: TrainingConfig,
        slots: Places,
        *,
        browser: Owner,
        load_text: LoadText,
        initial_weights: Mapping[str, ndarray] | None,
        planned: Sequence[Event],
        past: Past | None,
        race: InTurn | None,
        report_at_end: bool,
    ) -> None:
        self._exchange = exchange
        self._publisher = publisher
        self._config = config
        self._slots = slots
        self._browser = browser
        self._load_text = load_text
        self._initial_weights = initial_weights
        self._planned = planned
        self._past = past
        self._race = race
        self._report_at_end = report_at_end
        self._prepared: Trainer | None = None
        self._has_slot = False

    # -- from the text to the end --------------------------------------------------------

    def prepare(self, progress: Progress | None = None) -> None:
        """Load the text and make the network before the thread begins, as `work` would."""
        self._prepared = self._make(self._load_text(self._config.text, progress))

    def work(self) -> None:
        """Train to whatever end it comes to."""
        try:
            self._end(*self._train_to_an_end())
        except UnrollError as error:
            self._fail(str(error))
        except BaseException as error:  # whatever it is, the page must hear of it
            self._fail(f"{type(error).__name__}: {error}", traceback.format_exc())
        finally:
            self._leave_slot()
            if self._race:
                self._race.leave(self._exchange.snapshot.run_id)
            self._publisher.let_go()
            self._prepared = self._initial_weights = self._past = None
            give_back()

    def never_begin(self, message: str) -> None:
        """End before there is a thread to work in, or it would be queued for ever."""
        self._fail(message)
        if self._race:
            self._race.leave(self._exchange.snapshot.run_id)

    def _train_to_an_end(self) -> tuple[RunStatus, str]:
        try:
            self._train()
        except _Stopped:
            if self._exchange.orders.interrupted:
                return RunStatus.INTERRUPTED, self._exchange.orders.reason or INTERRUPTED
            return RunStatus.STOPPED, STOPPED
        except Diverged as error:
            self._publisher.publish(divergence=error.record)
            return RunStatus.DIVERGED, str(error)
        return RunStatus.FINISHED, "All steps are done."

    def _train(self) -> None:
        self._enter_slot()
        trainer = self._begin()
        self._obey(trainer)
        self._await_turn(trainer)
        for told in trainer.tell(self._room):
            if isinstance(told, Event) and told.kind.live_change:
                self._exchange.settle({told.kind: told.value})  # later orders build on it
            self._publisher.take(trainer, told)
            # Only after a step: a report is no step, and uses up none that was granted.
            if not isinstance(told, StepTable):
                continue
            if self._exchange.attention:
                self._obey(trainer)
            if self._race:
                if self._race.over(trainer):
                    self._publisher.take(trainer, trainer.report())
                    return
                self._await_turn(trainer)

    def _room(self) -> int:
        """A step that was granted, or that waits for its turn, is taken alone."""
        alone = self._race or self._exchange.attention
        return 1 if alone else MANY_STEPS

    def _begin(self) -> Trainer:
        """To where the first step comes next, or the one after the run's past."""
        ready, tell = self._prepared, self._publisher
        corpus = ready.corpus if ready else self._load_text(self._config.text, self._fetching)
        tell.publish(
            text_title=corpus.title,
            text_length=len(corpus),
            message="Counting n-grams",
            progress=None,
        )
        floors = asdict(cached_floors(corpus))
        tell.publish(floors=floors, message="Preparing the network")
        trainer = ready or self._make(corpus)
        tell.begin(trainer, self._past)
        choice = trainer.choice
        made_by = {
            "device": choice.device,
            "device_reason": choice.device_reason,
            "engine": choice.engine,
            "engine_reason": choice.engine_reason,
        }
        prepare_thread(choice.engine)
        tell.publish(**made_by, message="")
        tell.observers.describe(
            Description(
                text_title=corpus.title,
                text_sha256=corpus.sha256,
                text_length=len(corpus),
                floors=floors,
                **made_by,
            )
        )
        tell.observers.checkpoint(trainer.state())
        return trainer

    def _make(self, corpus: Corpus) -> Trainer:
        trainer = Trainer(
            self._config,
            corpus,
            initial_weights=self._initial_weights,
            contexts=True,
            past=self._past,
        )
        if self._past is None:
            trainer.plan(self._planned)
        else:
            trainer.go_on(self._past)
        return trainer

    def _end(self, status: RunStatus, message: str) -> None:
        trainer, tell = self._publisher.trainer, self._publisher
        if not self._exchange.snapshot.status.active:  # it was abandoned
            return
        # Before the report, after which the training loss is counted anew.
        state = trainer.state() if trainer else None
        if trainer and self._report_at_end and not self._reported(trainer):
            tell.hand_out_weights()
            tell.take(trainer, trainer.report())
            if curve := trainer.context():
                tell.take(trainer, curve)
        with self._exchange.lock:  # who asks in between would wait for an answer in vain
            tell.hand_out_weights()
            kind = EventKind(status)
            tell.note(
                kind, text=message, state=state, status=status, message=message, progress=None
            )

    def _reported(self, trainer: Trainer) -> bool:
        reports = self._exchange.snapshot.reports
        return bool(reports) and reports[-1].step == trainer.steps_done

    def _fail(self, message: str, trace: str = "") -> None:
        """The end of a run whose trainer may be in any state, so that none is kept."""
        with self._exchange.lock:
            with suppress(Exception):  # of a device that is lost, or of no memory for a copy
                self._publisher.hand_out_weights()
            self._publisher.note(
                EventKind.FAILED,
                text=message,
                status=RunStatus.FAILED,
                message=message,
                progress=None,
                traceback=trace,
            )

    # -- between two steps ---------------------------------------------------------------

    def _obey(self, trainer: Trainer) -> None:
        """Take up what was asked for; wait while paused."""
        idle_at = monotonic() + _IDLE
        while True:
            orders = self._exchange.take_orders()
            if orders.weights_wanted:
                self._publisher.hand_out_weights()
            if orders.stop:
                raise _Stopped
            if orders.live != trainer.live:
                self._apply(trainer, orders.live)
            if orders.granted:
                return
            if orders.pause:
                self._hold_still(trainer, orders.reason)
                if not self._exchange.await_orders(max(0.0, idle_at - monotonic())):
                    self._publisher.rest()
                    self._publisher.observers.idle()
                    idle_at = monotonic() + _IDLE
            elif self._exchange.snapshot.status == RunStatus.PAUSED:
                self._continue()  # and look again: more may have been asked meanwhile
            else:
                return

    def _apply(self, trainer: Trainer, live: LiveSettings) -> None:
        before = trainer.live
        try:
            trainer.change(live)
        except UnrollError as error:
            # Only the unrollings can ask too much of a text; the rest of the change stands.
            self._publisher.note(EventKind.REFUSED, text=str(error))
            with self._exchange.lock:
                if self._exchange.orders.live.unrollings == live.unrollings:
                    self._exchange.settle({"unrollings": before.unrollings})
            live = live.changed(unrollings=before.unrollings)
            trainer.change(live)
        for name, value in live.model_dump().items():
            if value != getattr(before, name):
                self._publisher.note(EventKind(name), value)

    def _hold_still(self, trainer: Trainer, reason: str) -> None:
        if self._exchange.snapshot.status == RunStatus.PAUSED:
            self._publisher.publish(message=reason)
            return
        self._publisher.note(
            EventKind.PAUSED,
            text=reason,
            state=trainer.state(),
            status=RunStatus.PAUSED,
            message=reason,
        )
        self._leave_slot()  # a paused run lets the next one train

    def _continue(self) -> None:
        with self._exchange.lock:  # a queued run does not answer: its last answer must be fresh
            self._publisher.hand_out_weights()
            self._publisher.publish(status=RunStatus.QUEUED)
        self._enter_slot()
        self._publisher.note(EventKind.RESUMED, message="")

    def _enter_slot(self) -> None:
        # Where one is free there is no wait to be told of.
        if not self._acquire(give_up=lambda: True):
            self._publisher.rest()
            self._publisher.publish(status=RunStatus.QUEUED)
            if not self._acquire(give_up=lambda: self._exchange.orders.stop):
                raise _Stopped
        self._has_slot = True
        self._publisher.publish(status=RunStatus.RUNNING)

    def _acquire(self, give_up: Callable[[], bool]) -> bool:
        return self._slots.acquire(give_up, self._browser, self._exchange.snapshot.run_id)

    def _leave_slot(self) -> None:
        if self._has_slot:
            self._has_slot = False
            self._slots.release(self._browser)

    def _await_turn(self, trainer: Trainer) -> None:
        """In a race: wait until nobody is further behind, and obey meanwhile."""
        if not self._race:
            return
        stands = partial(self._race.stands, trainer)
        while True:
            if stands():
                self._publisher.rest()  # and let readers see the last step
                self._leave_slot()  # and others train; one behind has to catch up before
            if self._race.turn(
                self._exchange.snapshot.run_id,
                trainer,
                lambda: self._interrupted() or (self._has_slot and stands()),
                _IDLE,
            ):
                if not self._has_slot:
                    self._enter_slot()
                return
            if not self._interrupted() and stands():  # for as long as a pause waits for an order
                self._publisher.observers.idle()
            self._obey(trainer)

    def _interrupted(self) -> bool:
        # A step that was granted to a paused run waits for its turn like any other.
        orders = self._exchange.orders
        return orders.stop or (self._exchange.attention and not orders.pause)

    def _fetching(self, done: int, total: int) -> None:
        if self._exchange.orders.stop:
            raise _Stopped
        share = done / total if total else None
        self._publisher.publish(message="Fetching the text", progress=share)
