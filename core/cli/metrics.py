"""The file that `--metrics` asks for: a row for every step. Knows nothing of who trains."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from core.errors import UnrollError, shown
from core.paths import opened_to_write
from core.records import Record, StepRecord
from core.steps import CSV, csv_row
from core.training.observer import RunObserver


class MetricsFile(RunObserver):
    """Writes the steps of a run as CSV.

    Args:
        file: open for writing, with `newline=""`.
    """

    def __init__(self, file: TextIO) -> None:
        self._writer = csv.writer(file)
        self._writer.writerow(CSV)

    def record(self, record: Record) -> None:
        """A row for a step."""
        if isinstance(record, StepRecord):
            self._writer.writerow(csv_row(record))


@contextmanager
def metrics_file(path: Path) -> Iterator[MetricsFile]:
    """An observer that writes to this file, which is closed in the end.

    Raises:
        UnrollError: it cannot be opened.
    """
    try:
        file = opened_to_write(path)
    except OSError as error:
        raise UnrollError(
            f"{shown(path)} cannot be written ({error.strerror}): name another file."
        ) from None
    with file:
        yield MetricsFile(file)
