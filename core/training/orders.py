"""What has been asked of a run, as it stood at one moment.

Plain values: whoever holds the run's lock replaces them whole, and the run obeys a set of them
that cannot change under its hands. Knows nothing of threads, nor of training.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.config import LiveSettings


@dataclass(frozen=True, slots=True)
class Orders:
    """What other threads want of a run."""

    live: LiveSettings  # to train with from the next step on
    stop: bool = False
    interrupted: bool = False  # whether the stop is the program's end, and not the user's wish
    pause: bool = False
    reason: str = ""  # of the pause, for the user to read
    granted: int = 0  # steps to take although paused
    weights_wanted: bool = False

    def with_a_step_taken(self) -> Orders:
        """As they are once the run has used them to take a step."""
        return replace(self, granted=self.granted - 1) if self.granted else self
