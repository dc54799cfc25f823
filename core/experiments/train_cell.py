"""Train one cell of a sweep and measure it.

Knows nothing of clusters, of the other cells or of files. Text, first weights and every step
follow from the cell alone, so whoever trains it gets the same result. It is trained as any run
is, reports included, so that it can be kept, looked at and trained on as one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from time import perf_counter

import numpy as np

from core.data.corpora import Corpus, load_corpus
from core.data.latch import latch_floor
from core.errors import Diverged, TextError
from core.experiments.cell_run import CellRun
from core.experiments.cells import MARKS, Cell, CellResult, Mark
from core.experiments.recall import echo_recall, latch_loss
from core.networks.stepwise import CharacterModel
from core.records import Report, StepRecord
from core.steps import Columns, columns_of, joined
from core.training.threads import prepare_thread
from core.training.trainer import Trainer

_LOOK_EVERY = 50  # steps between two questions whether to give up


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
        wanted: asked every 50 steps; False ends the training.

    Raises:
        TextError: the text is not there, is another one, or is too short.
        Abandoned: `wanted` said no.
    """
    prepare_thread()
    began = perf_counter()
    corpus = _text_of(cell)
    # Probes on the way would cost one part in twenty, and say nothing of the score.
    trainer = Trainer(cell.trained_config.changed(probe_every=0), corpus)
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
        trail.columns(),
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
        for record in trainer.train():
            if isinstance(record, Report):
                trail.reports.append(record)
            elif isinstance(record, StepRecord):
                if (mark := trail.add(record)) is not None:
                    tell(mark)
                if record.step % _LOOK_EVERY == 0 and not wanted():
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
        self._since: list[StepRecord] = []  # the last mark
        self._parts: list[Columns] = []  # a mark's steps each
        steps = cell.config.steps
        self._due = {math.ceil(steps * part / MARKS) for part in range(1, MARKS + 1)}

    def add(self, record: StepRecord) -> Mark | None:
        """A step was taken; the mark, if this is the place for one."""
        self._since.append(record)
        if record.step not in self._due:
            return None
        lag = self._cell.lag
        mark = Mark(
            step=record.step,
            characters=record.characters_seen,
            loss_nats=float(np.mean([step.loss_nats for step in self._since])),
            grad_norm=max(step.grad_norm for step in self._since),
            recall=None if lag is None else echo_recall(_model(self._trainer), lag),
        )
        self.marks.append(mark)
        self._parts.append(columns_of(self._since))
        self._since.clear()
        return mark

    @property
    def max_grad_norm(self) -> float:
        """The largest norm before clipping; 0 before the first step."""
        norms = [mark.grad_norm for mark in self.marks]
        return max([0.0, *norms, *(step.grad_norm for step in self._since)])

    def columns(self) -> Columns:
        """Every step, `(steps,)` a column."""
        return joined([*self._parts, columns_of(self._since)])


def _text_of(cell: Cell) -> Corpus:
    corpus = load_corpus(cell.config.text)
    if cell.text_sha256 and corpus.sha256 != cell.text_sha256:
        raise TextError(
            f"The text {cell.config.text} of this worker is not the one that the sweep was started "
            "with: give every machine the same file, and the same version of Python."
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
    with np.errstate(over="ignore", invalid="ignore"):
        return CharacterModel(trainer.weights(), trainer.config)
