"""An experiment as the query of a link: readable, versioned, and safe to be given.

A link names a preset and whatever differs from it:

    ?v=1&preset=arch1&activation=tanh&unrollings=20

Knows nothing of pages. A value that a link may not have is answered with a sentence, and
what stood there before stands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from core.config import PRESETS, TrainingConfig
from core.errors import ConfigError

VERSION = "1"
DEFAULT_PRESET = "demo"

_LINKABLE_TEXT = re.compile(r"builtin|text8|latch:[0-9]{1,3}|own:[0-9a-f]{12}")


@dataclass(frozen=True)
class Link:
    """What a link says."""

    preset: str
    config: TrainingConfig
    problems: tuple[str, ...] = ()  # a sentence for each value that was not taken


def to_query(preset: str, config: TrainingConfig) -> dict[str, str]:
    """The query that `from_query` reads back: the preset, and what differs from it."""
    query = {"v": VERSION, "preset": preset}
    for name, value in changes_from(preset, config).items():
        if name != "text" or linkable(str(value)):
            query[name] = f"{value:g}" if isinstance(value, float) else str(value)
            if isinstance(value, float) and float(query[name]) != value:
                query[name] = repr(value)
    return query


def from_query(query: Mapping[str, str]) -> Link:
    """Read a query; names that are not settings, such as a page's own, are left alone."""
    problems: list[str] = []
    version = query.get("v", VERSION)
    if version != VERSION:
        problems.append(
            f"This link was made by another version (v={_shown(version)}; this one reads "
            f"v={VERSION}): check the settings."
        )
    preset = query.get("preset", DEFAULT_PRESET)
    if preset not in PRESETS:
        problems.append(
            f"preset={_shown(preset)} is not known: choose one of {', '.join(PRESETS)}. "
            f"{DEFAULT_PRESET} is used."
        )
        preset = DEFAULT_PRESET
    config = PRESETS[preset].config
    for name in TrainingConfig.model_fields:
        if name not in query:
            continue
        if name == "text" and not linkable(query[name]):
            problems.append(
                f"text={_shown(query[name])} is not taken from a link, which may name builtin, "
                "text8 or a text kept here; choose the file on the page."
            )
            continue
        try:
            config = config.changed(**{name: _shown(query[name])})
        except ConfigError as error:
            problems.append(f"In the link, {error} {name}={getattr(config, name)} is used.")
    return Link(preset, config, tuple(problems))


def changes_from(preset: str, config: TrainingConfig) -> dict[str, str | int | float]:
    """The settings that differ from the preset's."""
    start = PRESETS[preset].config.model_dump()
    return {name: value for name, value in config.model_dump().items() if value != start[name]}


def linkable(text: str) -> bool:
    """Whether a link may name this text.

    A link comes from anyone: it must not make this machine read a file of the sender's choice.
    """
    return _LINKABLE_TEXT.fullmatch(text) is not None


def _shown(value: str) -> str:
    # No link that is made here holds a longer value, so what is cut may be refused.
    return value if len(value) <= 40 else value[:40] + "…"
