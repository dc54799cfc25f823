"""The teacher's key, out of the environment: compared, and not to be guessed.

Whoever types wrong keys waits, and nobody for them: a browser has few tries. No address is shut
out, since a whole class may come from one: where many wrong keys come from, they are looked at one
by one, in turn between browsers.

Knows nothing of pages, nor of who is remembered as a teacher. Thread safety: `TeacherKey` may be
used from any thread.
"""

from __future__ import annotations

import hmac
import math
import os
from collections import deque
from collections.abc import Callable
from threading import Lock
from time import monotonic

from core.classroom.turns import Turns
from core.errors import RunError

MOST_WRONG = 5
"""Wrong keys from one browser in `WITHIN` seconds, after which it has to wait."""
MANY_WRONG = 20
"""The same of all browsers of one address, after which these take turns."""
MANY_WRONG_OF_ALL = 50
"""The same of all addresses together, after which the others take turns, too."""
WITHIN = 600.0
EVERY, HELD = 10.0, 60.0
"""Seconds from turn to turn, and for which a turn waits for its browser."""


class TeacherKey:
    """The key of this server.

    Args:
        key: empty where there is none; nobody is a teacher then.
        clock: seconds that only grow.
    """

    def __init__(self, key: str | None = None, clock: Callable[[], float] = monotonic) -> None:
        given = os.environ.get("UNROLL_TEACHER_KEY", "") if key is None else key
        self._key = given.strip().encode()
        self._clock = clock
        self._wrong: deque[tuple[float, str, str]] = deque()  # when, which browser, where from
        self._turns: dict[str, Turns] = {}  # by address; of many addresses under none
        self._lock = Lock()

    @property
    def is_set(self) -> bool:
        """Whether anybody can be a teacher here."""
        return bool(self._key)

    def check(self, typed: str, browser: str, address: str) -> None:
        """Refuse a wrong key, and any after too many wrong ones.

        Args:
            typed: what somebody takes for the key.
            browser: theirs.
            address: where from.

        Raises:
            RunError: it is wrong, or it was not looked at.
        """
        with self._lock:
            now = self._clock()
            self._require_a_try(browser, address, now)
            if not (self._key and hmac.compare_digest(typed.strip().encode(), self._key)):
                self._wrong.append((now, browser, address))
                raise RunError(
                    "This is not the teacher's key: it is what UNROLL_TEACHER_KEY was set to where "
                    "the server was started."
                )

    def _require_a_try(self, browser: str, address: str, now: float) -> None:
        """Refuse whoever has tried too often, or whose turn it is not."""
        while self._wrong and now - self._wrong[0][0] > WITHIN:
            self._wrong.popleft()
        own = [when for when, who, _ in self._wrong if who == browser]
        if len(own) >= MOST_WRONG:
            minutes = max(1, round((own[-MOST_WRONG] + WITHIN - now) / 60))
            raise RunError(
                "Too many wrong keys from this browser: try again in "
                f"{minutes} {'minute' if minutes == 1 else 'minutes'}."
            )
        from_here = sum(where == address for _, _, where in self._wrong)
        if from_here < MANY_WRONG and len(self._wrong) < MANY_WRONG_OF_ALL:
            return
        queue = address if from_here >= MANY_WRONG else ""
        if wait := self._turns.setdefault(queue, Turns(EVERY, HELD)).wait(browser, now):
            raise RunError(
                "Many wrong keys come in, so keys are looked at one by one, and this one was not: "
                f"type it again in {math.ceil(wait)} seconds, when it is this browser's turn."
            )

    def proof(self, browser: str) -> str:
        """What shows that this browser once had the key; worthless after a change of the key."""
        return hmac.new(self._key, browser.encode(), "sha256").hexdigest()

    def proves(self, browser: str, proof: str) -> bool:
        """Whether a proof was made with the key of today."""
        return self.is_set and hmac.compare_digest(self.proof(browser), proof)
