"""The file that `--metrics` asks for: a row for every step. Knows nothing of who trains."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import TextIO

from core.errors import UnrollError
from core.records import Record, StepRecord
from core.training.observer import RunObserver

_COLUMNS = tuple(field.name for field in fields(StepRecord))


class MetricsFile(RunObserver):
    """Writes the steps of a run as CSV.

    Args:
        file: open for writing, with `newline=""`.
    """

    def __init__(self, file: TextIO) -> None:
        self._writer = csv.writer(file)
        self._writer.writerow(_COLUMNS)

    def record(self, record: Record) -> None:
        """A row for a step."""
        if isinstance(record, StepRecord):
            row = [getattr(record, name) for name in _COLUMNS]
            self._writer.writerow([int(v) if isinstance(v, bool) else v for v in row])


@contextmanager
def metrics_file(path: Path) -> Iterator[MetricsFile]:
    """An observer that writes to this file, which is closed in the end.

    Raises:
        UnrollError: it cannot be opened.
    """
    try:
        file = path.open("w", newline="", encoding="utf-8")
    except OSError as error:
        raise UnrollError(f"{path} cannot be written: {error.strerror}.") from None
    with file:
        yield MetricsFile(file)
