"""The teacher's key, out of the environment: compared, and not to be guessed.

Knows nothing of pages, nor of who is remembered as a teacher. Thread safety: `TeacherKey` may be
used from any thread.
"""

from __future__ import annotations

import hmac
import os
from collections import deque
from collections.abc import Callable
from threading import Lock
from time import monotonic

from core.errors import RunError

MOST_WRONG = 5
"""Wrong keys from one address in `WITHIN` seconds, after which it has to wait."""
MOST_WRONG_OF_ALL = 50
"""The same of all addresses together: whoever has many guesses no faster."""
WITHIN = 600.0


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
        self._wrong: deque[tuple[float, str]] = deque()
        self._lock = Lock()

    @property
    def is_set(self) -> bool:
        """Whether anybody can be a teacher here."""
        return bool(self._key)

    def check(self, typed: str, address: str) -> None:
        """Refuse a wrong key, and any after too many wrong ones.

        Args:
            typed: what somebody takes for the key.
            address: where from.

        Raises:
            RunError: it is wrong, or it was not looked at.
        """
        with self._lock:
            now = self._clock()
            while self._wrong and now - self._wrong[0][0] > WITHIN:
                self._wrong.popleft()
            here = [when for when, where in self._wrong if where == address]
            waited_for = self._wrong[0][0] if len(self._wrong) >= MOST_WRONG_OF_ALL else None
            if len(here) >= MOST_WRONG:
                waited_for = here[-MOST_WRONG]
            if waited_for is not None:
                minutes = max(1, round((waited_for + WITHIN - now) / 60))
                raise RunError(
                    f"Too many wrong keys: try again in {minutes} "
                    f"{'minute' if minutes == 1 else 'minutes'}."
                )
            if not (self._key and hmac.compare_digest(typed.strip().encode(), self._key)):
                self._wrong.append((now, address))
                raise RunError(
                    "This is not the teacher's key: it is what UNROLL_TEACHER_KEY was set to where "
                    "the server was started."
                )

    def proof(self, browser: str) -> str:
        """What shows that this browser once had the key; worthless after a change of the key."""
        return hmac.new(self._key, browser.encode(), "sha256").hexdigest()

    def proves(self, browser: str, proof: str) -> bool:
        """Whether a proof was made with the key of today."""
        return self.is_set and hmac.compare_digest(self.proof(browser), proof)
