"""The record of every step of a run, kept compactly and drawn without losing a spike.

One thread appends; any thread may read a `HistoryView`, which never changes: rows are written
before they are counted, and are never written again. Knows no torch and no charts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.records import StepRecord
from core.steps import KINDS, clipped, columns_of

_COLUMNS = {
    **KINDS,
    # Half the room, where a chart needs no more: a loss is a float32 anyway.
    "step": np.dtype(np.int32),
    "loss_nats": np.dtype(np.float32),
    "grad_norm": np.dtype(np.float32),
    "grad_norm_clipped": np.dtype(np.float32),
    # Sums up to and including the row: the mean over any stretch is one subtraction.
    "loss_sum": np.dtype(np.float64),
    # What rounding took from `loss_sum`: after one loss of 1e16 a sum alone would lose the
    # losses of a healthy run, and ReLU has such spikes.
    "loss_lost": np.dtype(np.float64),
    "clipped_sum": np.dtype(np.int32),
}
_SPIKY = ("loss_nats", "grad_norm")  # columns whose smallest and largest values must be seen
_SPAN = 256  # rows whose extremes are worked out once, so that drawing a long run stays cheap
MEAN_STEPS = 100
"""Steps that a drawn mean is over."""
_FIRST_ROWS = 4_096
_MOST_PLANNED_ROWS = 2_000_000


class History:
    """Append-only columns, 60 bytes a step.

    Args:
        planned_steps: memory is set aside for as many rows (the operating system hands it
            out only as it is written); a longer run grows.
    """

    def __init__(self, planned_steps: int = 0) -> None:
        rows = max(_FIRST_ROWS, min(planned_steps, _MOST_PLANNED_ROWS))
        self._columns = {name: np.empty(rows, kind) for name, kind in _COLUMNS.items()}
        self._peaks = _no_peaks(rows)
        self._length = 0
        self._loss_sum = self._loss_lost = 0.0

    def __len__(self) -> int:
        return self._length

    def append(self, record: StepRecord) -> None:
        """Add one step."""
        self.extend(columns_of([record]))

    def extend(self, columns: Mapping[str, np.ndarray]) -> None:
        """Add many steps at once, to the same effect as adding one by one.

        Only the thread that owns the history may call this.

        Args:
            columns: a table of steps; see `core/steps.py`.
        """
        first, count = self._length, len(columns["step"])
        while first + count > len(self._columns["step"]):
            self._grow()
        rows = slice(first, first + count)
        own = self._columns
        for name in KINDS:
            own[name][rows] = columns[name]
        losses = np.asarray(columns["loss_nats"], np.float64)
        # `accumulate` adds from left to right, so these are the sums that `append` makes.
        totals = np.add.accumulate(np.append(self._loss_sum, losses))
        before, total = totals[:-1], totals[1:]
        arrived = total - before
        lost = (before - (total - arrived)) + (losses - arrived)
        lost = np.add.accumulate(np.append(self._loss_lost, lost))
        own["loss_sum"][rows], own["loss_lost"][rows] = total, lost[1:]
        self._loss_sum, self._loss_lost = float(totals[-1]), float(lost[-1])
        already = own["clipped_sum"][first - 1] if first else 0
        own["clipped_sum"][rows] = already + np.add.accumulate(clipped(columns), dtype=np.int32)
        for span in range(first // _SPAN, (first + count) // _SPAN):
            self._note_peaks(span)
        self._length = first + count

    def view(self) -> HistoryView:
        """What has been recorded up to now; it stays as it is while the run goes on."""
        return HistoryView(self._columns, self._peaks, self._length)

    def _note_peaks(self, span: int) -> None:
        rows = slice(span * _SPAN, (span + 1) * _SPAN)
        for name in _SPIKY:
            low, high = self._peaks[name]
            low[span], high[span] = self._columns[name][rows].min(), self._columns[name][rows].max()

    def _grow(self) -> dict[str, np.ndarray]:
        # Views that were handed out keep the old arrays, so these are replaced, not resized.
        rows = 2 * len(self._columns["step"])
        grown = {name: np.empty(rows, kind) for name, kind in _COLUMNS.items()}
        peaks = _no_peaks(rows)
        for name, column in self._columns.items():
            grown[name][: self._length] = column[: self._length]
        for name, pair in self._peaks.items():
            for old, new in zip(pair, peaks[name], strict=True):
                new[: len(old)] = old
        self._columns, self._peaks = grown, peaks
        return grown


@dataclass(frozen=True, eq=False)
class HistoryView:
    """A history as it stood at one moment."""

    _columns: dict[str, np.ndarray]
    _peaks: dict[str, tuple[np.ndarray, np.ndarray]]
    _length: int

    def __len__(self) -> int:
        return self._length

    def column(self, name: str) -> np.ndarray:
        """One column, a row a step: a `StepRecord` field but `clipped`, or a running sum."""
        return self._columns[name][: self._length]

    @property
    def columns(self) -> dict[str, np.ndarray]:
        """The table of its steps, as `History.extend` takes it."""
        return {name: self.column(name) for name in KINDS}

    def until(self, rows: int) -> HistoryView:
        """The first so many rows."""
        return HistoryView(self._columns, self._peaks, min(rows, self._length))

    def mean_loss(self, last: int) -> float:
        """The mean loss in nats of the last so many steps; nan before the first."""
        if not self._length:
            return float("nan")
        return float(self._loss_means(np.array([self._length - 1]), last)[0])

    def clipped_share(self, last: int) -> float:
        """The share of the last so many steps that were clipped; nan before the first."""
        if not self._length:
            return float("nan")
        return float(self._means("clipped_sum", np.array([self._length - 1]), last)[0])

    def envelope(self, buckets: int = 500, smoothing: int = MEAN_STEPS) -> dict[str, np.ndarray]:
        """The run in at most so many places, for a chart that hides no spike.

        A place stands for a power of two of steps. It holds the values of its last step
        (`step`, `characters_seen`, `seconds`, `grad_norm_clipped`, `learning_rate`), the
        smallest and largest loss and gradient norm within it (`loss_min`, `loss_max`,
        `grad_norm_min`, `grad_norm_max`), and means over the last `smoothing` steps, or all there
        are before so many (`loss_mean`, `clipped_share`). The means are the same however long the
        run is by now: in a long one a place is wider than they reach.

        The work does not grow with the run past `buckets * 256` steps, but for one pass over
        an array 256 times shorter than it.

        Raises:
            ValueError: there is to be no place at all.
        """
        if buckets < 1:
            raise ValueError(f"buckets={buckets} is not allowed: choose 1 or more")
        width = 1
        while -(-self._length // width) > buckets:
            width *= 2
        ends = np.arange(width, self._length + width, width).clip(max=self._length) - 1
        if not self._length:
            ends = ends[:0]
        drawn = {
            name: self.column(name)[ends]
            for name in ("step", "characters_seen", "seconds", "grad_norm_clipped", "learning_rate")
        }
        for name in _SPIKY:
            low, high = self._extremes(name, width)
            drawn[f"{name.removesuffix('_nats')}_min"] = low
            drawn[f"{name.removesuffix('_nats')}_max"] = high
        drawn["loss_mean"] = self._loss_means(ends, smoothing)
        drawn["clipped_share"] = self._means("clipped_sum", ends, smoothing)
        return drawn

    def _loss_means(self, ends: np.ndarray, last: int) -> np.ndarray:
        return self._means("loss_sum", ends, last) + self._means("loss_lost", ends, last)

    def _means(self, sums: str, ends: np.ndarray, last: int) -> np.ndarray:
        column = self.column(sums)
        starts = ends - last
        before = np.where(starts >= 0, column[starts.clip(min=0)], 0) if len(ends) else 0.0
        return (column[ends] - before) / np.minimum(last, ends + 1)

    def _extremes(self, name: str, width: int) -> tuple[np.ndarray, np.ndarray]:
        values = self.column(name)
        if not self._length:
            return values, values
        if width <= _SPAN:
            starts = np.arange(0, self._length, width)
            return np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
        whole = self._length // _SPAN
        low, high = (peaks[:whole] for peaks in self._peaks[name])
        if rest := values[whole * _SPAN :].size:
            tail = values[-rest:]
            low, high = np.append(low, tail.min()), np.append(high, tail.max())
        starts = np.arange(0, len(low), width // _SPAN)
        return np.minimum.reduceat(low, starts), np.maximum.reduceat(high, starts)


def _no_peaks(rows: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    count = rows // _SPAN + 1
    return {name: (np.empty(count, np.float32), np.empty(count, np.float32)) for name in _SPIKY}
