"""Weights in a safetensors file: five float32 tensors and the configuration they belong to.

Knows nothing of runs, optimiser states or the store. A file holds U, W, b, V, c in the shapes
of its configuration, and as metadata `unroll` (the format's version), `config` (JSON) and
whatever text the writer adds. A program that writes only the five tensors is welcome: its
file loads when a configuration is given.

Files come from strangers, so a load checks everything before it returns anything. Safetensors
holds numbers and no code, which is why a pickle (.pt) is refused.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import safetensors
import safetensors.numpy
from numpy import ndarray

from core.config import TrainingConfig
from core.errors import ConfigError, WeightsError, shown
from core.paths import replacing

FORMAT_VERSION = 1
CHECKPOINT = "unroll-checkpoint"
"""The key of a checkpoint's metadata that holds the version of its format."""
LARGEST_FILE = 64 * 2**20
"""In bytes. The largest network allowed takes 9 MB, so a larger file is another thing, and
is refused before it fills the memory."""

_ZIP = b"PK\x03\x04"
_PICKLES = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


def save_weights(
    path: str | Path,
    parameters: Mapping[str, ndarray],
    config: TrainingConfig,
    extra: Mapping[str, str] | None = None,
) -> None:
    """Write a weight file whole or not at all: a failure leaves an older file as it was.

    Raises:
        WeightsError: the parameters do not fit `config` or are not finite, or the target
            cannot be written.
    """
    path = Path(path)
    data = weights_bytes(parameters, config, extra)
    try:
        if not path.parent.is_dir():  # most likely mistyped: not made
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        with replacing(path) as file:
            file.write(data)
    except (OSError, ValueError) as error:  # ValueError: no name, or a null character in it
        raise WeightsError(
            f"{shown(path)} cannot be written ({_reason(error)}); "
            "choose a file name in a folder that exists and that you may write to."
        ) from error


def weights_bytes(
    parameters: Mapping[str, ndarray],
    config: TrainingConfig,
    extra: Mapping[str, str] | None = None,
) -> bytes:
    """A weight file's content, for a download. Values are converted to float32.

    Raises:
        WeightsError: the parameters do not fit `config`, or are not finite.
        ValueError: `extra` uses a name that the format keeps for itself.
    """
    if taken := {"unroll", "config"} & set(extra or {}):
        raise ValueError(f"extra metadata may not be called {', '.join(sorted(taken))}")
    with np.errstate(over="ignore"):  # what float32 cannot hold is refused below
        # In memory of their own: the file takes what a view's memory holds, whatever its order.
        tensors = {n: np.array(value, np.float32, order="C") for n, value in parameters.items()}
    subject = "the set of weights to save"
    _check_shapes({name: t.shape for name, t in tensors.items()}, config, subject)
    _check_finite(tensors, subject)
    metadata = {
        **(extra or {}),
        "unroll": str(FORMAT_VERSION),
        "config": config.model_dump_json(),
    }
    return safetensors.numpy.save(tensors, metadata)


def load_weights(
    path: str | Path, config: TrainingConfig | None = None
) -> tuple[dict[str, ndarray], TrainingConfig, dict[str, str]]:
    """Read a weight file: float32 arrays U, W, b, V, c, their configuration, the metadata.

    Args:
        path: the file.
        config: if given, what the tensors must fit. It is returned in place of the file's
            own, which a file from another program does not have.

    Raises:
        WeightsError: the file cannot be read, is not a weight file, or does not fit.
    """
    path, name = Path(path), shown(path)
    try:
        if path.is_dir():
            raise WeightsError(f"{name} is a folder; choose a weight file inside it.")
        if path.exists() and not path.is_file():
            raise WeightsError(f"{name} is not a regular file; choose a .safetensors file.")
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)  # one more, to notice that there is more
    except FileNotFoundError:
        raise WeightsError(
            f"{name} does not exist; check the name, or save weights there first."
        ) from None
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        raise WeightsError(
            f"{name} cannot be read ({_reason(error)}); choose a file that you may read."
        ) from error
    return load_weights_bytes(data, config, name=name)


def load_weights_bytes(
    data: bytes, config: TrainingConfig | None = None, name: str = "this file"
) -> tuple[dict[str, ndarray], TrainingConfig, dict[str, str]]:
    """`load_weights` for an upload; `name` is what the messages call it.

    Raises:
        WeightsError: as `load_weights`.
    """
    name = shown(name)
    if len(data) > LARGEST_FILE:
        raise WeightsError(
            f"{name} is larger than {LARGEST_FILE // 2**20} MB, which no network here needs; "
            "choose a weight file that Unroll saved."
        )
    try:
        entries = dict(safetensors.deserialize(data))
    except safetensors.SafetensorError:
        raise WeightsError(_not_safetensors(data, name)) from None
    # The library hands out a header's metadata for files on disk only. It has just checked
    # this header, so that eight bytes of length and then JSON can be relied on.
    header_end = 8 + int.from_bytes(data[:8], "little")
    metadata = json.loads(data[8:header_end]).get("__metadata__") or {}

    if CHECKPOINT in metadata:
        raise WeightsError(
            f"{name} is the checkpoint of a run, from which `python -m core runs resume` goes on; "
            "choose weights.safetensors out of the run's exported .zip."
        )
    _check_version(metadata, name)
    config = config or _own_config(metadata, name)
    _check_shapes({key: tuple(entry["shape"]) for key, entry in entries.items()}, config, name)
    for key, entry in entries.items():
        if entry["dtype"] != "F32":
            raise WeightsError(
                f"{name} holds {key} as {entry['dtype']}; convert all tensors to float32 (F32)."
            )
    parameters = {
        key: np.frombuffer(bytearray(entries[key]["data"]), np.float32).reshape(shape)
        for key, shape in config.parameter_shapes.items()
    }
    _check_finite(parameters, name)
    return parameters, config, metadata


def _check_version(metadata: Mapping[str, str], name: str) -> None:
    if (version := metadata.get("unroll")) is None or version == str(FORMAT_VERSION):
        return
    if version.isascii() and version.isdigit() and version.lstrip("0"):
        raise WeightsError(
            f"{name} has format version {shown(version)} and this Unroll reads up to "
            f"{FORMAT_VERSION}; update Unroll, or save the weights with this version."
        )
    raise WeightsError(
        f"{name} gives {shown(version)!r} as its format version, where {FORMAT_VERSION} is "
        "allowed; save the weights again."
    )


def _own_config(metadata: Mapping[str, str], name: str) -> TrainingConfig:
    if "unroll" not in metadata or "config" not in metadata:
        raise WeightsError(
            f"{name} does not say which configuration it belongs to; "
            "give the configuration that its tensors fit."
        )
    try:
        values = json.loads(metadata["config"])
        if not isinstance(values, dict):
            raise ValueError("it is not a JSON object")
        return TrainingConfig.parse(values)
    except (ConfigError, ValueError, RecursionError) as error:
        raise WeightsError(
            f"{name} carries a configuration that cannot be used ({str(error).rstrip('.')}); "
            "give the configuration that its tensors fit."
        ) from None


def _check_shapes(shapes: Mapping[str, tuple[int, ...]], config: TrainingConfig, name: str) -> None:
    """The five tensors, no other, each as `config` has it."""
    expected = config.parameter_shapes
    if missing := [key for key in expected if key not in shapes]:
        raise WeightsError(
            f"{name} lacks {', '.join(missing)}; a weight file holds exactly U, W, b, V, c."
        )
    if unknown := sorted(set(shapes) - set(expected)):
        raise WeightsError(
            f"{name} also holds {shown(', '.join(unknown))}; "
            "a weight file holds exactly U, W, b, V, c."
        )
    for key, shape in expected.items():
        if shapes[key] != shape:
            raise WeightsError(
                f"{name} has {key} of shape {_by(shapes[key])} where {_by(shape)} is expected "
                f"({config.architecture}, {config.combine}, nodes={config.nodes}); "
                "choose the configuration that it was trained with."
            )


def _check_finite(parameters: Mapping[str, ndarray], name: str) -> None:
    for key, value in parameters.items():
        if not np.isfinite(value).all():
            raise WeightsError(
                f"{name} has values in {key} that are not finite numbers (NaN or infinite), "
                "as a diverged run leaves them; choose weights from before it diverged."
            )


def _not_safetensors(data: bytes, name: str) -> str:
    pickled = (
        f"{name} is a PyTorch pickle (.pt), which could run code when opened; "
        "convert its tensors to safetensors."
    )
    if data.startswith(_PICKLES):
        return pickled
    if not data.startswith(_ZIP):
        return f"{name} is not a complete safetensors file; save or copy it again."
    # An archive names its files in plain bytes. Torch packs its pickles so.
    if b"/data.pkl" in data:
        return pickled
    if b"weights.safetensors" in data:
        return (
            f"{name} is a .zip with the weights of a run in it; unpack it, and choose its "
            "weights.safetensors."
        )
    return f"{name} is a .zip, and not a weight file; choose a .safetensors file."


def _by(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "()"


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
