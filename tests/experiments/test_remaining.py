"""How long a sweep will still take, held against sweeps whose end is known."""

from heapq import heapify, heapreplace
from random import Random

import pytest

from core.engines.cost import multiplications
from core.experiments.cells import MARKS, Cell, CellResult, Mark
from core.experiments.plan import SweepPlan
from core.experiments.remaining import Remaining

WORKERS = 2
GRID = SweepPlan(lags=(8, 12, 16, 20), seeds=4)  # and its cells for horizons, T by T, at the end


def paces(cells: list[Cell], chance: Random) -> dict[str, float]:
    """True seconds of each cell: kinds are off the count by up to 40 %, cells by up to 5 %."""
    off: dict[tuple, float] = {}
    taken = {}
    for cell in cells:
        kind = off.setdefault((cell.line, cell.distance, cell.lag), chance.uniform(0.7, 1.4))
        count = cell.config.steps * multiplications(cell.config) / 1e9
        taken[cell.key] = count * kind * chance.uniform(0.95, 1.05)
    return taken


def told(cells: list[Cell], taken: dict[str, float], began: float) -> list[tuple[float, float]]:
    """Every moment of a sweep at which something was told, and what is then left.

    Returns:
        Pairs of seconds that have passed and seconds that are said to be left; the truth last.
    """
    free, news = [began] * WORKERS, []
    heapify(free)
    for cell in cells:
        start, seconds = free[0], taken[cell.key]
        heapreplace(free, start + seconds)
        for part in range(1, MARKS + 1):
            step = max(1, cell.config.steps * part // MARKS)
            spent = seconds * part / MARKS
            news.append((start + spent, cell.key, Mark(step, 0, 1.0, 1.0), spent))
        news.append((start + seconds, cell.key, None, seconds))
    remaining, said = Remaining(cells), []
    remaining.workers(WORKERS, began)
    steps = {cell.key: cell.config.steps for cell in cells}
    for now, key, mark, spent in sorted(news, key=lambda told: told[0]):
        if mark is None:
            remaining.result(CellResult(key, "done", steps[key], 0, spent), now)
        else:
            remaining.mark(key, mark, spent, now)
        if (end := remaining.end(now)) is not None:
            said.append((now, end - now))
    return [*said, (max(free), 0.0)]


@pytest.mark.parametrize("seed", range(5))
def test_what_is_said_stays_near_the_truth_from_a_tenth_on_and_never_leaps(seed):
    cells = GRID.all_cells()
    said = told(cells, paces(cells, Random(seed)), began=6.0)
    end = said[-1][0]
    said = [(now, left) for now, left in said if now < 0.95 * end]
    assert said[0][0] < 0.1 * end
    off = [abs(now + left - end) / (end - now) for now, left in said if now > 0.1 * end]
    assert max(off) < 0.25
    ends = [now + left for now, left in said]
    leaps = [
        abs(after - before) / (end - now)
        for before, after, (now, _) in zip(ends, ends[1:], said, strict=False)
    ]
    assert max(leaps) < 0.05


def test_nothing_is_said_before_enough_was_seen_or_while_nobody_trains():
    cells = GRID.cells()
    remaining = Remaining(cells)
    first, steps = cells[0].key, cells[0].config.steps
    remaining.mark(first, Mark(steps // 10, 0, 1.0, 1.0), 3.0, 3.0)
    assert remaining.end(3.0) is None
    remaining.result(CellResult(first, "done", steps, 0, 30.0), 30.0)
    assert remaining.end(30.0) is None
    remaining.workers(1, 30.0)
    assert remaining.end(30.0) > 30.0


def test_a_cell_that_failed_says_nothing_of_the_others_and_a_late_mark_opens_none():
    cells = GRID.cells()[:3]
    remaining = Remaining(cells)
    remaining.workers(1, 0.0)
    remaining.result(CellResult(cells[0].key, "failed", 0, 0, 1.0, message="killed"), 1.0)
    assert remaining.end(1.0) is None
    remaining.result(CellResult(cells[1].key, "done", cells[1].config.steps, 0, 30.0), 31.0)
    remaining.result(CellResult(cells[2].key, "done", cells[2].config.steps, 0, 30.0), 61.0)
    remaining.mark(cells[2].key, Mark(cells[2].config.steps // 10, 0, 1.0, 1.0), 3.0, 62.0)
    assert remaining.end(62.0) == 62.0
