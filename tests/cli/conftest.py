"""Ctrl-C, pressed while a run takes a step, or another signal."""

import signal
from threading import Event
from threading import enumerate as threads

import pytest

from core.training.run import Run
from core.training.stretch import Stretch
from core.training.trainer import Trainer

PATIENCE = 20.0  # seconds before a test that waits in vain fails


@pytest.fixture
def press(monkeypatch):
    """Arrange for Ctrl-C after so many steps, within the next one: once, or twice in a row.

    That step ends when the last press has been heard. After None, nobody presses any more.
    """
    heard = {"stop": Event(), "abandon": Event()}

    def note(name):
        command, event = getattr(Run, name), heard[name]

        def noted(run):
            command(run)
            event.set()

        monkeypatch.setattr(Run, name, noted)

    for name in heard:
        note(name)
    take = Trainer._try

    def arrange(*, after, times=1, number=signal.SIGINT):
        def interrupted(trainer, steps):
            if trainer.steps_done == after:
                for name in list(heard)[:times]:
                    signal.raise_signal(number)
                    assert heard[name].wait(PATIENCE)
            return take(trainer, steps)

        monkeypatch.setattr(Stretch, "steps", lambda _: 1)  # one step after the other
        monkeypatch.setattr(Trainer, "_try", interrupted)

    yield arrange
    for thread in threads():
        if thread.name.startswith("run-"):
            thread.join(PATIENCE)
            assert not thread.is_alive()
