"""How a run asks a race for its turn. Knows nothing of what a race is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from core.training.trainer import Trainer


class InTurn(Protocol):
    """A race, as one of its runs knows it: see `core.experiments.races`."""

    def turn(
        self, run_id: str, trainer: Trainer, interrupted: Callable[[], bool], patience: float
    ) -> bool:
        """Wait until the run may take a step; False if it was interrupted, or after so many
        seconds."""

    def stands(self, trainer: Trainer) -> bool:
        """Whether the run has come to where all hold still: it takes no step until that ends."""

    def over(self, trainer: Trainer) -> bool:
        """Whether the race has ended for the run."""

    def leave(self, run_id: str) -> None:
        """The run has ended."""

    def wake(self) -> None:
        """Let waiting runs ask whether they are interrupted."""
