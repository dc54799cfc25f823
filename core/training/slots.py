"""Places to train: only so many runs at a time, in turn between those who own them.

Knows nothing of what runs. Of the owners who wait, the one who holds the fewest places is next,
of several the one who was served longest ago; an owner's own runs come in the order in which they
came. So whoever has ten runs waiting does not hold up whoever has one, and with one owner alone
it is first come, first served.

Thread safety: every method may be called from any thread.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from threading import Condition
from typing import Protocol

Owner = str | None
"""Whoever is nobody in particular shares None."""


class Places(Protocol):
    """Where a run waits until it may train."""

    def acquire(self, give_up: Callable[[], bool], owner: Owner = None, name: str = "") -> bool:
        """Wait for a place; False after giving up."""

    def release(self, owner: Owner = None) -> None:
        """Give a place back."""

    def wake(self) -> None:
        """Let every waiter ask again whether to give up."""


@dataclass(frozen=True, eq=False)
class _Ticket:
    owner: Owner
    name: str


class Slots:
    """A counting semaphore that is fair between owners, and whose waiters can give up.

    Args:
        count: how many places there are.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._waiting: list[_Ticket] = []
        self._held: Counter[Owner] = Counter()
        self._served: dict[Owner, int] = {}  # the number of the last place that each was given
        self._changed = Condition()

    def acquire(self, give_up: Callable[[], bool], owner: Owner = None, name: str = "") -> bool:
        """Wait for a place.

        Args:
            give_up: asked after every `wake`; True ends the wait.
            owner: in whose turn.
            name: what `line` calls the one who waits.

        Returns:
            Whether a place was taken.
        """
        ticket = _Ticket(owner, name)
        with self._changed:
            self._waiting.append(ticket)
            try:
                while not (self._held.total() < self.count and self._order()[0] is ticket):
                    if give_up():
                        return False
                    self._changed.wait()
                self._held[owner] += 1
                self._served[owner] = max(self._served.values(), default=0) + 1
                return True
            finally:
                self._waiting.remove(ticket)
                self._changed.notify_all()

    def release(self, owner: Owner = None) -> None:
        """Give a place of this owner back."""
        with self._changed:
            self._held[owner] -= 1
            self._changed.notify_all()

    def wake(self) -> None:
        """Let every waiter ask again whether to give up."""
        with self._changed:
            self._changed.notify_all()

    def line(self) -> list[str]:
        """The names of those who wait, as they would be served if nobody else came or went."""
        with self._changed:
            return [ticket.name for ticket in self._order()]

    def others_wait(self, owner: Owner) -> bool:
        """Whether anybody but this owner waits for a place."""
        with self._changed:
            return any(ticket.owner != owner for ticket in self._waiting)

    def _order(self) -> list[_Ticket]:
        held, served, left = Counter(self._held), dict(self._served), list(self._waiting)
        number = max(served.values(), default=0)
        order = []
        while left:
            # The first of those that are alike: an owner's own runs keep their order.
            ticket = min(left, key=lambda t: (held[t.owner], served.get(t.owner, 0)))
            left.remove(ticket)
            order.append(ticket)
            number += 1
            held[ticket.owner] += 1
            served[ticket.owner] = number
        return order


class OnePlace:
    """One place that several runs hold together: the first takes it, the last gives it back.

    For runs that wait for each other, and so must train at once or not at all.

    Args:
        places: where that one is taken.
    """

    def __init__(self, places: Places) -> None:
        self._places = places
        self._inside = 0
        self._asking = False  # one of them waits for the place, the others for that one
        self._changed = Condition()

    def acquire(self, give_up: Callable[[], bool], owner: Owner = None, name: str = "") -> bool:
        """Wait until one of them has the place; False after giving up."""
        with self._changed:
            while self._asking:
                if give_up():
                    return False
                self._changed.wait()
            if self._inside:
                self._inside += 1
                return True
            self._asking = True
        got = False
        try:
            got = self._places.acquire(give_up, owner, name)
        finally:
            with self._changed:
                self._asking = False
                self._inside += got
                self._changed.notify_all()
        return got

    def release(self, owner: Owner = None) -> None:
        """One of them holds it no more."""
        with self._changed:
            self._inside -= 1
            if not self._inside:
                self._places.release(owner)

    def wake(self) -> None:
        """Let every waiter ask again whether to give up."""
        with self._changed:
            self._changed.notify_all()
        self._places.wake()
