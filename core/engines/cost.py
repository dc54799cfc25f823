"""What a training step will take, in time and in memory: told from its configuration alone.

Nothing of a network is allocated to find out. Time is counted in multiplications, and a product
that is timed once says how many of them this processor makes in a second. It is an estimate for
one core of a CPU, and says nothing of GPUs. Whoever has to choose between engines times their
steps (`step_time.py`). Knows nothing of texts, nor of how much memory there is.
"""

from __future__ import annotations

from functools import lru_cache
from time import perf_counter

import numpy as np
from threadpoolctl import threadpool_limits

from core.config import ALPHABET_SIZE, TrainingConfig
from core.engines.devices import surely_on_cpu
from core.networks.layout import layout

# What else is done takes the time of so many multiplications in a large product.
_A_MATRIX = 2  # for each of its numbers: a product of few rows waits for the matrix
_A_STEP = 600_000
_A_NUMBER = 20  # that is looked up, added or scaled
_A_FUNCTION = 110  # tanh, or an exponential
_A_WEIGHT = {"sgd": 10, "adadelta": 60, "adam": 60}  # that is updated
_TORCH, _TORCH_A_PLACE = 60e-6, 3e-6  # seconds of its calls in a step, and for each of T
_TORCH_FREE_A_PLACE = 15e-6  # of Arch 2's, whose output comes back

_SIDE, _PRODUCTS = 512, 7  # of the product that is timed, and how often

# Arrays of N numbers a place of the window that each engine keeps, or makes on the way.
_ARRAYS: dict[str, dict[str, float]] = {
    "compiled": {"concat": 2, "add": 2, "multiply": 3, "free": 2, "teacher": 0},
    "torch": {"concat": 2.5, "add": 2.5, "multiply": 6.2, "free": 4.5, "teacher": 0},
}
_LOGITS = 3  # arrays of V numbers a place
_IDS = 16  # numbers a place: what is read, where it lies in a table, its loss
_COPIES = 12  # of the weights: gradient, accumulators, checkpoints to go back to
_HELD_OUT = 25_000  # numbers for each of H: what a context curve and reports read at once
_FLOAT = 4  # bytes

_SLOW_STEP, _LONG_RUN = 0.5, 3 * 60  # seconds from which on somebody should know before


def estimated_seconds(config: TrainingConfig) -> float:
    """Seconds that a step takes on one core of this machine while nothing else slows it down.

    It rather says too little. Held against the processor time of steps on one busy machine, with
    N 50 to 400, T 1 to 200 and B 1 to 256, all networks, both activations and Adam, it was

        compiled    0.43 to 1.54 of it, 0.57 to 0.98 where a step took more than 50 ms
        torch       0.37 to 0.97 of it, 0.47 to 0.83 where a step took more than 50 ms

    The constants were fitted there. At other sizes between (N 75 and 300, T 5 and 100, B 4 to 128)
    it was 0.32 to 1.00 and 0.46 to 0.82. What waits for a busy core waits longer.
    """
    seconds = multiplications(config) / multiplications_a_second()
    if config.engine != "torch":  # the faster one, where either may train
        return seconds
    a_place = _TORCH_A_PLACE
    if config.architecture == "arch2":
        a_place = _TORCH_FREE_A_PLACE if config.feedback == "free" else 0.0
    return seconds + _TORCH + a_place * config.unrollings


def estimated_bytes(config: TrainingConfig) -> int:
    """The most memory that training holds at once on a CPU, with whichever engine may train.

    For windows of 60 to 260 MB it was 1.0 to 1.2 times what was measured, what is read of the
    held-out text left out; with that, in five whole trainings, 0.9 to 1.5 times. A table (Arch 2
    under teacher forcing, without probes) takes 2 MB, and up to four times as much is said of it.
    """
    places, N, H = (config.unrollings + 1) * config.batch_size, config.nodes, config.hidden_size
    arch1 = config.architecture == "arch1"
    kind = config.combine if arch1 else config.feedback
    engines = _ARRAYS if config.engine == "auto" else (config.engine,)
    numbers = max(_ARRAYS[engine][kind] for engine in engines) * N + _IDS
    if arch1 or kind == "free":
        numbers += _LOGITS * ALPHABET_SIZE
    if config.probe_every:  # two arrays of a window's gradient, when a step is looked at
        numbers += 2 * H
    looked_up = (ALPHABET_SIZE + config.batch_size) * 3 * N if arch1 and H > N else 0
    total = numbers * places + looked_up + _COPIES * layout(config).size + _HELD_OUT * H
    return round(_FLOAT * total)


def time_ahead(config: TrainingConfig, steps: int | None = None) -> str:
    """What a slow or a long training will take: "about 36 s a step, and 20 hours in all".

    Empty where it is neither, or where a GPU may train.

    Args:
        config: the experiment.
        steps: how many are still to come, where not all of its own.
    """
    if not surely_on_cpu(config):
        return ""
    steps, step = config.steps if steps is None else steps, estimated_seconds(config)
    long = steps > 1 and steps * step >= _LONG_RUN
    if step >= _SLOW_STEP:
        return f"about {_in_words(step)} a step" + (
            f", and {_in_words(steps * step)} in all" if long else ""
        )
    return f"about {_in_words(steps * step)} in all" if long else ""


def _in_words(seconds: float) -> str:
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{float(f'{seconds / length:.2g}'):,.0f} {unit}"
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"


def multiplications(config: TrainingConfig) -> int:
    """What a step computes, counted in multiplications; more with every T, B and N."""
    T, B, N, V = config.unrollings, config.batch_size, config.nodes, ALPHABET_SIZE
    places = T * B
    H, weights = config.hidden_size, layout(config).size
    function = _A_FUNCTION if config.activation == "tanh" else 0
    count = _A_STEP + weights * _A_WEIGHT[config.optimiser] + _A_FUNCTION * places
    if config.architecture == "arch1":
        S = N + V
        in_loop = N * S * (2 * T * (B + _A_MATRIX) + places)  # forward, back, and their gradient
        looked_up = 3 * N * S * (V + B) if H > N else 0
        count += in_loop + looked_up + places * (function * N + _A_NUMBER * 2 * S)
        return count + places * _A_FUNCTION * V
    table = 6 * V * V * N
    if config.feedback == "teacher":  # how often y follows x says all of a window
        return count + table
    in_loop = N * V * (4 * T * (B + _A_MATRIX) + 2 * places)
    return count + table + in_loop + places * (function * N + _A_FUNCTION * V + _A_NUMBER * (N + V))


@lru_cache(maxsize=1)
def multiplications_a_second() -> float:
    """How many a core of this machine makes in a product of matrices; timed once, in milliseconds.

    The best of some tries: what else the machine does is no part of it.
    """
    threadpool_limits(limits=1, user_api="blas")  # as training has it
    a = np.full((_SIDE, _SIDE), 0.5, np.float32)
    into = np.empty_like(a)
    taken = []
    for _ in range(_PRODUCTS):
        began = perf_counter()
        np.dot(a, a, into)
        taken.append(perf_counter() - began)
    return _SIDE**3 / max(min(taken), 1e-9)
