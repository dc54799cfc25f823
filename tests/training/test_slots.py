"""Places to train: never too many, first come first served, and one may give up."""

from threading import Event, Thread

import pytest

from core.training.slots import Slots


class Waiter:
    """A thread that asks for a place. It is in the queue once the constructor returns."""

    def __init__(self, slots, served=None):
        self.gives_up = self.got = False
        asked = Event()

        def give_up():
            # Asked while the lock is held, just before the wait: a release comes after it.
            asked.set()
            return self.gives_up

        def work():
            self.got = slots.acquire(give_up)
            if self.got and served is not None:
                served.append(self)
            asked.set()

        self.thread = Thread(target=work, daemon=True)
        self.thread.start()
        assert asked.wait(10)

    def ended(self):
        self.thread.join(10)
        assert not self.thread.is_alive()
        return self.got


def never():
    return False


def test_as_many_places_as_there_are_can_be_taken():
    slots = Slots(2)
    assert slots.acquire(never)
    assert slots.acquire(never)
    assert not slots.acquire(lambda: True)
    slots.release()
    assert slots.acquire(never)
    assert not slots.acquire(lambda: True)


def test_waiters_are_served_in_the_order_they_came():
    slots, served = Slots(1), []
    assert slots.acquire(never)
    waiters = [Waiter(slots, served) for _ in range(4)]
    for count, waiter in enumerate(waiters, start=1):
        slots.release()
        assert waiter.ended()
        assert served == waiters[:count]


def test_a_newcomer_does_not_overtake_who_waits():
    slots = Slots(1)
    assert slots.acquire(never)
    first, second = Waiter(slots), Waiter(slots)
    slots.release()
    assert first.ended()
    assert not slots.acquire(lambda: True)
    slots.release()
    assert second.ended()


@pytest.mark.parametrize("who", [0, 1, 2])
def test_a_waiter_that_gives_up_takes_no_place_and_blocks_nobody(who):
    slots, served = Slots(1), []
    assert slots.acquire(never)
    waiters = [Waiter(slots, served) for _ in range(3)]
    waiters[who].gives_up = True
    slots.wake()
    assert not waiters[who].ended()
    others = [waiter for waiter in waiters if waiter is not waiters[who]]
    for waiter in others:
        slots.release()
        assert waiter.ended()
    assert served == others
    slots.release()
    assert slots.acquire(never)


def test_waking_lets_nobody_in():
    slots = Slots(1)
    assert slots.acquire(never)
    waiter = Waiter(slots)
    slots.wake()
    slots.wake()
    assert waiter.thread.is_alive()
    slots.release()
    assert waiter.ended()


def test_two_places_given_back_at_once_serve_two_waiters():
    slots = Slots(2)
    assert slots.acquire(never)
    assert slots.acquire(never)
    waiters = [Waiter(slots) for _ in range(3)]
    slots.release()
    slots.release()
    assert waiters[0].ended()
    assert waiters[1].ended()
    assert waiters[2].thread.is_alive()
    slots.release()
    assert waiters[2].ended()
