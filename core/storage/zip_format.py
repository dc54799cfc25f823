"""What an exported run's parts may hold: shared by who writes the .zip and who reads it.

Knows nothing of files or of the store.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from core.records import ProbeRecord, RunStatus

FORMAT_VERSION = 1
PROBE_FIGURES = tuple(
    name for name in ProbeRecord.__dataclass_fields__ if name not in ("flow", "window_gradient")
)
FLOORS_HELD_OUT = "floors_held_out"
"""The key of config.json that says that `floors` are of the held-out characters. Former versions,
which lack it, told the whole text's entropies there."""
LONGEST_TEXT = 20_000_000
"""Characters; a longer text of one's own stays at home."""
_LARGEST_COUNT = 10**15  # characters: some thousand years of training
_LONGEST = 10**10  # seconds, some three hundred years


def number(value: Any) -> float:
    """A finite number, or ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("not a number")
    return float(value)


def count(value: Any) -> int:
    """A number of steps or characters, or ValueError."""
    if not 0 <= number(value) <= _LARGEST_COUNT:
        raise ValueError("not a number of steps or characters")
    return int(value)


def seconds(value: Any) -> float:
    """A duration, or ValueError."""
    if not 0 <= number(value) <= _LONGEST:
        raise ValueError("not a duration")
    return float(value)


def text(longest: int) -> Callable[[Any], str]:
    """Makes anything a text of at most so many characters."""
    return lambda value: str(value)[:longest]


def _status(value: Any) -> RunStatus:
    """That of a run that nobody trains here."""
    status = RunStatus(value)
    return RunStatus.INTERRUPTED if status.active else status


ABOUT: dict[str, Callable[[Any], Any] | None] = {
    "id": None,
    "name": lambda value: " ".join(str(value).split())[:200],
    "created": None,
    "status": _status,
    "message": text(2_000),
    "step": None,
    "characters_seen": count,
    "seconds": seconds,
    "text_title": text(200),
    "text_sha256": text(64),
    "text_length": count,
    "floors": lambda floors: {str(name): number(value) for name, value in floors.items()},
    "given_weights": bool,
    "tags": lambda tags: tuple(str(tag)[:50] for tag in tags)[:20],
    "note": text(10_000),
    "diagnosis": text(2_000),
}
"""The fields of `RunRow` that config.json tells, and what an import makes of a stranger's value;
None where it finds its own."""
KEYS = {"step": "steps"}
"""What config.json calls a field, where that is not its name."""
