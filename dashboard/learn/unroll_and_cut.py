"""Picture 2: a loop pulled apart into copies, and the cuts between windows."""

from __future__ import annotations

from dashboard import session
from dashboard.learn.toy import toy

_draw = toy("unroll_and_cut")


def unroll_and_cut() -> None:
    """Draw it. The toy has φ of the settings of Train, and their T is told beside its own."""
    config = session.config()
    _draw(
        key="unroll_and_cut",
        data={"activation": config.activation, "unrollings": config.unrollings},
    )
