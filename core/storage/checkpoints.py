"""Checkpoints: a trainer's state in a safetensors file, written whole or not at all.

Knows nothing of SQLite or threads. A file holds `U, W, b, V, c`, the optimiser's accumulators,
the cursors and the carried state, and as metadata the configuration and the counters as JSON:
numbers and text, no code. A file that cannot be used is set aside under another name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from core.config import LiveSettings, TrainingConfig
from core.errors import StoreError, UnrollError, WeightsError
from core.paths import opened, replacing
from core.records import Event
from core.storage.typed import typed
from core.storage.weights import CHECKPOINT, LARGEST_FILE
from core.storage.zip_format import MOST_CHARACTERS, number, seconds
from core.training.state import CURSORS, TrainerState

FORMAT_VERSION = "1"
_KINDS: dict[str, np.dtype] = {"F32": np.dtype("<f4"), "I64": np.dtype("<i8")}


_WRONG = (  # what reading a file that is no whole checkpoint may raise
    UnrollError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    OverflowError,
    RecursionError,
)


@dataclass(frozen=True)
class Checkpoint:
    """A state, and where it belongs in the run's records.

    Attributes:
        state: the trainer's.
        config: what it was trained under.
        events: how many events the run had recorded by then.
    """

    state: TrainerState
    config: TrainingConfig
    events: int


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint in the place of an older one.

    Raises:
        OSError: the folder cannot be written, or the disk is full; the older one stands.
    """
    data = checkpoint_bytes(checkpoint)
    with replacing(path) as file:
        file.write(data)


def checkpoint_bytes(checkpoint: Checkpoint) -> bytes:
    """A checkpoint as a file's bytes."""
    state = checkpoint.state
    about = {
        "step": state.step,
        "characters_seen": state.characters_seen,
        "seconds": state.seconds,
        "loss_sum": state.loss_sum,
        "losses": state.losses,
        "reported_step": state.reported_step,
        "probed_step": state.probed_step,
        "window_gradient": state.window_gradient,
        "live": state.live.model_dump(),
        "planned": [asdict(event) for event in state.planned],
        "events": checkpoint.events,
        "engine": state.engine,
    }
    return safetensors.numpy.save(
        {name: np.ascontiguousarray(array) for name, array in state.arrays.items()},
        {
            CHECKPOINT: FORMAT_VERSION,
            "config": checkpoint.config.model_dump_json(),
            "state": json.dumps(about),
        },
    )


def load_checkpoint(path: Path) -> Checkpoint | None:
    """Read a checkpoint; None if there is none.

    Raises:
        StoreError: it cannot be used. A damaged one has been set aside.
    """
    try:
        with opened(path) as file:
            data = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(
            f"The checkpoint {path} cannot be read ({error.strerror}): check the disk and the "
            "file's permissions."
        ) from None
    try:
        return _read(data)
    except _NewerFormat:
        raise StoreError(
            f"The checkpoint {path} was written by a newer Unroll: update Unroll to go on."
        ) from None
    except _WRONG as error:
        reason = error if isinstance(error, UnrollError) else "it is not a whole checkpoint"
    aside = path.with_name(path.name + ".damaged")
    with suppress(OSError):
        path.replace(aside)
    raise StoreError(
        f"The checkpoint {path.name} cannot be used: {str(reason).rstrip('.')}. It was set aside "
        f"as {aside.name}; the run's curves are kept, and Duplicate trains it again."
    )


def read_checkpoint(data: bytes) -> Checkpoint:
    """A checkpoint from a file's bytes, wherever they come from.

    Raises:
        StoreError: it cannot be used.
    """
    try:
        return _read(data)
    except _NewerFormat:
        reason = "it was written by a newer Unroll"
    except _WRONG as error:
        reason = str(error) if isinstance(error, UnrollError) else "it is not whole"
    raise StoreError(f"The checkpoint cannot be used: {reason.rstrip('.')}.")


class _NewerFormat(Exception):
    pass


def _read(data: bytes) -> Checkpoint:
    if len(data) > LARGEST_FILE:
        raise WeightsError("it is larger than any checkpoint")
    try:
        entries = dict(safetensors.deserialize(data))
    except safetensors.SafetensorError:
        raise WeightsError("it is not a whole safetensors file") from None
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    metadata = header["__metadata__"]
    if metadata[CHECKPOINT] != FORMAT_VERSION:
        raise _NewerFormat
    config = TrainingConfig.parse(json.loads(metadata["config"]))
    about = json.loads(metadata["state"])
    arrays = {name: _array(entry) for name, entry in entries.items()}
    for name, shape in config.parameter_shapes.items():
        if arrays[name].shape != shape:
            raise WeightsError(f"it has {name} of shape {arrays[name].shape}, not {shape}")
        if not np.isfinite(arrays[name]).all():
            raise WeightsError(f"it has values in {name} that are not finite numbers")
    reported = about["reported_step"]
    # Former versions kept no such field, and never made the probe of a state again.
    probed = about.get("probed_step", about["step"])
    counters = [about[name] for name in ("step", "characters_seen", "losses", "events")]
    counters += [event["step"] for event in about["planned"]]
    counters += [made for made in (reported, probed) if made is not None]
    if arrays[CURSORS].dtype != np.int64 or not all(
        type(count) is int and 0 <= count <= MOST_CHARACTERS for count in counters
    ):
        raise WeightsError("its counters are not numbers")
    state = TrainerState(
        step=about["step"],
        characters_seen=about["characters_seen"],
        seconds=seconds(about["seconds"]),
        loss_sum=number(about["loss_sum"]),
        losses=about["losses"],
        reported_step=reported,
        probed_step=probed,
        window_gradient=tuple(map(float, about.get("window_gradient", ()))),
        live=LiveSettings.parse(about["live"]),
        planned=tuple(typed(Event(**event)) for event in about["planned"]),
        arrays=arrays,
        engine="compiled" if about.get("engine") == "compiled" else "torch",
    )
    return Checkpoint(state, config, about["events"])


def _array(entry: Mapping[str, Any]) -> np.ndarray:
    # A copy: what the file's bytes lend is read-only and lies anywhere.
    kind = _KINDS[entry["dtype"]]
    return np.frombuffer(entry["data"], kind).reshape(entry["shape"]).copy()
