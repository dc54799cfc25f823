"""The store of runs as a server has it: opened once, written to by one writer.

Knows no Streamlit. Where the store cannot be opened the dashboard trains all the same and says
what is wrong: nothing is recorded then.
"""

from __future__ import annotations

from contextlib import suppress

from core.errors import StoreError
from core.history import KEPT_WHOLE
from core.storage.store import Store
from core.storage.stored_run import StoredRun
from core.storage.writer import Writer

_MOST_OPEN = 12  # stored runs kept in memory, up to some 45 MB each


class Library:
    """The store, its writer, and the stored runs that are being looked at.

    Attributes:
        store: None where it cannot be opened.
        writer: None with it.
        problem: a sentence for the page, or nothing.
    """

    def __init__(self) -> None:
        self.store: Store | None = None
        self.writer: Writer | None = None
        self.problem = ""
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
        """The store, opened anew if its file was deleted or replaced.

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
        """Sentences about what of the store was damaged, deleted or replaced."""
        told = self.writer.notice if self.writer else ""
        return (*(self.store.damaged if self.store else ()), *([told] if told else ()))

    def stored(self, run_id: str) -> StoredRun | None:
        """A run of the store, to look at; None if it is not there."""
        if self.store is None:
            return None
        if run_id not in self._open:
            with suppress(StoreError):
                self._open[run_id] = StoredRun(self.store, run_id)
            for forgotten in list(self._open)[:-_MOST_OPEN]:
                self._open.pop(forgotten, None)
        return self._open.get(run_id)

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
        if self.store is not None:
            self.store.close()
