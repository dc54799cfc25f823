"""Lets runs train in turn, so that none gets ahead of the others.

Knows nothing of networks. Each run asks before every step; it may go when nobody is further
behind on the race's axis, and not before all have arrived. With `characters` as the axis and
windows of 20 and of 40:

    position    0 ─────── 640 ────── 1280 ────── 1920 ──> characters
    T = 20      step 1    step 2     step 3       ...
    T = 40      step 1               step 2       ...

Thread safety: every method may be called from any thread.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from threading import Condition
from time import monotonic


class Lockstep:
    """Where each run stands, and who may go.

    Args:
        names: of the runs that take part; nobody goes before each has asked once.
        end: the position at which a run is done; none by default.
    """

    def __init__(self, names: Collection[str], end: float = float("inf")) -> None:
        self.end = end
        self._positions: dict[str, float | None] = dict.fromkeys(names)
        self._stepping: set[str] = set()  # let go, and not back yet
        self._limit = float("inf")
        # Held, but where is only known when all are back: so much beyond the furthest of them.
        self._beyond: float | None = None
        self._changed = Condition()

    def turn(
        self,
        name: str,
        position: float,
        interrupted: Callable[[], bool],
        patience: float | None = None,
    ) -> bool:
        """Wait until this run may take its next step.

        Args:
            name: of the run that asks.
            position: where it stands.
            interrupted: asked after every `wake`; True ends the wait.
            patience: seconds after which it ends, too; None for as long as it takes.

        Returns:
            Whether it may go; False after an interruption, or when patience is at an end.
        """
        ends = None if patience is None else monotonic() + patience
        with self._changed:
            self._stepping.discard(name)
            self._positions[name] = position
            self._settle()
            while not self._may_go(position):
                if interrupted():
                    return False
                if not self._changed.wait(None if ends is None else max(0.0, ends - monotonic())):
                    return False
            self._stepping.add(name)
            return True

    def leave(self, name: str) -> None:
        """This run has ended: the others no longer wait for it."""
        with self._changed:
            self._stepping.discard(name)
            self._positions.pop(name, None)
            self._settle()

    def wake(self) -> None:
        """Let every waiting run ask again whether it is interrupted."""
        with self._changed:
            self._changed.notify_all()

    def hold(self) -> None:
        """Let nobody begin a step at or past the position that the first one has reached.

        Those behind catch up, and may end up to one step of theirs beyond it.
        """
        with self._changed:
            if not self.held:
                self.advance(0.0)

    def go_on(self) -> None:
        """Take the hold away."""
        with self._changed:
            self._limit, self._beyond = float("inf"), None
            self._settle()

    def advance(self, by: float) -> None:
        """Hold again after so much more."""
        with self._changed:
            if self._limit != float("inf"):
                self._limit += by
            else:
                self._beyond = (self._beyond or 0.0) + by
            self._settle()

    @property
    def held(self) -> bool:
        """Whether there is a position past which nobody begins a step."""
        return self._limit != float("inf") or self._beyond is not None

    def stands(self, position: float) -> bool:
        """Whether a run there takes no step until the hold ends; one behind still catches up."""
        with self._changed:
            return self._limit != float("inf") and position >= self._limit

    def _settle(self) -> None:
        """After any change: fix the limit if all are back, and let everyone look again."""
        if self._beyond is not None and not self._stepping:
            known = (place for place in self._positions.values() if place is not None)
            self._limit, self._beyond = max(known, default=0.0) + self._beyond, None
        self._changed.notify_all()

    def _may_go(self, position: float) -> bool:
        if self._beyond is not None or position >= self._limit:
            return False
        return all(place is not None and position <= place for place in self._positions.values())
