"""The writer: takes what runs tell it while they train, and puts it into the store.

Holds one thread, which is storage's own and trains nothing (`training/run.py` holds the threads
that train). A training thread only appends to a queue; packing, SQLite and the disk are this
thread's business, twice a second for all runs together. Knows nothing of pages.

The order on disk: what was recorded up to a step comes before the checkpoint of that step. So
after a crash the records always reach at least as far as the checkpoint, and training them
again from there leaves no gap. That a run has ended comes after its last checkpoint: nobody goes
on from one before it.

When the disk is full or fails, nothing is thrown away: what could not be written waits in
memory, the runs are paused with a sentence, and the writer tries again.

Thread safety: every method may be called from any thread.
"""

from __future__ import annotations

import atexit
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Condition, Thread

from core.config import TrainingConfig
from core.errors import StoreError
from core.records import Event
from core.storage.batch import Batch, Progress, write
from core.storage.checkpoints import save_checkpoint
from core.storage.recorder import Recorder, take
from core.storage.store import Store, Whole
from core.storage.stored_run import note_diagnosis
from core.storage.stretches import stretch_of
from core.training.run import Run
from core.training.state import Past

CHECKPOINT_EVERY = 30.0
"""Seconds between two checkpoints of a run, unless told otherwise."""
FLUSH_EVERY = 0.5  # seconds
_PATIENCE = 10.0  # seconds for what a run that is to go on has told before


class Writer:
    """Writes for every run of this process.

    Args:
        store: where to; the writer opens a connection of its own beside it.
        source: what starts the runs: page or cli.
        checkpoint_every: seconds between checkpoints of a run.
    """

    def __init__(
        self, store: Store, *, source: str, checkpoint_every: float = CHECKPOINT_EVERY
    ) -> None:
        self._store = store.twin()
        self._source = source
        self._checkpoint_every = checkpoint_every
        self._changed = Condition()
        self._recorders: list[Recorder] = []
        self._held: dict[str, Batch] = {}  # what could not be written yet
        self._stranded: list[Whole] = []  # what was recorded in a file that is no more
        self._urgent = self._closing = False
        self._asked = self._done = 0  # rounds asked for, and rounds finished
        self._trouble = self._notice = ""
        self._thread = Thread(target=self._work, name="store-writer", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    @property
    def trouble(self) -> str:
        """Why nothing can be written at present; empty while all is well."""
        return self._trouble

    @property
    def notice(self) -> str:
        """What users should know although all is well again; empty if nothing."""
        return self._notice

    def observe(self, run: Run) -> Recorder:
        """For `RunManager`: record a run that is about to start, or to go on.

        Raises:
            StoreError: it cannot be noted.
        """
        return self.recorder(
            run.run_id,
            run.snapshot.config,
            hold=run.hold,
            planned=run.planned,
            given_weights=run.given_weights,
            past=run.past,
            browser=run.browser,
        )

    def recorder(
        self,
        run_id: str,
        config: TrainingConfig,
        *,
        hold: Callable[[str], None],
        planned: Sequence[Event] = (),
        given_weights: bool = False,
        past: Past | None = None,
        browser: str | None = None,
    ) -> Recorder:
        """As `observe`, for what trains without being a `Run`.

        Args:
            run_id: its id in the store.
            config: the experiment.
            hold: called from the writer's thread when training must pause, with the reason.
            planned: changes that will happen by themselves.
            given_weights: whether it starts from other weights than `config.init`.
            past: what it goes on from; None for a new run.
            browser: who owns a new run.

        Raises:
            StoreError: it cannot be noted.
        """
        progress = Progress()
        if self._store.left_behind:
            self.flush()  # which opens the one that is there now
        if past is None:
            self._store.create(
                run_id,
                config,
                source=self._source,
                planned=planned,
                given_weights=given_weights,
                browser=browser,
            )
        else:
            step, events = past.state.step if past.state else 0, len(past.events)
            self.require_written()  # it may have ended here a moment ago
            self._store.claim(run_id, config, step, events)
            # What is there of the stretch that the next step belongs to.
            progress = Progress(self._store.ledger.steps(run_id, stretch_of(step + 1)), events)
        recorder = Recorder(
            run_id,
            config,
            progress,
            self._checkpoint_every,
            self._wake,
            hold,
        )
        with self._changed:
            self._recorders.append(recorder)
            self._changed.notify_all()
        return recorder

    def flush(self, timeout: float = 30.0) -> bool:
        """Write all that was told up to now; False if that was not possible in time."""
        with self._changed:
            if self._closing:
                return not self._trouble
            self._asked = wanted = max(self._asked, self._done) + 1
            self._changed.notify_all()
            arrived = self._changed.wait_for(lambda: self._done >= wanted, timeout)
            return arrived and not self._trouble

    def require_written(self) -> None:
        """Write all that was told up to now, so that a run can go on from there.

        Raises:
            StoreError: that is not possible, or not in time.
        """
        if not self.flush(_PATIENCE):
            raise StoreError(
                self._trouble
                or "The disk is slow, and the run's end is not written yet: try again."
            )

    def close(self) -> None:
        """Write what is left, and end the thread."""
        with self._changed:
            if self._closing:
                return
            self._closing = True
            self._changed.notify_all()
        self._thread.join(30)
        self._store.close()
        atexit.unregister(self.close)

    def _wake(self) -> None:
        with self._changed:
            self._urgent = True
            self._changed.notify_all()

    # -- the writer's thread -------------------------------------------------------------

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._closing or self._asked > self._done or self._urgent,
                    FLUSH_EVERY if self._recorders else None,
                )
                asked, closing, self._urgent = self._asked, self._closing, False
                recorders = list(self._recorders)
            ended = self._round(recorders)
            with self._changed:
                self._recorders = [r for r in self._recorders if r not in ended]
                self._done = max(self._done, asked)
                self._changed.notify_all()
            if closing:
                return
            if self._trouble:  # not a busy loop on a full disk
                with self._changed:
                    self._changed.wait_for(lambda: self._closing, FLUSH_EVERY)

    def _round(self, recorders: Sequence[Recorder]) -> list[Recorder]:
        """Write for all runs; returns those that have ended and are written."""
        try:
            taken = [(r, *take(r, self._held.get(r.run_id))) for r in recorders]
        except Exception as error:  # such as no memory: nothing was taken from where it broke off
            held = [(r, self._held.get(r.run_id) or Batch()) for r in recorders]
            self._fail(error, held, fresh=recorders)
            return []
        work = [(recorder, batch) for recorder, batch, _ in taken if batch is not None]
        if not (work or self._store.left_behind):
            return []
        try:
            self._follow(recorders)
            written = []
            with self._store.transaction():
                for recorder, batch in work:
                    records, before = batch.without_its_end(), recorder.progress
                    written.append(write(self._store, recorder.run_id, records, before))
            for (recorder, _), progress in zip(work, written, strict=True):
                recorder.progress = progress
            work = [(recorder, batch.its_end()) for recorder, batch in work]
            for recorder, batch in work:
                if batch.checkpoint is not None:
                    save_checkpoint(self._store.checkpoint_path(recorder.run_id), batch.checkpoint)
                    batch.checkpoint = None
            if ends := [(recorder, batch) for recorder, batch in work if batch.row]:
                with self._store.transaction():
                    for recorder, batch in ends:
                        write(self._store, recorder.run_id, batch, recorder.progress)
        except Exception as error:  # whatever it is: this thread must live, and say so
            self._fail(error, work, fresh=[r for r, _, news in taken if news])
            return []
        self._trouble = ""
        self._held = {}
        ended = [recorder for recorder, batch in work if batch.ended]
        for recorder in ended:
            with suppress(Exception):  # a rule that fails is no reason to lose a run's end
                note_diagnosis(self._store, recorder.run_id)
        return ended

    def _follow(self, recorders: Sequence[Recorder]) -> None:
        """Where the store was deleted or replaced under these runs: write them into the new one."""
        store = self._store
        if store.left_behind:
            self._stranded += filter(None, [store.all_of(r.run_id) for r in recorders])
            store.reopen()
        elif not self._stranded:
            return
        with store.transaction():
            for run in self._stranded:
                store.put_all(run)
        self._stranded = []
        for recorder in recorders:
            recorder.begin_anew()
        self._notice = (
            f"The store of runs {store.path} was deleted or replaced while the dashboard or a "
            "command had it open. Runs that train are written anew, from their first step; others "
            "are gone unless you bring the file back."
        )

    def _fail(
        self,
        error: Exception,
        work: Sequence[tuple[Recorder, Batch]],
        fresh: Sequence[Recorder],
    ) -> None:
        first = not self._trouble
        self._trouble = _sentence(error, self._store)
        self._held |= {recorder.run_id: batch for recorder, batch in work}
        for recorder in [r for r, _ in work] if first else fresh:
            recorder.hold(self._trouble)


def _sentence(error: Exception, store: Store) -> str:
    if isinstance(error, StoreError):
        return str(error)
    return (
        f"The run could not be recorded in {store.home} "
        f"({getattr(error, 'strerror', None) or error}): make room there, or check the folder's "
        "permissions. What was recorded is kept."
    )
