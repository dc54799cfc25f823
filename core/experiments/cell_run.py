"""What a cell leaves beside its measurement: all that makes it a run like any other.

Plain values that travel from a worker to the process that asked for them. Knows nothing of how
a cell is trained, or of where runs are kept.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.config import TrainingConfig
from core.experiments.cells import CellResult
from core.records import ProbeRecord, Report
from core.steps import Columns
from core.training.measured import completed
from core.training.state import TrainerState


@dataclass(frozen=True)
class CellRun:
    """A cell that was trained.

    Attributes:
        result: what it measured.
        measured: what `columns` cannot work out of every step, `(steps,)` each.
        reports: as every run makes them.
        state: the trainer's after the last step.
        text_sha256: of the text it was trained on.
        probes: before the first step and after the last one; none on latch texts.
    """

    result: CellResult
    measured: Columns
    reports: tuple[Report, ...]
    state: TrainerState
    text_sha256: str
    probes: tuple[ProbeRecord, ...] = ()

    def columns(self, config: TrainingConfig) -> Columns:
        """The table of every step, `(steps,)` a column; see `core/steps.py`.

        Args:
            config: the cell's. Nobody changes a cell's settings while it trains.
        """
        return completed(self.measured, config, config.live)
