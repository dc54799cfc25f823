"""What a command-line training leaves in the store of runs.

Knows nothing of bars or options. A full disk holds the training up with a sentence until there
is room again.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict

from core.data.ngrams import cached_floors
from core.records import Event, RunStatus
from core.storage.recorder import Recorder
from core.storage.store import Store
from core.storage.writer import Writer
from core.training.state import Past
from core.training.trainer import Trainer


class Recording:
    """Records one trainer, or nothing at all without a store.

    Args:
        store: where to; None records nothing.
        checkpoint_every: seconds between checkpoints.
    """

    def __init__(self, store: Store | None, checkpoint_every: float) -> None:
        self._store = store
        self._writer = (
            Writer(store, source="cli", checkpoint_every=checkpoint_every) if store else None
        )
        self._recorder: Recorder | None = None
        self._troubles: list[str] = []
        self._trusted = True
        self.run_id: str | None = None

    def create(self, trainer: Trainer, planned: Sequence[Event], given_weights: bool) -> None:
        """Note a new run.

        Raises:
            StoreError: that is not possible.
        """
        if self._writer:
            self.run_id = secrets.token_hex(4)
            self._recorder = self._writer.recorder(
                self.run_id,
                trainer.config,
                hold=self._troubles.append,
                planned=planned,
                given_weights=given_weights,
            )

    def go_on(self, run_id: str, trainer: Trainer, past: Past) -> None:
        """Take a stored run over.

        Raises:
            StoreError: that is not possible.
        """
        self.run_id = run_id
        self._recorder = self._writer.recorder(
            run_id,
            trainer.config,
            hold=self._troubles.append,
            going_on=(trainer.steps_done, len(past.events)),
        )
        self.record(
            Event(
                trainer.steps_done, "resumed", text=f"Continued from step {trainer.steps_done:,}."
            )
        )

    def begin(self, trainer: Trainer) -> None:
        """It trains now."""
        if self._recorder:
            corpus = trainer.corpus
            self._recorder.status(RunStatus.RUNNING, "")
            self._recorder.describe(
                text_title=corpus.title,
                text_sha256=corpus.sha256,
                text_length=len(corpus),
                floors=asdict(cached_floors(corpus)),
                device=trainer.device.name,
                device_reason=trainer.device.reason,
            )
            self._recorder.checkpoint(trainer.state())

    def record(self, record: object) -> None:
        """Whatever the trainer yields."""
        if self._recorder:
            self._recorder.record(record)

    def after_step(self, trainer: Trainer, stop_asked: Callable[[], bool]) -> None:
        """Make a checkpoint if it is time; wait while nothing can be written.

        Args:
            trainer: where it stands.
            stop_asked: whether to wait no longer.
        """
        if self._recorder is None:
            return
        if self._recorder.checkpoint_due():
            self._recorder.checkpoint(trainer.state())
        if self._troubles:
            print(f"{self._troubles[-1]} Training waits; Ctrl-C ends it.", file=sys.stderr)
            while not self._writer.flush(timeout=1.0):
                if stop_asked():
                    return
            self._troubles.clear()
            print("Recording again.", file=sys.stderr)

    def distrust(self) -> None:
        """A step was broken off: the trainer's state is no checkpoint."""
        self._trusted = False

    def keep_state(self, trainer: Trainer) -> None:
        """Make a last checkpoint."""
        if self._recorder and self._trusted:
            self._recorder.checkpoint(trainer.state())

    def end(self, trainer: Trainer, status: RunStatus, message: str) -> None:
        """It has ended so; write what is left."""
        if self._recorder:
            message = message or "All steps are done."
            self._recorder.record(Event(trainer.steps_done, str(status), text=message))
            self._recorder.status(status, message)
            if not self._writer.flush():
                print(
                    f"{self._writer.trouble} The end of this run is not recorded.", file=sys.stderr
                )

    def close(self) -> None:
        """Let go of the store."""
        if self._writer:
            self._writer.close()
            self._store.close()
