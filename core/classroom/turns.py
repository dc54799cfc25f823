"""Turns at something that is done slowly: one every so many seconds, in the order of asking.

Knows nothing of what is done. Not thread safe: whoever asks holds a lock.
"""

from __future__ import annotations


class Turns:
    """Who is next.

    Args:
        every: seconds between two turns.
        held: seconds for which a turn waits for who has it.
    """

    def __init__(self, every: float, held: float) -> None:
        self._every, self._held = every, held
        self._due: dict[str, float] = {}
        self._last = float("-inf")  # when the newest turn of all is or was

    def wait(self, who: str, now: float) -> float:
        """Take one's turn, or a place among those who wait.

        Returns:
            Seconds until it comes; 0 where it is now, and is taken with this.
        """
        self._due = {one: due for one, due in self._due.items() if now <= due + self._held}
        if who not in self._due:
            self._last = self._due[who] = max(now, self._last + self._every)
        due = self._due[who]
        if now < due:
            return due - now
        del self._due[who]
        return 0.0
