"""Runs as TensorBoard event files, where tensorboard is installed. Knows nothing of pages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import StoreError
from core.storage.rows import RunRow
from core.storage.store import Store

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

_STEPS = ("loss_nats", "grad_norm", "grad_norm_clipped", "learning_rate")


def export_tensorboard(store: Store, rows: Sequence[RunRow], folder: Path) -> int:
    """Write a folder for each run; returns how many.

    Raises:
        StoreError: tensorboard is not installed, or the folder cannot be written.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise StoreError(
            "TensorBoard is not installed here: `pip install tensorboard` adds it, or export a "
            ".zip, whose metrics.csv holds the same figures."
        ) from None
    try:
        for row in rows:
            with SummaryWriter(str(folder / row.id)) as writer:
                _write(store, row, writer)
    except OSError as error:
        raise StoreError(
            f"{folder} cannot be written ({error.strerror}): name another folder."
        ) from None
    return len(rows)


def _write(store: Store, row: RunRow, writer: SummaryWriter) -> None:
    columns = store.ledger.steps(row.id)
    # TensorBoard shows a wall clock: that of the training, from the run's start.
    for at, step in enumerate(columns["step"].tolist()):
        clock = row.created + float(columns["seconds"][at])
        for name in _STEPS:
            writer.add_scalar(f"training/{name}", float(columns[name][at]), step, clock)
    for report in store.ledger.reports(row.id):
        clock = row.created + report.seconds
        writer.add_scalar("validation/loss_nats", report.validation_loss_nats, report.step, clock)
        writer.add_text("sample", report.sample, report.step, clock)
    writer.add_text("config", f"```\n{row.settings}\n```", 0, row.created)
