"""The record of a run's steps, kept compactly and drawn without losing a spike.

The last steps are kept whole, half a million at least. Of all steps there is a row for each *span*
of 256: its last step, its extremes and the means that are drawn there. A chart of so long a run
draws no finer, so it looks the same; the store on disk has every step.

    spans   0          1          2          3          4          5 ...
    rows                               first .......................... length
                                       whole, and in spans as they fill

One thread appends; any thread may read a `HistoryView`, which never changes: rows are written
before they are counted, and are never written again. Knows no torch and no charts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from core.records import StepRecord
from core.steps import KINDS, Columns, clipped, columns_of, cut

KEPT_WHOLE = 2**19
"""The last so many steps are kept whole at least, and up to twice as many: 21 to 42 MB."""
MEAN_STEPS = 100
"""Steps that a drawn mean is over."""

_Kinds = dict[str, np.dtype]

_COLUMNS: _Kinds = {
    **KINDS,
    # Half the room, where a chart needs no more: a loss is a float32 anyway.
    "step": np.dtype(np.int32),
    "loss_nats": np.dtype(np.float32),
    "grad_norm": np.dtype(np.float32),
    "grad_norm_clipped": np.dtype(np.float32),
}
_AT_END = ("step", "characters_seen", "seconds", "grad_norm_clipped", "learning_rate")
_SPIKY = {"loss_nats": "loss", "grad_norm": "grad_norm"}  # whose extremes must be seen
_SPAN = 256  # steps
_SPANS: _Kinds = {
    **{name: _COLUMNS[name] for name in _AT_END},
    **{f"{name}_{end}": np.dtype(np.float32) for name in _SPIKY.values() for end in ("min", "max")},
    "worst": np.dtype(np.int32),  # the step of the largest norm
    "loss_mean": np.dtype(np.float64),
    "clipped_share": np.dtype(np.float64),
}
_FIRST_ROWS = 4_096


class History:
    """Append-only columns: 40 bytes for a step that is kept whole, and a quarter of one for each.

    Args:
        planned_steps: with the first one memory is set aside for as many rows, or for all that are
            kept whole (the operating system hands it out only as it is written); a longer run
            grows.
    """

    def __init__(self, planned_steps: int = 0) -> None:
        self._rows = max(_FIRST_ROWS, min(planned_steps, 2 * KEPT_WHOLE))  # to be set aside
        self._columns = _empty(_COLUMNS, 0)
        self._spans = _empty(_SPANS, 0)
        self._first = 0  # the row from which on they are kept whole; begins a span
        self._length = 0

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
        at_once = KEPT_WHOLE // 2  # fit in beside those that are kept, however many come
        for start in range(0, len(columns["step"]), at_once):
            self._add(cut(columns, slice(start, start + at_once)))

    def begin_with(self, past: HistoryView) -> None:
        """Hold what a run did before; while nothing was added yet."""
        self._first = self._length = past.first_whole
        spans = past.first_whole // _SPAN
        self._make_span_room(spans)
        for name, values in self._spans.items():
            values[:spans] = past.spans[name][:spans]
        self.extend({name: past.column(name) for name in KINDS})

    def shrink(self) -> None:
        """Give back the room for steps to come until the next one comes."""
        trimmed = self.view().trimmed()
        self._columns, self._spans = trimmed._columns, trimmed.spans

    def view(self) -> HistoryView:
        """What has been recorded up to now; it stays as it is while the run goes on."""
        return HistoryView(self._columns, self._spans, self._first, self._length)

    def _add(self, columns: Columns) -> None:
        count = len(columns["step"])
        self._make_room(count)
        start = self._length - self._first
        for name, own in self._columns.items():
            own[start : start + count] = columns[name]
        spans = slice(self._length // _SPAN, (self._length + count) // _SPAN)
        self._make_span_room(spans.stop)
        if spans.start < spans.stop:
            rows = slice(spans.start * _SPAN - self._first, spans.stop * _SPAN - self._first)
            for name, values in _spans_of(self._columns, rows, _SPAN).items():
                self._spans[name][spans] = values
        self._length += count

    # Views that were handed out keep the old arrays, so these are replaced, not resized.

    def _make_room(self, count: int) -> None:
        rows, held = len(self._columns["step"]), self._length - self._first
        if held + count <= rows:
            return
        rows = max(rows, self._rows)
        while rows < held + count and rows < 2 * KEPT_WHOLE:
            rows = min(2 * rows, 2 * KEPT_WHOLE)
        dropped = 0
        if held + count > rows:
            dropped = max(0, held - KEPT_WHOLE) // _SPAN * _SPAN
        whole = {name: column[dropped:held] for name, column in self._columns.items()}
        self._columns = _moved(whole, _COLUMNS, rows)
        self._first += dropped

    def _make_span_room(self, count: int) -> None:
        spans = len(self._spans["step"])
        if count > spans:
            rows = max(count, 2 * spans, self._rows // _SPAN)
            self._spans = _moved(self._spans, _SPANS, rows)


@dataclass(frozen=True, eq=False)
class HistoryView:
    """A history as it stood at one moment.

    Attributes:
        spans: a row for each span of 256 steps.
        first_whole: the steps before this row are there as spans alone; 0 in most runs.
    """

    _columns: Columns
    spans: Columns
    first_whole: int
    _length: int

    def __len__(self) -> int:
        return self._length

    def column(self, name: str) -> np.ndarray:
        """One column of the steps that are kept whole, from `first_whole` to the last.

        Args:
            name: a field of `StepRecord` but `clipped`.
        """
        return self._columns[name][: max(0, self._length - self.first_whole)]

    def until(self, rows: int) -> HistoryView:
        """The first so many rows; up to 255 fewer where they are not kept whole any more."""
        rows = min(rows, self._length)
        if rows < self.first_whole + _SPAN:
            rows = rows // _SPAN * _SPAN if self.first_whole else rows
        return replace(self, _length=rows)

    def trimmed(self) -> HistoryView:
        """The same, without the room that was set aside for steps to come."""
        rows, spans = self._length - self.first_whole, self._length // _SPAN
        return replace(
            self,
            _columns={name: column[:rows].copy() for name, column in self._columns.items()},
            spans={name: values[:spans].copy() for name, values in self.spans.items()},
        )

    def mean_loss(self, last: int) -> float:
        """The mean loss in nats of the last so many steps; nan before the first."""
        losses = self.column("loss_nats")[-last:]
        return float(losses.mean(dtype=np.float64)) if len(losses) else float("nan")

    def clipped_share(self, last: int) -> float:
        """The share of the last so many steps that were clipped; nan before the first."""
        names = ("grad_norm", "grad_norm_clipped")
        cuts = clipped({name: self.column(name)[-last:] for name in names})
        return float(cuts.mean()) if len(cuts) else float("nan")

    def largest_norm(self) -> tuple[float, int]:
        """The largest gradient norm before clipping of all steps, and its step.

        Raises:
            ValueError: there is no step yet.
        """
        table = self._all_spans()
        worst = int(np.argmax(table["grad_norm_max"]))
        return float(table["grad_norm_max"][worst]), int(table["worst"][worst])

    def envelope(self, buckets: int = 500) -> Columns:
        """The run in at most so many places, for a chart that hides no spike.

        A place stands for a power of two of steps. It holds the values of its last step
        (`step`, `characters_seen`, `seconds`, `grad_norm_clipped`, `learning_rate`), the
        smallest and largest loss and gradient norm within it (`loss_min`, `loss_max`,
        `grad_norm_min`, `grad_norm_max`), and means over the last 100 steps, or all there are
        before so many (`loss_mean`, `clipped_share`). The means are the same however long the
        run is by now: in a long one a place is wider than they reach.

        The work does not grow with the run past `buckets * 256` steps, but for one pass over
        an array 256 times shorter than it. Where steps are not kept whole, a place stands for
        256 at least.

        Raises:
            ValueError: there is to be no place at all.
        """
        if buckets < 1:
            raise ValueError(f"buckets={buckets} is not allowed: choose 1 or more")
        width = 1
        while -(-self._length // width) > buckets:
            width *= 2
        if width < _SPAN and not self.first_whole:
            whole = self._length // width * width
            parts = [_spans_of(self._columns, slice(0, whole), width), self._rest(whole)]
            table = {name: np.concatenate([part[name] for part in parts]) for name in _SPANS}
        else:
            table = _grouped(self._all_spans(), max(1, width // _SPAN))
        del table["worst"]
        return table

    def _all_spans(self) -> Columns:
        """The table of spans, the last of which may be short."""
        count = self._length // _SPAN
        rest = self._rest(count * _SPAN)
        return {name: np.append(self.spans[name][:count], rest[name]) for name in _SPANS}

    def _rest(self, start: int) -> Columns:
        """The rows from one on as a single place; as none, where there are none."""
        rows = slice(start - self.first_whole, self._length - self.first_whole)
        return _spans_of(self._columns, rows, max(1, rows.stop - rows.start))


def _spans_of(columns: Columns, rows: slice, width: int) -> Columns:
    """The table of the spans of so many steps that these rows make, which they fill."""
    if rows.start >= rows.stop:
        return _empty(_SPANS, 0)
    ends = np.arange(rows.start + width, rows.stop + 1, width) - 1
    table = {name: columns[name][ends] for name in _AT_END}
    for name, short in _SPIKY.items():
        spans = columns[name][rows].reshape(-1, width)
        table[f"{short}_min"], table[f"{short}_max"] = spans.min(1), spans.max(1)
    worst = columns["grad_norm"][rows].reshape(-1, width).argmax(1)
    table["worst"] = columns["step"][ends - width + 1 + worst]
    lately = ends[:, None] - np.arange(MEAN_STEPS)  # (spans, MEAN_STEPS)
    there, lately = lately >= 0, lately.clip(min=0)
    losses = columns["loss_nats"][lately]
    cuts = columns["grad_norm_clipped"][lately] < columns["grad_norm"][lately]
    for name, values in (("loss_mean", losses), ("clipped_share", cuts)):
        total = np.where(there, values, 0).sum(1, dtype=np.float64)
        table[name] = total / there.sum(1)
    return table


def _grouped(table: Columns, count: int) -> Columns:
    """A table of spans with so many of them as one."""
    spans = len(table["step"])
    starts = np.arange(0, spans, count)
    ends = (starts + count).clip(max=spans) - 1
    grouped = {name: values[ends] for name, values in table.items()}
    for short in _SPIKY.values():
        for end, extreme in (("min", np.minimum), ("max", np.maximum)):
            grouped[f"{short}_{end}"] = extreme.reduceat(table[f"{short}_{end}"], starts)
    return grouped


def _empty(kinds: _Kinds, rows: int) -> Columns:
    return {name: np.empty(rows, kind) for name, kind in kinds.items()}


def _moved(columns: Columns, kinds: _Kinds, rows: int) -> Columns:
    """The same in arrays of so many rows."""
    moved = _empty(kinds, rows)
    for name, column in columns.items():
        moved[name][: len(column)] = column
    return moved
