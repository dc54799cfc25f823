"""Numbers that a room answered, as counts to be drawn. Knows no question."""

from __future__ import annotations

from collections.abc import Sequence

_BINS = 6  # where more than so many different ones were answered


def binned(numbers: Sequence[float]) -> list[tuple[str, int]]:
    """How often each number was given; many different ones as ranges of equal width."""
    different = sorted(set(numbers))
    if len(different) <= _BINS:
        return [(f"{number:g}", numbers.count(number)) for number in different]
    low, high = different[0], different[-1]
    width = (high - low) / _BINS
    counts = [0] * _BINS
    for number in numbers:
        counts[min(_BINS - 1, int((number - low) / width))] += 1
    edges = [low + width * place for place in range(_BINS + 1)]
    return [
        (f"{start:.3g} to {end:.3g}", count)
        for start, end, count in zip(edges, edges[1:], counts, strict=False)
    ]
