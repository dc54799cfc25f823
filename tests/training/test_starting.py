"""Who has heard a run's name waits until the run is there."""

from threading import Event, Thread

import pytest

from core.training.starting import Starting


def test_who_waits_for_a_run_that_is_being_started_goes_on_when_it_is_there():
    starting, heard = Starting(), Event()

    def wait():
        starting.wait("a")
        heard.set()

    with starting.begun("a"):
        starting.wait("b")  # another one, or none, is not waited for
        starting.wait(None)
        waiter = Thread(target=wait)
        waiter.start()
        assert not heard.wait(0.05)
    assert heard.wait(20)
    waiter.join(20)


def test_nobody_waits_for_a_start_that_has_failed():
    starting = Starting()
    with pytest.raises(ValueError, match="no disk"), starting.begun("a"):
        raise ValueError("no disk")
    starting.wait("a")
