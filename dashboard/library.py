"""The stores of runs as a server has them: the user's, written to by one writer, and the recorded
runs that come with Unroll.

Knows no Streamlit. Where the user's store cannot be opened the dashboard trains all the same and
says what is wrong: nothing is recorded then. A run is looked for among the user's own first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress

from core.errors import StoreError, UnrollError
from core.history import KEPT_WHOLE
from core.storage.recorded import RecordedRuns, switched_off
from core.storage.rows import RunRow
from core.storage.store import Store
from core.storage.stored_run import StoredRun
from core.storage.writer import Writer

_MOST_OPEN = 12  # stored runs kept in memory, up to some 45 MB each


class Library:
    """The stores, the writer of the user's, and the stored runs that are being looked at.

    Attributes:
        store: the user's; None where it cannot be opened.
        writer: None with it.
        problem: a sentence for the page, or nothing.
        recorded: the runs that come with Unroll; None where there are none.
    """

    def __init__(self) -> None:
        self.store: Store | None = None
        self.writer: Writer | None = None
        self.problem = ""
        self.recorded = _recorded()
        # Nobody writes to them: they are read once.
        rows = self.recorded.runs() if self.recorded is not None else []
        self._recordings = {row.id: row for row in reversed(rows)}
        self._open: dict[str, StoredRun] = {}
        for _ in range(2):  # a damaged store is set aside; the second time begins a new one
            try:
                self.store = Store()
                if self.store.read_only:
                    self.problem = self.store.read_only
                    break
                self.writer = Writer(self.store, source="page")
                return
            except StoreError as error:
                self.problem = self.problem or str(error)
        self.problem += (
            f" Runs are not recorded: of a long one the last {KEPT_WHOLE:,} steps at least are "
            "kept whole, in memory, and the others as the charts draw them."
        )

    def shelf(self) -> Store:
        """The user's store, opened anew if its file was deleted or replaced.

        Raises:
            StoreError: there is none.
        """
        if self.store is None:
            raise StoreError(self.problem)
        if self.store.left_behind:
            self.flush()  # first the writer, which takes along what it has recorded there
            self.store.reopen()
            self._open.clear()
        return self.store

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences about what of the user's store was damaged, deleted or replaced."""
        told = self.writer.notice if self.writer else ""
        return (*(self.store.damaged if self.store else ()), *([told] if told else ()))

    def holder(self, run_id: str) -> Store:
        """The store that has this run.

        Raises:
            StoreError: none has.
        """
        if self.recorded is not None and self.recording(run_id) is not None:
            return self.recorded
        return self.shelf()

    def recording(self, run_id: str) -> RunRow | None:
        """The recorded run of this id; None if there is none, or the user has a run of that id."""
        row = self._recordings.get(run_id)
        return None if row is None or self._own_of([run_id]) else row

    def recordings(self) -> list[RunRow]:
        """The recorded runs, the first to be shown first."""
        own = self._own_of(self._recordings)
        return [row for run_id, row in self._recordings.items() if run_id not in own]

    def newcomers_run(self, preset: str, is_own: Callable[[RunRow], bool]) -> RunRow | None:
        """What to show whoever asks for no run: the newest of their own that has trained.

        Cells of sweeps are left out. Where there is none, it is the recorded run that is most like
        this preset.

        Args:
            preset: of the settings beside it.
            is_own: whether a run is theirs.
        """
        own: list[RunRow] = []
        with suppress(StoreError):  # no store, no runs
            own = [row for row in self.shelf().runs() if is_own(row)]
        newest = next((row for row in own if row.step and row.source != "sweep"), None)
        recorded = self.recordings()
        if newest is not None or not recorded:
            return newest
        # Of those as near as each other the first: of another preset's it is the demo.
        return min(recorded, key=lambda row: (row.preset != preset, len(row.differences)))

    def stored(self, run_id: str) -> StoredRun | None:
        """A run of a store, to look at; None if it is in none, or was deleted."""
        run = self._open.get(run_id)
        if run is None:
            with suppress(StoreError):
                holder = self.holder(run_id)
                if holder.keeps(run_id):
                    run = self._open[run_id] = StoredRun(holder, run_id)
            for forgotten in list(self._open)[:-_MOST_OPEN]:
                self._open.pop(forgotten, None)
        elif run.deleted:
            self.forget(run_id)
            return None
        return run

    def is_deleted(self, run_id: str) -> bool:
        """Whether a run that this server has recorded is in the user's store no more."""
        if self.writer is not None:
            with suppress(StoreError):  # it cannot be asked: then it stays
                return not self.shelf().keeps(run_id)
        return False

    def forget(self, run_id: str) -> None:
        """Look at a run afresh the next time: it goes on, or is gone."""
        self._open.pop(run_id, None)

    def flush(self) -> None:
        """Bring the store up to date, so that a page shows what was just done."""
        if self.writer is not None:
            self.writer.flush(2.0)

    def close(self) -> None:
        """Write what is left and let go of the files."""
        if self.writer is not None:
            self.writer.close()
        for store in (self.store, self.recorded):
            if store is not None:
                store.close()

    def _own_of(self, run_ids: Collection[str]) -> frozenset[str]:
        """Those of these ids that are runs of the user's."""
        with suppress(StoreError):  # no store, no runs
            return self.shelf().known_of(run_ids)
        return frozenset()


def _recorded() -> RecordedRuns | None:
    """The recorded runs; a folder that cannot be written costs them, and nothing else."""
    if switched_off():
        return None
    with suppress(UnrollError):
        return RecordedRuns()
    return None
