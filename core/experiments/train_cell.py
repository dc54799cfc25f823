"""Train one cell of a grid and measure it.

Knows nothing of clusters, of the other cells or of files. Text, first weights and every step
follow from the cell alone, so whoever trains it gets the same result. It is trained as any run
is, reports included, so that it can be kept, looked at and trained on as one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import lru_cache
from time import perf_counter

import numpy as np

from core.data.alphabet import encode
from core.data.corpora import load_corpus
from core.data.latch import latch_floor, latch_text
from core.errors import Diverged, TextError
from core.experiments.cell_run import CellRun
from core.experiments.plan import MARKS, Cell, CellResult, Mark
from core.networks.stepwise import CharacterModel, softmax
from core.records import Report, StepRecord
from core.steps import Columns, columns_of, joined
from core.training.threads import prepare_thread
from core.training.trainer import Trainer

# The text that recall is measured on: drawn from another seed than any training text.
_PROBE_SEED = 1
_STREAMS = 200  # read side by side ...
_BLOCKS = 6  # ... so many blocks each, of which the first only fills the state
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
        tell: given a mark sixty times on the way.
        wanted: asked every 50 steps; False ends the training.

    Raises:
        TextError: the text is not there, is another one, or is too short.
        Abandoned: `wanted` said no.
    """
    prepare_thread()
    began = perf_counter()
    config = cell.trained_config
    corpus = load_corpus(config.text)
    if cell.text_sha256 and corpus.sha256 != cell.text_sha256:
        raise TextError(
            f"The text {config.text} of this worker is not the one that the sweep was started "
            "with: give every machine the same file, and the same version of Python."
        )
    # Probes of the gradient flow would cost one part in twenty, and say nothing of the score.
    trainer = Trainer(config.changed(probe_every=0), corpus)
    lag = cell.distance if config.text.startswith("latch:") else None
    marks: list[Mark] = []
    reports: list[Report] = []
    since: list[StepRecord] = []  # the last mark
    columns: list[Columns] = []
    highest, message = 0.0, ""
    due = {math.ceil(config.steps * part / MARKS) for part in range(1, MARKS + 1)}
    try:
        for record in trainer.train():
            if isinstance(record, Report):
                reports.append(record)
                continue
            since.append(record)
            if record.step in due:
                marks.append(
                    Mark(
                        step=record.step,
                        characters=record.characters_seen,
                        loss_nats=float(np.mean([step.loss_nats for step in since])),
                        grad_norm=max(step.grad_norm for step in since),
                        recall=None if lag is None else echo_recall(_model(trainer), lag),
                    )
                )
                tell(marks[-1])
                highest = max(highest, marks[-1].grad_norm)
                columns.append(columns_of(since))
                since.clear()
            if record.step % _LOOK_EVERY == 0 and not wanted():
                raise Abandoned
    except Diverged as error:
        message = str(error)
    if lag is None:
        same = reports[-1].step == trainer.steps_done
        loss = reports[-1].validation_loss_nats if same else trainer.validation_loss()
        at_end = best = None
    else:
        loss, at_end = latch_loss(_model(trainer), lag), echo_recall(_model(trainer), lag)
        best = max(at_end, *(mark.recall for mark in marks)) if marks else at_end
    result = CellResult(
        key=cell.key,
        status="diverged" if message else "done",
        updates=trainer.steps_done,
        characters=trainer.characters_seen,
        seconds=perf_counter() - began,
        loss_nats=loss if math.isfinite(loss) else None,
        floor_nats=None if lag is None else latch_floor(lag),
        recall=best,
        recall_at_end=at_end,
        max_grad_norm=max([highest, *(step.grad_norm for step in since)]),
        marks=tuple(marks),
        message=message,
    )
    columns.append(columns_of(since))
    return CellRun(result, joined(columns), tuple(reports), trainer.state(), corpus.sha256)


def echo_recall(model: CharacterModel, lag: int) -> float:
    """The share of 1,000 echoes whose key gets the highest probability.

    Chance is 1/8 for who knows that it is a key. 1,200 blocks are read as 200 streams; the
    first block of each is not counted: it only brings the state from zero to where it always is.
    """
    hits = count = 0
    for at, logits, target in _read(model, lag):
        if at % (lag + 2) == lag:
            hits += int((logits.argmax(-1) == target).sum())
            count += len(target)
    return hits / count


def latch_loss(model: CharacterModel, lag: int) -> float:
    """The mean loss in nats over the same blocks, over all their characters."""
    total, count = 0.0, 0
    with np.errstate(over="ignore", invalid="ignore"):  # weights about to diverge
        for _, logits, target in _read(model, lag):
            likely = softmax(logits)[np.arange(len(target)), target]
            total -= float(np.log(likely + 1e-30).sum())
            count += len(target)
    return total / count


def _read(model: CharacterModel, lag: int) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Read the probe text: where each counted character stands, its logits, and itself.

    Yields `at`, logits `(streams, V)`, to be used before the next are asked for, and targets
    `(streams,)`.
    """
    text = _probe_text(lag)  # (streams, length)
    reader = model.reader(len(text))
    with np.errstate(over="ignore", invalid="ignore"):
        for at in range(1, text.shape[1]):
            reader.read(text[:, at - 1])
            if at >= lag + 2:
                yield at, reader.logits, text[:, at]


def _model(trainer: Trainer) -> CharacterModel:
    """The network as it stands."""
    with np.errstate(over="ignore", invalid="ignore"):
        return CharacterModel(trainer.weights(), trainer.config)


@lru_cache(maxsize=4)
def _probe_text(lag: int) -> np.ndarray:
    """`(streams, blocks * (lag + 2))` ids, every stream from the start of a block."""
    length = _STREAMS * _BLOCKS * (lag + 2)
    return encode(latch_text(lag, length, seed=_PROBE_SEED)).reshape(_STREAMS, -1)
