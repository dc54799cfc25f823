"""The cells of sweeps as runs of the store: noted while they train, kept whole at their end.

Knows nothing of clusters or pages. A cell's run has the first digits of the cell's key as its
id, and the key in its row: however often the cell is asked for, it is one run. Measured again,
it is replaced; a run that somebody has trained on or changed since is left alone, and the new
one gets the next digits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import lru_cache
from time import monotonic
from typing import Any

from core.data.corpora import load_corpus
from core.data.ngrams import cached_floors
from core.errors import StoreError
from core.experiments.cell_run import CellRun
from core.experiments.cells import Cell, Mark
from core.records import Event, EventKind, RunStatus, live_changes
from core.storage.batch import Batch, Progress, write
from core.storage.checkpoints import Checkpoint, save_checkpoint
from core.storage.store import Store
from core.storage.stored_run import note_diagnosis

_WRITE_EVERY = 1.0  # seconds between two looks at how far the cells have got
_DIGITS = 8  # of a cell's key, in a run's id
_TRAINS = "A cell of a sweep: its curves come with its end"
_GIVEN_UP = (
    "Its sweep ended before it did, and nothing of it was kept. Resume, or the sweep's next "
    "start, trains it from its first step."
)


@dataclass
class _Open:
    """A cell that is being trained."""

    run_id: str
    began: float
    mark: Mark | None = None  # the last, if it is not written yet


class RecordedCells:
    """Observes a sweep, and writes its cells to the store of runs.

    Thread safety: one thread at a time may use it.

    Args:
        store: where to; a connection of its own is opened beside it.
        clock: seconds, from anywhere.

    Raises:
        StoreError: the store cannot be opened.
    """

    def __init__(self, store: Store, clock: Callable[[], float] = monotonic) -> None:
        self._store = store.twin()
        self._clock = clock
        self._open: dict[str, _Open] = {}  # by a cell's key
        self._next = 0.0

    def mark(self, cell: Cell, mark: Mark) -> None:
        """A cell has got to a mark: its run begins, or has advanced.

        Raises:
            StoreError: that cannot be written.
        """
        self._follow()
        begins = cell.key not in self._open
        self._opened(cell).mark = mark
        if begins or self._clock() >= self._next:
            self._next = self._clock() + _WRITE_EVERY
            self._write_marks()

    def finish(self, cell: Cell, run: CellRun) -> None:
        """Keep a cell's steps, reports and last state, and its end.

        Raises:
            StoreError: that cannot be written.
        """
        self._follow()
        run_id = self._opened(cell).run_id
        state, diverged = run.state, run.result.status == "diverged"
        status = RunStatus.DIVERGED if diverged else RunStatus.FINISHED
        message = run.result.message or "All steps are done."
        batch = Batch(
            steps=run.columns(cell.trained_config),
            reports=run.reports,
            probes=run.probes,
            events=[Event(state.step, EventKind(status), text=message)],
            row={
                "status": status,
                "message": message,
                "step": state.step,
                "characters_seen": state.characters_seen,
                "seconds": state.seconds,
                "text_sha256": run.text_sha256,
                "engine": state.engine,
            },
            ended=True,
        )
        write(self._store, run_id, batch, Progress())
        del self._open[cell.key]
        try:
            # After the records, and of them: one event came before it, the end.
            save_checkpoint(
                self._store.checkpoint_path(run_id), Checkpoint(state, cell.trained_config, 1)
            )
        except OSError as error:
            raise StoreError(
                f"The weights of run {run_id} could not be kept in {self._store.home} "
                f"({error.strerror or error}): make room there."
            ) from None
        with suppress(Exception):  # a rule that fails is no reason to complain of the record
            note_diagnosis(self._store, run_id)

    def abandon(self, cell: Cell, failure: str = "") -> None:
        """A cell ends without a result; nothing if its run has not begun.

        Raises:
            StoreError: that cannot be written.
        """
        known = self._open.pop(cell.key, None)
        if known is not None:
            self._give_up(known.run_id, failure)

    def close(self) -> None:
        """Give up what is still open, and let go of the file."""
        try:
            while self._open:
                self._give_up(self._open.popitem()[1].run_id)
        finally:
            self._store.close()

    def _give_up(self, run_id: str, failure: str = "") -> None:
        self._update(
            run_id,
            status=RunStatus.FAILED if failure else RunStatus.STOPPED,
            message=failure or _GIVEN_UP,
            owner=None,
            step=0,
            characters_seen=0,
            seconds=0.0,
        )

    def _follow(self) -> None:
        """Where the store was deleted or replaced, cells begin again in the one that is there."""
        if self._store.left_behind:
            self._store.reopen()
            self._open.clear()

    def _opened(self, cell: Cell) -> _Open:
        if cell.key not in self._open:
            self._open[cell.key] = _Open(self._begin(cell), self._clock())
        return self._open[cell.key]

    def _begin(self, cell: Cell) -> str:
        """Note that a cell trains; returns its run's id."""
        store, config = self._store, cell.trained_config
        facts = _facts(config.text, cell.text_sha256)  # may take long: no transaction waits for it
        run_id, known = self._place(cell)
        if known:  # its last state would be taken for this one's if this process were killed now
            with suppress(OSError):
                store.checkpoint_path(run_id).unlink(missing_ok=True)
        with store.transaction():
            if known:
                store.claim(run_id, config, 0, 0)
            else:
                store.create(run_id, config, source="sweep", name=cell.name, sweep=cell.key)
            self._update(
                run_id,
                status=RunStatus.RUNNING,
                message=_TRAINS,
                device="cpu",
                device_reason="a cell of a sweep trains on a core of its own",
                engine="",
                engine_reason="",
                diagnosis="",
                characters_seen=0,
                seconds=0.0,
                **facts,
            )
        return run_id

    def _place(self, cell: Cell) -> tuple[str, bool]:
        """The id for a cell's run, and whether it is there and may be replaced."""
        for first in range(0, len(cell.key), _DIGITS):
            run_id = cell.key[first : first + _DIGITS]
            try:
                row = self._store.get(run_id)
            except StoreError:
                return run_id, False
            if (
                row.sweep == cell.key
                and not row.status.active
                and row.settings == cell.trained_config.model_dump()  # it was not extended
                and not live_changes(self._store.ledger.events(run_id))
            ):
                return run_id, True
        raise StoreError(f"The runs of {cell.name} were all trained on: delete one of them.")

    def _write_marks(self) -> None:
        with self._store.transaction():
            for known in self._open.values():
                if known.mark is not None:
                    self._update(
                        known.run_id,
                        step=known.mark.step,
                        characters_seen=known.mark.characters,
                        seconds=self._clock() - known.began,
                    )
                    known.mark = None

    def _update(self, run_id: str, **values: Any) -> None:
        self._store.update(run_id, updated=self._store.now(), **values)


def runs_of_cells(store: Store, keys: Iterable[str]) -> dict[str, str]:
    """The ids of the recorded runs of these cells, by key; the newest where there are several."""
    wanted = set(keys)
    return {row.sweep: row.id for row in reversed(store.runs()) if row.sweep in wanted}


@lru_cache(maxsize=128)
def _facts(text: str, text_sha256: str) -> dict[str, Any]:
    """Columns about a cell's text; its SHA-256 tells a file that has changed from its old self."""
    corpus = load_corpus(text)
    return {
        "text_title": corpus.title,
        "text_sha256": corpus.sha256,
        "text_length": len(corpus),
        "floors": asdict(cached_floors(corpus)),
    }
