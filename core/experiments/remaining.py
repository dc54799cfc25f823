"""When a sweep will have ended, from what its cells have taken up to now.

Cells differ: one with twice the unrollings takes twice as long a step. So what was seen is counted
in multiplications (`engines/cost.py`), the pace of each kind of cell is learned as it is seen, and
the cells that wait are dealt to the workers in the order in which they are trained. Knows no clock:
whoever asks says how late it is.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from heapq import heapify, heapreplace

from core.engines.cost import multiplications
from core.experiments.cells import Cell, CellResult, Line, Mark

Kind = tuple[Line, int, int | None]

ENOUGH = 0.03
"""The part of all that has to be seen before anything is said."""
# A kind's own pace counts as much as that of all kinds once so much of a cell of it was seen.
_OWN = 0.2
# Something new counts within so much of the time that is left; a shorter one than the last would
# only follow the chance of when marks come in.
_SMOOTH, _SHORTEST = 0.1, 1.0


class Remaining:
    """Told of marks and results, it says when the last cell will be done.

    Args:
        missing: the cells that are trained, in that order.

    All times are seconds since the sweep was started.
    """

    def __init__(self, missing: Sequence[Cell]) -> None:
        self._cost = {c.key: float(c.config.steps * multiplications(c.config)) for c in missing}
        self._steps = {cell.key: cell.config.steps for cell in missing}
        self._kind: dict[str, Kind] = {c.key: (c.line, c.distance, c.lag) for c in missing}
        self._waiting = dict.fromkeys(self._cost)
        self._done: set[str] = set()
        self._marked: dict[str, tuple[float, float]] = {}  # when, and the part that was done
        self._seen: dict[str, tuple[float, float]] = {}  # seconds of a worker, and their cost
        self._workers = 0
        self._freed = 0.0  # when a worker last took up another cell
        self._end: float | None = None  # as it is told, ...
        self._told = 0.0  # ... and since when

    def workers(self, count: int, now: float) -> None:
        """So many train at once."""
        if not self._workers:
            self._freed = now
        self._workers = count

    def mark(self, key: str, mark: Mark, seconds: float, now: float) -> None:
        """A cell has got so far in so many seconds of its worker's; nothing if it is done."""
        if key in self._done:
            return
        part = mark.step / self._steps[key]
        self._waiting.pop(key, None)
        self._marked[key] = (now, part)
        self._seen[key] = (seconds, part * self._cost[key])

    def result(self, result: CellResult, now: float) -> None:
        """A cell is done; one that failed says nothing of the others."""
        self._done.add(result.key)
        self._waiting.pop(result.key, None)
        self._marked.pop(result.key, None)
        self._seen.pop(result.key, None)
        self._freed = now
        if result.updates:
            part = result.updates / self._steps[result.key]
            self._seen[result.key] = (result.seconds, part * self._cost[result.key])

    def end(self, now: float) -> float | None:
        """When all will be done; None before enough was seen, and while nobody trains.

        It moves slowly: by two thirds of what it is off within a tenth of the time that is left.
        """
        seen = sum(cost for _, cost in self._seen.values())
        if not self._workers or seen < ENOUGH * sum(self._cost.values()):
            return None
        found = self._found(now)
        if self._end is None:
            self._end = found
        else:
            slow = max(_SHORTEST, _SMOOTH * (max(found, self._end) - now))
            self._end += (1 - math.exp((self._told - now) / slow)) * (found - self._end)
        self._told = now
        return self._end

    def _found(self, now: float) -> float:
        pace = self._paces()

        def left(key: str, done: float = 0.0) -> float:
            return (1 - done) * self._cost[key] * pace[self._kind[key]]

        busy = [when + left(key, done) for key, (when, done) in self._marked.items()]
        # Who has not marked its cell yet took it up when the last one was done.
        busy += [self._freed] * max(0, self._workers - len(busy))
        heapify(busy)
        for key in self._waiting:
            heapreplace(busy, busy[0] + left(key))
        return max(*busy, now)

    def _paces(self) -> dict[Kind, float]:
        """Seconds for a multiplication, by kind: its own, as far as it was seen."""
        seconds: dict[Kind, float] = defaultdict(float)
        costs: dict[Kind, float] = defaultdict(float)
        for key, (taken, cost) in self._seen.items():
            seconds[self._kind[key]] += taken
            costs[self._kind[key]] += cost
        common = sum(seconds.values()) / sum(costs.values())
        own = {self._kind[key]: _OWN * cost for key, cost in self._cost.items()}
        return {
            kind: (seconds[kind] + common * few) / (costs[kind] + few) for kind, few in own.items()
        }
