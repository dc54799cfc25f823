"""The file that `--metrics` asks for: a row for every step. Knows nothing of who trains."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from core.errors import UnrollError, shown
from core.paths import opened_to_write
from core.steps import CSV, StepTable, Told, csv_rows
from core.training.observer import RunObserver


class MetricsFile(RunObserver):
    """Writes the steps of a run as CSV.

    Args:
        file: open for writing, with `newline=""`.
    """

    def __init__(self, file: TextIO) -> None:
        self._writer = csv.writer(file)
        self._writer.writerow(CSV)

    def record(self, record: Told) -> None:
        """A row for each step."""
        if isinstance(record, StepTable):
            self._writer.writerows(csv_rows(record.columns))


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
