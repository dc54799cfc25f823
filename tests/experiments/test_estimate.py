"""The estimate of a sweep's time: from steps that are really taken, shared among workers."""

import pytest

from core.experiments import estimate
from core.experiments.cells import BASE
from core.experiments.estimate import WARM_UP, seconds_of_grid
from core.experiments.plan import SweepPlan

PLAN = SweepPlan(
    lags=(1,), seeds=2, budget="updates", amount=100, base=BASE.changed(nodes=8, batch_size=4)
)


@pytest.fixture
def _a_step_is_a_tenth(monkeypatch):
    monkeypatch.setattr(estimate, "seconds_of_step", lambda config: 0.1)
    monkeypatch.setattr(estimate, "_seconds_of_recall", lambda kind, lag: 0.0)


@pytest.mark.usefixtures("_a_step_is_a_tenth")
@pytest.mark.parametrize(("workers", "seconds"), [(1, 40), (2, 20), (3, 20), (4, 10), (9, 10)])
def test_each_worker_takes_the_next_cell_in_turn(workers, seconds):
    assert seconds_of_grid(PLAN.cells(), workers) == pytest.approx(seconds)


@pytest.mark.usefixtures("_a_step_is_a_tenth")
def test_a_cold_cluster_takes_a_while_more_and_nothing_takes_no_time():
    assert seconds_of_grid(PLAN.cells(), 4, warm=False) == pytest.approx(10 + WARM_UP)
    assert seconds_of_grid([], 4, warm=False) == 0


def test_measuring_recall_on_the_way_takes_time_too(monkeypatch):
    monkeypatch.setattr(estimate, "seconds_of_step", lambda config: 0.0)
    monkeypatch.setattr(estimate, "_seconds_of_recall", lambda kind, lag: 0.05)
    assert seconds_of_grid(PLAN.cells()[:1], 1) == pytest.approx(10 * 0.05)
    text = SweepPlan(text="builtin", unrollings=(3,), seeds=1)
    assert seconds_of_grid(text.cells(), 1) == 0
