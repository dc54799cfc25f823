"""The weights of the watched run, or a sentence on why there are none."""

from __future__ import annotations

import numpy as np

from core.errors import RunError
from core.training.snapshot import WatchedRun


def run_weights(run: WatchedRun) -> tuple[int, dict[str, np.ndarray]]:
    """The step and the weights as they stand.

    Raises:
        RunError: there are none.
        StoreError: they are on disk and cannot be used.
    """
    answer = run.weights()
    if answer is not None:
        return answer
    if run.snapshot.status.active:
        raise RunError("The run has no weights yet: wait a moment.")
    raise RunError(
        f"Run {run.run_id} left no weights to look into: its curves are kept, and Duplicate on the "
        "Runs page trains it again."
    )
