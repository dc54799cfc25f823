"""A gate that stands before every step of a run and makes "within one step" exact."""

from collections.abc import Iterator
from threading import Condition

import pytest

from core.training import driver as driver_module
from core.training.stretch import Stretch
from core.training.trainer import Trainer

PATIENCE = 20.0  # seconds before a test that waits in vain fails


class Gate:
    """Stands before every step of a gated run: a step is taken when the test lets it through."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._let = 0
        self._is_open = False
        self.arrived = 0
        """The step that the run stands before, or has just taken."""

    def let(self, steps: int) -> None:
        with self._changed:
            self._let += steps
            self._changed.notify_all()

    def open(self) -> None:
        with self._changed:
            self._is_open = True
            self._changed.notify_all()

    def stand_before(self, step: int) -> None:
        """Let the run train up to this step, and return when it is about to take it."""
        self.let(step - max(self.arrived, 1))
        self.await_arrival(step)

    def await_arrival(self, step: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.arrived >= step, PATIENCE)
            assert self.arrived == step

    def pass_through(self) -> None:
        with self._changed:
            self.arrived += 1
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: self._is_open or self._let, PATIENCE)
            if not self._is_open:
                self._let -= 1


@pytest.fixture
def gate(make_run, monkeypatch) -> Iterator[Gate]:
    """Holds the runs of the test that asks for it; meant for one run, and open for later ones."""
    gate = Gate()

    class GatedTrainer(Trainer):
        def _try(self, steps):
            gate.pass_through()
            return super()._try(steps)

    monkeypatch.setattr(Stretch, "steps", lambda _: 1)  # one step after the other
    monkeypatch.setattr(driver_module, "Trainer", GatedTrainer)
    yield gate
    gate.open()
