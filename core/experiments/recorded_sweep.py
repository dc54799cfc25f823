"""The sweep that comes with Unroll: a plan, and what its cells measured, in one file of lines.

It fills the page until a visitor has measured something, and never counts as a measurement of
theirs: it is in no store, and no plan finds its cells. Knows nothing of pages.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.experiments.background import SweepSnapshot
from core.experiments.cells import CellResult
from core.experiments.plan import SweepPlan
from core.experiments.sweep_store import result_from_json, result_to_json
from core.storage.recorded import FOLDER, SWEEP, switched_off


@dataclass(frozen=True)
class RecordedSweep:
    """A sweep that is over.

    Attributes:
        plan: what was measured.
        text_sha256: of the real text beside it.
        note: when and with what, in a sentence or two.
        results: one a cell.
    """

    plan: SweepPlan
    text_sha256: str
    note: str
    results: tuple[CellResult, ...]

    @property
    def snapshot(self) -> SweepSnapshot:
        """The sweep, as one that runs here would be seen."""
        cells = tuple(self.plan.all_cells(self.text_sha256))
        return SweepSnapshot(
            self.plan, cells, results={result.key: result for result in self.results}
        )


def read_recorded_sweep(path: Path = FOLDER / SWEEP) -> RecordedSweep | None:
    """The recorded sweep; None where there is none, or recordings are switched off."""
    if switched_off() or not path.exists():
        return None
    first, *lines = path.read_text(encoding="utf-8").splitlines()
    about = json.loads(first)
    return RecordedSweep(
        SweepPlan.parse(about["plan"]),
        about["text_sha256"],
        about["note"],
        tuple(map(result_from_json, lines)),
    )


def to_lines(sweep: RecordedSweep) -> Iterator[bytes]:
    """The file of a sweep: a line about it, and a line a cell."""
    about = {
        "plan": sweep.plan.model_dump(mode="json"),
        "text_sha256": sweep.text_sha256,
        "note": sweep.note,
    }
    yield json.dumps(about).encode() + b"\n"
    for result in sweep.results:
        yield result_to_json(result).encode() + b"\n"
