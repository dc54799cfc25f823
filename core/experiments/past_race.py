"""Runs that have ended, side by side as a race that is over: nobody trains them again.

They were not trained in lockstep: what makes them comparable is that they read the same text by as
many characters. Knows nothing of pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from core.experiments.lanes import Axis
from core.experiments.lead import Lead, find_lead
from core.experiments.race import RaceSnapshot, held_out_losses
from core.training.snapshot import WatchedRun


class PastRace:
    """A race of runs that have ended, a lane each, by the characters that they read.

    Args:
        runs: two to four, of one text and equally many characters.

    Raises:
        ValueError: they read different texts, or not as many characters.
    """

    axis: Axis = "characters_seen"

    def __init__(self, runs: Sequence[WatchedRun]) -> None:
        self._lanes = [(run,) for run in runs]
        shots = tuple((run.snapshot,) for run in runs)
        read = {(run.config.text, run.characters_seen) for (run,) in shots}
        if len(read) != 1:
            raise ValueError(f"runs of one text and equally many characters, not {sorted(read)}")
        self.snapshot = RaceSnapshot(
            race_id="-".join(run.run_id for run in runs),
            axis=self.axis,
            end=float(shots[0][0].characters_seen),
            runs=shots,
            held=False,
        )
        """The race, which does not change any more."""

    def lead(self) -> Lead | None:
        """Who is lowest, and whether by more than noise.

        Raises:
            TextError: the text cannot be read any more.
            StoreError: weights are damaged.
        """
        return self._lead

    @cached_property
    def _lead(self) -> Lead | None:
        return find_lead(self.snapshot.runs, held_out_losses(self._lanes))
