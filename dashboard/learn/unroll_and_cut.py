"""Picture 2: a loop pulled apart into copies, and the cuts between windows."""

from __future__ import annotations

from dashboard import session
from dashboard.learn.toy import Ask, toy

_draw = toy("unroll_and_cut")


def unroll_and_cut(ask: Ask | None = None, *, walk: bool = False) -> None:
    """Draw it. The toy has φ of the settings of Train, and their T is told beside its own.

    Args:
        ask: lets the question be put to a room.
        walk: without its question.
    """
    config = session.config()
    _draw(
        key="walk_unroll_and_cut" if walk else "unroll_and_cut",
        data={
            "activation": config.activation,
            "unrollings": config.unrollings,
            "walk": walk,
        },
        ask=ask,
    )
