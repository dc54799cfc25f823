"""Compiles all that the compiled engine calls, once a version: ahead of time, so that nobody waits.

It takes some twenty seconds, so a process of its own does it; until it is done, torch trains.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from time import time

import numpy as np

from core.config import ALPHABET_SIZE, TrainingConfig
from core.data.windows import Cursors
from core.networks.compiled import cache

_SMALL = TrainingConfig(nodes=3, batch_size=2, unrollings=2)
_KINDS = {kind: _SMALL.changed(architecture=kind) for kind in ("arch1", "arch2")}
_TEXT = np.arange(100, dtype=np.uint8) % ALPHABET_SIZE
_BUSY = "busy"
_AT_MOST = 600  # seconds that another process is believed to be busy with it


def compile_all() -> None:
    """Call everything once, which compiles it or finds it compiled.

    Raises:
        OSError: it cannot be kept.
    """
    from core.networks.stepwise import CharacterModel

    for kind in _KINDS:
        compile_training(kind)
    for dtype in (np.float32, np.float64):
        weights = {name: np.zeros(shape, dtype) for name, shape in _SMALL.parameter_shapes.items()}
        model = CharacterModel(weights, _SMALL, compiled=True)
        model.reader().read_all(_TEXT[:2])
        model.reader(2).losses(_TEXT[:4].reshape(2, 2))
        model.reader().write(0, np.zeros((2, ALPHABET_SIZE), dtype))
    cache.note_ready()


def compile_training(kind: str) -> None:
    """Call what trains networks of one architecture once: two processes take one each."""
    from core.engines.compiled_engine import CompiledEngine
    from core.networks.compiled.network import CompiledNetwork

    config = _KINDS[kind]
    cursors = Cursors(_TEXT, config.batch_size)
    CompiledEngine(config).steps(cursors, config.unrollings, np.ones(2), 1.0, first=1)
    for dtype in (np.float32, np.float64):
        network = CompiledNetwork(config, config.batch_size, dtype)
        network.loss_and_gradients(*cursors.next_window(config.unrollings))
        network.move_on()


def compile_in_background() -> None:
    """Let another process do it, unless it is done or under way. Returns at once."""
    if cache.ready():
        return
    busy = cache.folder() / _BUSY
    with suppress(OSError):  # nothing can be kept there: torch trains, and says so
        busy.parent.mkdir(parents=True, exist_ok=True)
        if busy.exists() and time() - busy.stat().st_mtime < _AT_MOST:
            return
        busy.touch()
        subprocess.Popen(
            [sys.executable, "-m", "core", "warm"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=_root(),
            start_new_session=True,  # goes on after a command that is over sooner
        )


def _root() -> str:
    """The folder that holds `core`."""
    here = os.path.abspath(__file__)
    return os.path.dirname(os.path.dirname(os.path.dirname(here)))
