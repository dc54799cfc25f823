"""The file that `--metrics` asks for: a row for every step. Knows nothing of who trains."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import closing, contextmanager
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
        name: what to call it.

    Attributes:
        trouble: why rows are missing; empty if none is. The run goes on without them.
    """

    def __init__(self, file: TextIO, name: str) -> None:
        self.trouble = ""
        self._name = name
        self._file, self._writer = file, csv.writer(file)
        self._writer.writerow(CSV)

    def record(self, record: Told) -> None:
        """A row for each step."""
        if isinstance(record, StepTable) and not self.trouble:
            try:
                self._writer.writerows(csv_rows(record.columns))
            except OSError as error:
                self._note(error)

    def close(self) -> None:
        """Write what is left, and let go of the file."""
        try:
            self._file.close()
        except OSError as error:  # closed all the same
            self._note(error)

    def _note(self, error: OSError) -> None:
        self.trouble = self.trouble or (
            f"{self._name} lacks rows, since it could not be written ({error.strerror}): make room "
            "there; an exported run's metrics.csv holds them all."
        )


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
    with closing(MetricsFile(file, shown(path))) as metrics:
        yield metrics
