"""What a sweep at the command line leaves in the store of runs.

Knows nothing of options or bars. A store that cannot be opened costs a sentence and no sweep.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from core.errors import StoreError

if TYPE_CHECKING:
    from core.experiments.sweep import CellLog


class CellRuns:
    """Records the cells of a sweep, or nothing at all.

    Args:
        record: whether to.

    Attributes:
        log: for `Sweep`; None records nothing.
    """

    def __init__(self, record: bool) -> None:
        self.log: CellLog | None = None
        self._store = None
        if not record:
            return
        # Late: a sweep with nothing left to train need not wait for torch.
        from core.experiments.recorded_cells import SweepRuns
        from core.storage.store import Store

        try:
            self._store = Store()
            self.log = SweepRuns(self._store)
        except StoreError as error:
            print(f"{error} The sweep goes on; its runs are not recorded.", file=sys.stderr)

    def close(self) -> None:
        """Give up what still trains, and let go of the store."""
        if self.log:
            with suppress(StoreError):  # the sweep has told of it
                self.log.close()
        if self._store:
            self._store.close()
