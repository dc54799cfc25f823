"""Train one cell of a sweep and measure it.

Knows nothing of clusters, of the other cells or of files. Text, first weights and every step
follow from the cell alone, so whoever trains it gets the same result. It is trained as any run
is, reports included, so that it can be kept, looked at and trained on as one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from time import perf_counter

from core.data.corpora import Corpus, load_corpus
from core.data.latch import latch_floor
from core.engines.threads import prepare_thread
from core.errors import Diverged, TextError, shown
from core.experiments.cell_run import CellRun
from core.experiments.cells import MARKS, Cell, CellResult, Mark
from core.experiments.recall import echo_recall, latch_loss
from core.networks.stepwise import CharacterModel
from core.records import Report
from core.steps import Columns, StepTable, joined
from core.training.measured import MEASURED
from core.training.trainer import Trainer


class Abandoned(Exception):
    """Nobody wants the result any more."""


def train_cell(
    cell: Cell,
    tell: Callable[[Mark], None] = lambda mark: None,
    wanted: Callable[[], bool] = lambda: True,
) -> CellRun:
    """Train on the cell's budget, then measure on text that was not trained on.

    Args:
        cell: what to train.
        tell: given a mark ten times on the way.
        wanted: asked every few steps; False ends the training.

    Raises:
        TextError: the text is not there, is another one, or is too short.
        Abandoned: `wanted` said no.
    """
    began = perf_counter()
    corpus = _text_of(cell)
    # Probes on the way would cost one part in twenty, and say nothing of the score.
    trainer = Trainer(cell.trained_config.changed(probe_every=0), corpus)
    prepare_thread(trainer.engine.name)
    trail = _Trail(cell, trainer)
    probes = [] if cell.lag is not None else [trainer.probe()]
    message = _train(trainer, trail, tell, wanted)
    if probes and not message:
        probes.append(trainer.probe())
    loss, best, at_end = _measured(cell, trainer, trail)
    result = CellResult(
        key=cell.key,
        status="diverged" if message else "done",
        updates=trainer.steps_done,
        characters=trainer.characters_seen,
        seconds=perf_counter() - began,
        loss_nats=loss if math.isfinite(loss) else None,
        floor_nats=None if cell.lag is None else latch_floor(cell.lag),
        recall=best,
        recall_at_end=at_end,
        max_grad_norm=trail.max_grad_norm,
        marks=tuple(trail.marks),
        message=message,
        horizon_at_start=probes[0].horizon if probes else None,
        horizon_at_end=probes[-1].horizon if len(probes) == 2 else None,
        probed_lags=len(probes[0].flow) - 1 if probes else None,
    )
    return CellRun(
        result,
        trail.measured(),
        tuple(trail.reports),
        trainer.state(),
        corpus.sha256,
        tuple(probes),
    )


def _train(
    trainer: Trainer, trail: _Trail, tell: Callable[[Mark], None], wanted: Callable[[], bool]
) -> str:
    """To the end; returns why it diverged, nothing if it did not."""
    try:
        for told in trainer.tell(trail.room):
            if isinstance(told, Report):
                trail.reports.append(told)
            elif isinstance(told, StepTable):
                if (mark := trail.add(told.columns)) is not None:
                    tell(mark)
                if not wanted():
                    raise Abandoned
    except Diverged as error:
        return str(error)
    return ""


class _Trail:
    """What a cell leaves on its way: its reports, its marks, and every step as columns."""

    def __init__(self, cell: Cell, trainer: Trainer) -> None:
        self.reports: list[Report] = []
        self.marks: list[Mark] = []
        self._cell, self._trainer = cell, trainer
        self._parts: list[Columns] = []  # all steps, in order ...
        self._marked = 0  # ... so many of the parts are before the last mark
        steps = cell.config.steps
        self._due = sorted({math.ceil(steps * part / MARKS) for part in range(1, MARKS + 1)})

    def room(self) -> int:
        """How many steps may be taken up to the next mark."""
        done = self._trainer.steps_done
        return next((due - done for due in self._due if due > done), 1)

    def add(self, steps: Columns) -> Mark | None:
        """Some steps were taken; the mark, if this is the place for one."""
        self._parts.append(steps)
        if steps["step"][-1] not in self._due:
            return None
        since = joined(self._parts[self._marked :])
        self._marked = len(self._parts)
        lag = self._cell.lag
        mark = Mark(
            step=int(since["step"][-1]),
            characters=int(since["characters_seen"][-1]),
            loss_nats=float(since["loss_nats"].mean()),
            grad_norm=float(since["grad_norm"].max()),
            recall=None if lag is None else echo_recall(_model(self._trainer), lag),
        )
        self.marks.append(mark)
        return mark

    @property
    def max_grad_norm(self) -> float:
        """The largest norm before clipping; 0 before the first step."""
        return max([0.0, *(float(part["grad_norm"].max()) for part in self._parts)])

    def measured(self) -> Columns:
        """The columns of every step that do not follow from the settings."""
        whole = joined(self._parts)
        return {name: whole[name] for name in MEASURED}


def _text_of(cell: Cell) -> Corpus:
    corpus = load_corpus(cell.config.text)
    if cell.text_sha256 and corpus.sha256 != cell.text_sha256:
        raise TextError(
            f"The text {shown(cell.config.text)} of this worker is not the one that the sweep was "
            "started with: give every machine the same file, and the same version of Python."
        )
    return corpus


def _measured(
    cell: Cell, trainer: Trainer, trail: _Trail
) -> tuple[float, float | None, float | None]:
    """The loss at the end in nats, and on latch texts the best recall and that at the end."""
    if cell.lag is None:
        last = trail.reports[-1]
        same = last.step == trainer.steps_done
        return last.validation_loss_nats if same else trainer.validation_loss(), None, None
    model = _model(trainer)
    at_end = echo_recall(model, cell.lag)
    on_the_way = [mark.recall for mark in trail.marks if mark.recall is not None]
    return latch_loss(model, cell.lag), max([at_end, *on_the_way]), at_end


def _model(trainer: Trainer) -> CharacterModel:
    """The network as it stands."""
    return CharacterModel(trainer.weights(), trainer.config)
