"""How long a run will wait for its place: worked out from who trains and who comes before it.

Knows nothing of who they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heapreplace


def expected_wait(
    places: int, training: Sequence[float | None], before: Sequence[float | None]
) -> float | None:
    """Seconds until a place is free for whoever comes after `before`.

    Args:
        places: how many train at once.
        training: of each run that trains, the seconds it has left.
        before: of each run that waits in front, the seconds that it will train, in their order.

    Returns:
        None where it depends on one of which nobody can say.
    """
    if any(seconds is None for seconds in (*training, *before)):
        return None
    # When each place is free: at once where nobody trains.
    free = [seconds or 0.0 for seconds in training][:places]
    free += [0.0] * (places - len(free))
    heapify(free)
    for seconds in before:
        heapreplace(free, free[0] + (seconds or 0.0))
    return free[0]
