"""Places to train: never too many, in turn between owners, and one may give up."""

from threading import Event, Thread

import pytest

from core.training.slots import OnePlace, Slots


class Waiter:
    """A thread that asks for a place. It is in the queue once the constructor returns."""

    def __init__(self, slots, served=None, owner=None, name=""):
        self.gives_up = self.got = False
        asked = Event()

        def give_up():
            # Asked while the lock is held, just before the wait: a release comes after it.
            asked.set()
            return self.gives_up

        def work():
            self.got = slots.acquire(give_up, owner, name)
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


def test_owners_take_turns_and_one_with_many_runs_holds_nobody_up():
    slots = Slots(1)
    assert slots.acquire(never)
    owner_of = {"a1": "a", "a2": "a", "a3": "a", "b1": "b", "c1": "c", "c2": "c"}
    waiters = {name: Waiter(slots, owner=owner, name=name) for name, owner in owner_of.items()}
    assert slots.line() == ["a1", "b1", "c1", "a2", "c2", "a3"]
    holder = None
    for name in ("a1", "b1", "c1", "a2", "c2", "a3"):
        slots.release(holder)
        assert waiters.pop(name).ended()
        assert all(waiter.thread.is_alive() for waiter in waiters.values())
        holder = owner_of[name]


def test_whoever_holds_fewer_places_comes_first():
    slots = Slots(3)
    for owner in ("a", "a", "b"):
        assert slots.acquire(never, owner)
    first, second = Waiter(slots, owner="a", name="a3"), Waiter(slots, owner="b", name="b2")
    assert slots.line() == ["b2", "a3"]
    slots.release("b")
    assert second.ended()
    assert first.thread.is_alive()
    assert slots.others_wait("b")
    assert not slots.others_wait("a")
    slots.release("b")
    assert first.ended()


def test_one_place_is_taken_by_the_first_of_several_and_given_back_by_the_last():
    slots = Slots(1)
    race = OnePlace(slots)
    assert slots.acquire(never, "a")
    lanes = [Waiter(race, owner="b", name=f"lane {number}") for number in range(3)]
    assert slots.line() == ["lane 0"]
    slots.release("a")
    assert all(lane.ended() for lane in lanes)
    assert not slots.acquire(lambda: True, "a")
    race.release("b")
    race.release("b")
    assert not slots.acquire(lambda: True, "a")
    race.release("b")
    assert slots.acquire(lambda: True, "a")


def test_where_the_first_of_several_gives_up_another_waits_for_their_place():
    slots = Slots(1)
    race = OnePlace(slots)
    assert slots.acquire(never)
    first, second = Waiter(race, name="first"), Waiter(race, name="second")
    first.gives_up = True
    race.wake()
    assert not first.ended()
    slots.release()
    assert second.ended()
