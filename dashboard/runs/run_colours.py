"""The colour of a run in the list and on the charts. Draws nothing."""

from __future__ import annotations

from collections.abc import Sequence

from core.palette import RUN_COLOURS, RUNS, run_colour
from core.storage.rows import RunRow

MOST = len(RUNS)
"""So many of the chosen runs are drawn together, the first of the list."""


def run_colours(chosen: Sequence[RunRow]) -> dict[str, str]:
    """The colours of the chosen runs that are drawn, by id.

    Each has its own, from its id, unless one that was started before it is chosen, too, and has the
    same: then it takes the next that none of them has.
    """
    colours: dict[str, str] = {}
    in_order = sorted(chosen[:MOST], key=lambda row: (row.created, row.id))
    for row in in_order:
        if (own := run_colour(row.id)) not in colours.values():
            colours[row.id] = own
    for row in in_order:
        if row.id not in colours:
            place = RUN_COLOURS.index(run_colour(row.id))
            in_turn = RUN_COLOURS[place:] + RUN_COLOURS[:place]
            colours[row.id] = next(c for c in in_turn if c not in colours.values())
    return colours
