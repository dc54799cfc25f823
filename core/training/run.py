"""A run: one trainer in one background thread, watched through frozen snapshots.

This is the only file that starts a thread that trains. It knows nothing of pages or files: what
it does it also tells an observer, which may keep it. No live tensor leaves it.

Thread safety: `Run`'s public methods may be called from any thread. Orders are noted under one
lock, and taken and obeyed by the training thread between two steps; readers get snapshots that
never change, published by replacement.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from threading import Condition, Thread
from time import monotonic

import numpy as np
import torch

from core.config import LiveSettings, TrainingConfig
from core.data.corpora import Corpus, load_corpus
from core.data.ngrams import cached_floors
from core.errors import Diverged, RunError, UnrollError
from core.history import History
from core.insight.flow import remember
from core.records import Event, ProbeRecord, Report, RunStatus, StepRecord
from core.training.observer import RunObserver
from core.training.orders import Orders
from core.training.slots import Slots
from core.training.snapshot import RunSnapshot
from core.training.state import Past, TrainerState
from core.training.threads import prepare_thread
from core.training.trainer import Trainer
from core.training.turns import InTurn

# Readers look about twice a second; publishing more often would only cost training time.
_PUBLISH_EVERY = 0.05  # seconds


class _Stopped(Exception):
    """The user asked for the end."""


class Run:
    """One training run.

    Args:
        run_id: its name in links.
        config: the experiment.
        slots: where to wait for a place to train.
        load_text: from a text's key to its corpus; tests pass a small one.
        initial_weights: start from these instead of `config.init`.
        planned: changes of live settings that are to happen by themselves.
        past: go on from here instead of from the start.
        race: asked before every step whether it is this run's turn.
    """

    def __init__(
        self,
        run_id: str,
        config: TrainingConfig,
        slots: Slots,
        *,
        load_text: Callable[..., Corpus] = load_corpus,
        initial_weights: Mapping[str, torch.Tensor] | None = None,
        planned: Sequence[Event] = (),
        past: Past | None = None,
        race: InTurn | None = None,
    ) -> None:
        self.run_id = run_id
        self._config = config
        self._slots = slots
        self._race = race
        self._load_text = load_text
        self._initial_weights = initial_weights
        self.given_weights = initial_weights is not None
        self.planned = tuple(planned) or (past.planned if past else ())
        self.past = past

        # Written under the lock only; the training thread takes back what it has obeyed.
        self._lock = Condition()
        self._orders = Orders(past.state.live if past and past.state else config.live)
        self._attention = True  # cheap to read between steps: is there anything to obey?

        # The training thread's own.
        self._history = History(config.steps)
        self._trainer: Trainer | None = None
        self._published_at = 0.0
        self._has_slot = False

        self._snapshot = RunSnapshot(run_id, config, config.live, RunStatus.QUEUED)
        self._weights: tuple[int, dict[str, np.ndarray]] | None = None
        self._observer: RunObserver | None = None
        self._thread = Thread(target=self._work, name=f"run-{run_id}", daemon=True)

    # -- for any thread ------------------------------------------------------------------

    def observed_by(self, observer: RunObserver | None) -> None:
        """Tell this one of everything that happens; before `start`."""
        self._observer = observer

    def start(self) -> None:
        """Begin; at most once."""
        self._thread.start()

    @property
    def snapshot(self) -> RunSnapshot:
        """The run as it stands, at most 50 ms old."""
        return self._snapshot

    @property
    def live(self) -> LiveSettings:
        """The live settings as last asked for; the snapshot's are those in use."""
        return self._orders.live

    @property
    def held(self) -> bool:
        """Whether it was told to hold still; it does so after the present step."""
        return self._orders.pause

    def pause(self) -> None:
        """Hold still after the present step.

        Raises:
            RunError: the run has ended.
        """
        self._order(pause=True, granted=0)

    def hold(self, reason: str) -> None:
        """Pause for a reason that the user should read. Nothing if the run has ended."""
        with suppress(RunError):
            self._order(pause=True, granted=0, reason=reason)

    def resume(self) -> None:
        """Go on after a pause.

        Raises:
            RunError: the run has ended.
        """
        self._order(pause=False, granted=0, reason="")

    def advance(self, steps: int = 1) -> None:
        """Take so many steps, then hold still; a run that trains is paused first.

        Raises:
            RunError: the run has ended, or `steps` is less than 1.
        """
        if steps < 1:
            raise RunError(f"steps={steps} is not allowed: choose 1 or more.")
        with self._lock:
            self._order(pause=True, granted=self._orders.granted + steps, reason="")

    def stop(self) -> None:
        """End the run after the present step; its records stay. Nothing if it has ended."""
        with suppress(RunError):
            self._order(stop=True)

    def change(self, **changes: float) -> None:
        """Change `learning_rate`, `clip` or `unrollings` from the next step on.

        Each change is recorded as an event. So is a refusal, where the text is too short for
        the unrollings asked for.

        Raises:
            ConfigError: a value that is not allowed.
            RunError: the run has ended.
        """
        with self._lock:
            self._order(live=self._orders.live.changed(**changes))

    def weights(self, timeout: float = 2.0) -> tuple[int, dict[str, np.ndarray]] | None:
        """The step and copies of the weights as they stand; None before the network exists.

        A run that trains hands them out between two steps and is not disturbed further. One
        that does not get there within `timeout` seconds leaves those that it handed out last.
        """
        answering = (RunStatus.RUNNING, RunStatus.PAUSED)
        with self._lock:
            if self._trainer is not None and self._snapshot.status in answering:
                self._order(weights_wanted=True)
                self._lock.wait_for(lambda: not self._orders.weights_wanted, timeout)
            return self._weights

    def kept_states(self) -> tuple[TrainerState, ...]:
        """Where the trainer stood at the last two multiples of 50 steps, once the run has ended.

        Raises:
            RunError: it still trains.
        """
        if self._snapshot.status.active:
            raise RunError("This run still trains: stop it first.")
        return tuple(self._trainer.kept) if self._trainer else ()

    def wait(self, timeout: float | None = None) -> RunSnapshot:
        """Block until the run has ended; for tests and scripts."""
        if self._thread.ident is not None:  # it has been started
            self._thread.join(timeout)
        return self._snapshot

    def wait_until(
        self, condition: Callable[[RunSnapshot], bool], timeout: float = 30.0
    ) -> RunSnapshot:
        """Block until a published snapshot meets `condition`.

        Raises:
            TimeoutError: it did not in time.
        """
        with self._lock:
            if not self._lock.wait_for(lambda: condition(self._snapshot), timeout):
                raise TimeoutError(f"run {self.run_id} did not get there in {timeout:g} s")
            return self._snapshot

    def _order(self, **changes: object) -> None:
        with self._lock:
            if not self._snapshot.status.active:
                raise RunError(
                    f"This run is {self._snapshot.status} and takes no more commands; "
                    "start a new one."
                )
            self._orders = replace(self._orders, **changes)
            self._attention = True
            self._lock.notify_all()
        self._slots.wake()
        if self._race:
            self._race.wake()

    # -- the training thread -------------------------------------------------------------

    def _work(self) -> None:
        prepare_thread()
        try:
            self._train()
        except _Stopped:
            self._end(RunStatus.STOPPED, "stopped", "Stopped before the last step.")
        except Diverged as error:
            self._publish(divergence=error.record)
            self._end(RunStatus.DIVERGED, "diverged", str(error))
        except UnrollError as error:
            self._end(RunStatus.FAILED, "failed", str(error))
        except Exception as error:  # whatever it is, the page must hear of it
            self._publish(traceback=traceback.format_exc())
            self._end(RunStatus.FAILED, "failed", f"{type(error).__name__}: {error}")
        else:
            self._end(RunStatus.FINISHED, "finished", "All steps are done.")
        finally:
            self._leave_slot()
            if self._race:
                self._race.leave(self.run_id)

    def _train(self) -> None:
        self._enter_slot()
        corpus = self._load_text(self._config.text, progress=self._fetching)
        self._publish(
            text_title=corpus.title,
            text_length=len(corpus),
            message="Counting n-grams for the floors",
            progress=None,
        )
        floors = asdict(cached_floors(corpus))
        self._publish(floors=floors, message="Preparing the network")
        trainer = Trainer(self._config, corpus, initial_weights=self._initial_weights)
        self._begin(trainer)
        self._publish(device=trainer.device.name, device_reason=trainer.device.reason, message="")
        if self._observer:
            self._observer.describe(
                text_title=corpus.title,
                text_sha256=corpus.sha256,
                text_length=len(corpus),
                floors=floors,
                device=trainer.device.name,
                device_reason=trainer.device.reason,
            )
        self._keep_state()
        self._obey()
        self._await_turn()
        for record in trainer.train():
            self._take(record)
            # Only after a step: a report is no step, and uses up none that was granted.
            if not isinstance(record, StepRecord):
                continue
            if self._attention:
                self._obey()
            if self._race:
                if self._race.over(trainer):
                    self._take(trainer.report())
                    return
                self._await_turn()

    def _await_turn(self) -> None:
        """In a race: wait until nobody is further behind, and obey meanwhile."""
        while self._race:
            if self._race.held:  # nothing may come for a while: let readers see the last step
                self._publish()
            if self._race.turn(self.run_id, self._trainer, self._interrupted):
                return
            self._obey()

    def _interrupted(self) -> bool:
        # A step that was granted to a paused run waits for its turn like any other.
        orders = self._orders
        return orders.stop or (self._attention and not orders.pause)

    def _begin(self, trainer: Trainer) -> None:
        """From the start, or from where the run once was."""
        past = self.past
        if past is None:
            trainer.plan(self.planned)
            self._trainer = trainer
            return
        trainer.go_on(past)
        if past.history is not None:
            self._history.extend(past.history.columns)
        self._trainer = trainer
        self._publish(reports=past.reports, events=past.events, probes=past.probes)
        self._note("resumed", text=f"Continued from step {trainer.steps_done:,}.")

    def _take(self, record: StepRecord | Report | ProbeRecord | Event) -> None:
        """Keep and tell what the trainer has yielded."""
        if isinstance(record, StepRecord):
            self._history.append(record)
            if self._observer:
                self._observer.record(record)
                if self._observer.checkpoint_due():
                    self._observer.checkpoint(self._trainer.state())
            if monotonic() - self._published_at > _PUBLISH_EVERY:
                self._publish()
            return
        if isinstance(record, Event):  # a planned change: later orders build on it
            if record.kind != "refused":
                self._settle(**{record.kind: record.value})
            self._note(record.kind, record.value, record.text)
            return
        if self._observer:
            self._observer.record(record)
        if isinstance(record, Report):
            self._publish(reports=(*self._snapshot.reports, record))
        elif isinstance(record, ProbeRecord):
            self._publish(probes=remember(self._snapshot.probes, record))

    def _keep_state(self) -> None:
        if self._observer and self._trainer:
            self._observer.checkpoint(self._trainer.state())

    def _obey(self) -> None:
        """Between two steps: take up what was asked for; wait while paused."""
        while True:
            with self._lock:  # all at once: a pause in between must find its grant or end it
                orders = self._orders
                self._orders = orders.with_a_step_taken()
                self._attention = orders.granted > 0  # then come back after that step
            if orders.weights_wanted:
                self._hand_out_weights()
            if orders.stop:
                raise _Stopped
            if orders.live != self._trainer.live:
                self._apply(orders.live)
            if orders.granted:
                return
            if orders.pause:
                self._hold_still(orders.reason)
                with self._lock:
                    self._lock.wait_for(lambda: self._attention)
            elif self._snapshot.status == RunStatus.PAUSED:
                self._continue()  # and look again: more may have been asked for meanwhile
            else:
                return

    def _apply(self, live: LiveSettings) -> None:
        before = self._trainer.live
        try:
            self._trainer.change(live)
        except UnrollError as error:
            # Only the unrollings can ask too much of a text; the rest of the change stands.
            self._note("refused", text=str(error))
            with self._lock:
                if self._orders.live.unrollings == live.unrollings:
                    self._settle(unrollings=before.unrollings)
            live = live.changed(unrollings=before.unrollings)
            self._trainer.change(live)
        for name, value in live.model_dump().items():
            if value != getattr(before, name):
                self._note(name, value)

    def _settle(self, **changes: float) -> None:
        """Let what is asked for be what has come about by itself."""
        with self._lock:
            self._orders = replace(self._orders, live=self._orders.live.changed(**changes))

    def _hold_still(self, reason: str) -> None:
        if self._snapshot.status != RunStatus.PAUSED:
            self._note("paused", text=reason, keep=True, status=RunStatus.PAUSED, message=reason)
            self._leave_slot()  # a paused run lets the next one train
        else:
            self._publish(message=reason)

    def _continue(self) -> None:
        with self._lock:  # a queued run does not answer, so its last answer must be up to date
            self._hand_out_weights()
            self._publish(status=RunStatus.QUEUED)
        self._enter_slot()
        self._note("resumed", message="")

    def _enter_slot(self) -> None:
        self._publish(status=RunStatus.QUEUED)
        if not self._slots.acquire(give_up=lambda: self._orders.stop):
            raise _Stopped
        self._has_slot = True
        self._publish(status=RunStatus.RUNNING)

    def _leave_slot(self) -> None:
        if self._has_slot:
            self._has_slot = False
            self._slots.release()

    def _fetching(self, done: int, total: int) -> None:
        if self._orders.stop:
            raise _Stopped
        share = done / total if total else None
        self._publish(message="Fetching the text", progress=share)

    def _hand_out_weights(self) -> None:
        weights = (self._trainer.steps_done, self._trainer.weights()) if self._trainer else None
        with self._lock:
            self._weights = weights
            self._orders = replace(self._orders, weights_wanted=False)
            self._lock.notify_all()

    def _note(
        self,
        kind: str,
        value: float | None = None,
        text: str = "",
        *,
        keep: bool = False,
        **changes: object,
    ) -> None:
        event = Event(self._steps_done, kind, value, text)
        if self._observer:
            self._observer.record(event)
        if keep:  # before anybody hears of it: who sees a run paused may rely on its checkpoint
            self._keep_state()
        self._publish(events=(*self._snapshot.events, event), **changes)

    def _end(self, status: RunStatus, kind: str, message: str) -> None:
        keep = status != RunStatus.FAILED  # whose trainer may be in any state
        with self._lock:  # who asks in between would wait for an answer in vain
            self._hand_out_weights()
            self._note(kind, text=message, keep=keep, status=status, message=message, progress=None)

    @property
    def _steps_done(self) -> int:
        return self._trainer.steps_done if self._trainer else 0

    def _publish(self, **changes: object) -> None:
        """Replace the snapshot readers see; only the training thread does this."""
        if self._trainer is not None:
            changes = {
                "live": self._trainer.live,
                "step": self._trainer.steps_done,
                "characters_seen": self._trainer.characters_seen,
                "seconds": self._trainer.seconds,
                "history": self._history.view(),
                **changes,
            }
        with self._lock:
            before = self._snapshot
            self._snapshot = replace(before, **changes)
            self._published_at = monotonic()
            self._lock.notify_all()
        if self._observer and changes.get("status", before.status) != before.status:
            self._observer.status(self._snapshot.status, self._snapshot.message)
