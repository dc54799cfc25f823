"""What a run's own thread and all others hand each other: orders in, snapshots and weights out.

Knows nothing of training.

Thread safety: one lock guards it all. The first methods may be called from any thread, the later
ones by the run's own alone. `snapshot` and `orders` are replaced whole and never change, so that
reading them takes no lock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from threading import Condition
from typing import Any

import numpy as np

from core.errors import RunError
from core.records import RunStatus
from core.training.orders import Orders
from core.training.snapshot import RunSnapshot

Weights = tuple[int, dict[str, np.ndarray]]
"""A step, and copies of `U, W, b, V, c` after it."""


class Exchange:
    """Between one run's thread and those that watch and command it.

    Args:
        snapshot: the run before its start.
        orders: what is asked of it from the start.
        wake: called after every order, for a run that waits for something else.

    Attributes:
        lock: holds still what is exchanged; a thread that has it may call any method.
        snapshot: the run as it was last published.
        orders: what is asked of it and not yet obeyed.
        attention: whether there is anything to obey; cheap to read between two steps.
    """

    def __init__(self, snapshot: RunSnapshot, orders: Orders, wake: Callable[[], None]) -> None:
        self.lock = Condition()
        self.snapshot = snapshot
        self.orders = orders
        self.attention = True
        self._wake = wake
        self._weights: Weights | None = None

    # -- for any thread ------------------------------------------------------------------

    def order(self, change: Callable[[Orders], Orders]) -> None:
        """Ask for something: from the present orders to others.

        Raises:
            RunError: the run has ended.
        """
        with self.lock:
            if not self.snapshot.status.active:
                raise RunError(
                    f"This run is {self.snapshot.status} and takes no more commands; "
                    "start a new one."
                )
            self.orders = change(self.orders)
            self.attention = True
            self.lock.notify_all()
        self._wake()

    def weights(self, timeout: float) -> Weights | None:
        """Those of now from a run that answers, else those handed out last."""
        with self.lock:
            status = self.snapshot.status
            if self._weights and status in (RunStatus.RUNNING, RunStatus.PAUSED):
                self.order(lambda orders: replace(orders, weights_wanted=True))
                self.lock.wait_for(lambda: not self.orders.weights_wanted, timeout)
            return self._weights

    def wait_until(self, condition: Callable[[RunSnapshot], bool], timeout: float) -> RunSnapshot:
        """Block until a published snapshot meets `condition`.

        Raises:
            TimeoutError: it did not in time.
        """
        with self.lock:
            if not self.lock.wait_for(lambda: condition(self.snapshot), timeout):
                run_id = self.snapshot.run_id
                raise TimeoutError(f"run {run_id} did not get there in {timeout:g} s")
            return self.snapshot

    def forget(self) -> None:
        """Of a run that has ended: keep neither records nor weights."""
        with self.lock:
            self._weights = None
            self.snapshot = self.snapshot.without_records()

    # -- for the run's own thread --------------------------------------------------------

    def take_orders(self) -> Orders:
        """What to obey now, all at once: a pause in between must find its grant or end it."""
        with self.lock:
            orders = self.orders
            self.orders = orders.with_a_step_taken()
            self.attention = orders.granted > 0  # then come back after that step
            return orders

    def await_orders(self, timeout: float | None = None) -> bool:
        """Block until something is asked for, or for so many seconds; whether something is."""
        with self.lock:
            return self.lock.wait_for(lambda: self.attention, timeout)

    def settle(self, changes: Mapping[str, float | None]) -> None:
        """Let the live settings asked for be what has come about by itself."""
        with self.lock:
            self.orders = replace(self.orders, live=self.orders.live.changed(**changes))

    def publish(self, **changes: Any) -> bool:
        """Replace the snapshot that readers see; an ended run's stays as it is.

        Returns:
            Whether the status is another one now.
        """
        with self.lock:
            before = self.snapshot.status
            if before.active:
                self.snapshot = replace(self.snapshot, **changes)
                self.lock.notify_all()
            return self.snapshot.status != before

    def hand_out(self, weights: Weights) -> None:
        """Answer everybody who asks for weights, and who will ask when the run is over."""
        with self.lock:
            self._weights = weights
            self.orders = replace(self.orders, weights_wanted=False)
            self.lock.notify_all()
