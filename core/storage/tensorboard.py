"""A run as TensorBoard event files, where tensorboard is installed. Knows nothing of pages."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import StoreError, shown
from core.storage.rows import RunRow
from core.storage.store import Store

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

_STEPS = ("loss_nats", "grad_norm", "grad_norm_clipped", "learning_rate")
_EVENT_FILES = "events.out.tfevents.*"  # what TensorBoard looks for, and its writer writes
_LONGEST_NAME = 80  # characters


def require_tensorboard() -> None:
    """Before any run is written.

    Raises:
        StoreError: tensorboard is not installed.
    """
    try:
        import torch.utils.tensorboard  # noqa: F401
    except ImportError:
        raise StoreError(
            "TensorBoard is not installed here: `pip install tensorboard` adds it, or export a "
            ".zip, whose metrics.csv holds the same figures."
        ) from None


def export_tensorboard(store: Store, row: RunRow, folder: Path) -> bool:
    """Write a run into a folder of its own, which bears its name and ends in its id.

    TensorBoard joins all event files of a folder, so an earlier export of this run is replaced,
    also if the run had another name then. Other files beside those are left alone.

    Args:
        store: where the run is kept.
        row: the run.
        folder: where the runs' folders are; made if it is not there.

    Returns:
        Whether an earlier export was replaced.

    Raises:
        StoreError: the run cannot be read, or the folder cannot be written.
    """
    from torch.utils.tensorboard import SummaryWriter

    # Under a name that TensorBoard, if it is watching, shows for as long as the writing takes.
    new = folder / f"{row.id}.{secrets.token_hex(4)}.part"
    try:
        with SummaryWriter(str(new)) as writer:
            _write(store, row, writer)
        replaced = _remove_earlier(folder, row.id)
        target = folder / folder_name(row)
        target.mkdir(exist_ok=True)
        for file in new.glob(_EVENT_FILES):
            os.replace(file, target / file.name)
    except OSError as error:
        raise StoreError(
            f"{shown(folder)} cannot be written ({error.strerror}): name another folder."
        ) from None
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return replaced


def folder_name(row: RunRow) -> str:
    """What a run's folder is called, and so its curves: "Arch-1-tanh-N-8-T-6-5f3a9c01"."""
    words = re.findall(r"[\w.+=]+", row.name[:_LONGEST_NAME])
    return "-".join([*words, row.id]).lstrip(".-")


def _remove_earlier(folder: Path, run_id: str) -> bool:
    """Remove the event files of a run's folders; whether there were any."""
    places = [folder / run_id, *folder.glob(f"*-{run_id}")]  # former versions took the id alone
    earlier = [file for place in places for file in place.glob(_EVENT_FILES)]
    for file in earlier:
        file.unlink()
        with suppress(OSError):  # something else is in it
            file.parent.rmdir()
    return bool(earlier)


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
