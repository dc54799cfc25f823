"""Timing candidates in turn, so that a machine's moods hit all of them alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter

import torch


def in_turn(
    candidates: Mapping[str, Callable[[], object]],
    *,
    rounds: int = 9,
    seconds_a_turn: float = 0.15,
) -> dict[str, float]:
    """Median seconds a call, measured A B C A B C ... after a warm-up.

    Args:
        candidates: what to call, by name.
        rounds: turns of each.
        seconds_a_turn: about how long a turn lasts; every candidate gets as many calls as fit.
    """
    calls = {name: _calls_in(call, seconds_a_turn) for name, call in candidates.items()}
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, call in candidates.items():
            began = perf_counter()
            for _ in range(calls[name]):
                call()
            times[name].append((perf_counter() - began) / calls[name])
    return {name: median(turns) for name, turns in times.items()}


def best_product_rate(size: int = 1000, rounds: int = 25) -> float:
    """This machine's best float32 rate on one thread: operations a second of a size³ product."""
    a, b = torch.randn(size, size), torch.randn(size, size)
    out = torch.empty(size, size)
    torch.mm(a, b, out=out)
    best = float("inf")
    for _ in range(rounds):
        began = perf_counter()
        torch.mm(a, b, out=out)
        best = min(best, perf_counter() - began)
    return 2 * size**3 / best


def _calls_in(call: Callable[[], object], seconds: float) -> int:
    call()
    began, calls = perf_counter(), 0
    while perf_counter() - began < seconds:
        call()
        calls += 1
    return max(1, calls)
