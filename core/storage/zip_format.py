"""What an exported run's parts may hold: shared by who writes the .zip and who reads it.

Knows nothing of files or of the store.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from core.data.ngrams import checked_floors
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
MOST_CHARACTERS = 10**15
"""Some thousand years of training."""
MOST_SECONDS = 10**10
"""Some three hundred years."""


def number(value: Any) -> float:
    """A finite number, or ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("not a number")
    return float(value)


def count(value: Any) -> int:
    """A number of steps or characters, or ValueError."""
    if not 0 <= number(value) <= MOST_CHARACTERS:
        raise ValueError("not a number of steps or characters")
    return int(value)


def seconds(value: Any) -> float:
    """A duration, or ValueError."""
    if not 0 <= number(value) <= MOST_SECONDS:
        raise ValueError("not a duration")
    return float(value)


def words(longest: int) -> Callable[[Any], str]:
    """Makes a reader of texts, which cuts them at so many characters and drops control codes."""

    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError("not a text")
        return "".join(c for c in value[:longest] if c.isprintable() or c in "\n\t")

    return read


def _status(value: Any) -> RunStatus:
    """That of a run that nobody trains here."""
    status = RunStatus(value)
    return RunStatus.INTERRUPTED if status.active else status


def _sha256(value: Any) -> str:
    """A text's hash; nothing where the run never read it."""
    if not isinstance(value, str) or not re.fullmatch("([0-9a-f]{64})?", value):
        raise ValueError("not a hash")
    return value


def _floors(value: Any) -> dict[str, float]:
    """All lines of a text, or none at all."""
    return {} if value == {} else asdict(checked_floors(value))


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("neither yes nor no")
    return value


def _tags(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError("not a list of tags")
    return tuple(words(50)(tag) for tag in value[:20])


ABOUT: dict[str, Callable[[Any], Any] | None] = {
    "id": None,
    "name": lambda value: " ".join(words(200)(value).split()),
    "created": None,
    "status": _status,
    "message": words(2_000),
    "step": None,
    "characters_seen": count,
    "seconds": seconds,
    "text_title": words(200),
    "text_sha256": _sha256,
    "text_length": count,
    "floors": _floors,
    "given_weights": _flag,
    "tags": _tags,
    "note": words(10_000),
    "diagnosis": words(2_000),
}
"""The fields of `RunRow` that config.json tells, and what an import makes of a stranger's value;
None where it finds its own."""
KEYS = {"step": "steps"}
"""What config.json calls a field, where that is not its name."""
