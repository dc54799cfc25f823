"""An experiment as the query of a link: readable, versioned, and safe to be given.

A link names a preset and whatever differs from it:

    ?v=1&preset=arch1&activation=tanh&unrollings=20

and, in `events`, the live changes that are to be repeated, each as step, setting and value:

    &events=2000-learning_rate-0.001+3000-clip-0

Knows nothing of pages. A value that a link may not have is answered with a sentence, and
what stood there before stands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.config import PRESETS, LiveSettings, TrainingConfig
from core.errors import ConfigError, shown
from core.records import Event, EventKind, live_changes

VERSION = "1"
DEFAULT_PRESET = "demo"
MOST_EVENTS = 40
"""Live changes in a link; more of them travel as a file. A link of 2,000 characters is safe."""

MINOR = {"device", "engine", "report_every", "probe_every"}
"""What says how a run is computed or reported, and not what is trained."""
_STARTS = {key: preset.config.model_dump() for key, preset in PRESETS.items()}
_A_FILE = "file"  # in place of a text's key
_LINKABLE_TEXT = re.compile(r"builtin|text8|latch:[0-9]{1,3}(:[0-9]{1,7})?|own:[0-9a-f]{12}")


@dataclass(frozen=True)
class Link:
    """What a link says."""

    preset: str
    config: TrainingConfig
    problems: tuple[str, ...] = ()  # a sentence for each value that was not taken
    events: tuple[Event, ...] = ()  # live changes to repeat, in order


def to_query(preset: str, config: TrainingConfig, events: Sequence[Event] = ()) -> dict[str, str]:
    """The query that `from_query` reads back: the preset, and what differs from it.

    Of `events` the live changes are taken, if there are not more of them than a link holds.
    """
    query = {"v": VERSION, "preset": preset}
    for name, value in changes_from(preset, config).items():
        if name == "text" and not linkable(str(value)):
            query[name] = _A_FILE  # said to whoever opens the link; the path is nobody's business
        else:
            query[name] = f"{value:g}" if isinstance(value, float) else str(value)
            if isinstance(value, float) and float(query[name]) != value:
                query[name] = repr(value)
    changes = live_changes(events)
    if 0 < len(changes) <= MOST_EVENTS:
        query["events"] = events_text(changes)
    return query


def events_text(changes: Sequence[Event]) -> str:
    """Live changes as a link and the command line take them: `2000-clip-0.5 3000-clip-0`."""
    return " ".join(
        f"{event.step}-{event.kind}-{_plain_number(event.value)}"
        for event in changes
        if event.value is not None
    )


def events_from(text: str, config: TrainingConfig) -> tuple[Event, ...]:
    """What `events_text` wrote, in the order of the steps.

    Raises:
        ConfigError: a part of it is not understood or not allowed.
    """
    problems: list[str] = []
    events = _events(text.split(), config, problems)
    if problems:
        raise ConfigError(" ".join(problems))
    return events


def from_query(query: Mapping[str, str]) -> Link:
    """Read a query; names that are not settings, such as a page's own, are left alone."""
    problems: list[str] = []
    version = query.get("v", VERSION)
    if version != VERSION:
        problems.append(
            f"This link was made by another version (v={shown(version)}; this one reads "
            f"v={VERSION}): check the settings."
        )
    preset = query.get("preset", DEFAULT_PRESET)
    if preset not in PRESETS:
        problems.append(
            f"preset={shown(preset)} is not known: choose one of {', '.join(PRESETS)}. "
            f"{DEFAULT_PRESET} is used."
        )
        preset = DEFAULT_PRESET
    config = PRESETS[preset].config
    for name in TrainingConfig.model_fields:
        if name not in query:
            continue
        if name == "text" and query[name] == _A_FILE:
            problems.append(
                "The link's experiment was made on a text file that a link cannot bring: choose "
                "it on the page."
            )
            continue
        if name == "text" and not linkable(query[name]):
            problems.append(
                f"text={shown(query[name])} is not taken from a link, which may name builtin, "
                "text8 or a text kept here; choose the file on the page."
            )
            continue
        try:
            config = config.changed(**{name: query[name]})
        except ConfigError as error:
            problems.append(f"In the link, {error} {name}={getattr(config, name)} is used.")
    changes = query.get("events", "").split()
    if len(changes) > MOST_EVENTS:
        problems.append(
            f"events holds {len(changes):,} live changes where a link may hold {MOST_EVENTS}: ask "
            "for the exported file; none is repeated."
        )
        changes = []
    events = _events(changes, config, problems)
    return Link(preset, config, tuple(problems), events)


def nearest_preset(settings: Mapping[str, Any]) -> str:
    """The preset that settings differ least from, as `differences` counts."""
    return min(PRESETS, key=lambda preset: len(differences(preset, settings)))


def differences(preset: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that another network is trained by than the preset's, the text left out."""
    start = _STARTS[preset]
    return {
        name: value
        for name, value in settings.items()
        if name not in MINOR and name != "text" and value != start.get(name)
    }


def changes_from(preset: str, config: TrainingConfig) -> dict[str, str | int | float]:
    """The settings that differ from the preset's."""
    start = PRESETS[preset].config.model_dump()
    return {name: value for name, value in config.model_dump().items() if value != start[name]}


def linkable(text: str) -> bool:
    """Whether a link may name this text.

    A link comes from anyone: it must not make this machine read a file of the sender's choice.
    """
    return _LINKABLE_TEXT.fullmatch(text) is not None


def _events(parts: Sequence[str], config: TrainingConfig, problems: list[str]) -> tuple[Event, ...]:
    """The live changes that are understood, in the order of their steps."""
    events = []
    for part in parts:
        step, _, rest = part.partition("-")
        kind, _, value = rest.partition("-")
        if not step.isdecimal() or len(step) > 8 or kind not in LiveSettings.model_fields:
            problems.append(
                f"The live change {shown(part)} is not understood: write step, "
                f"setting and value as 2000-clip-0.5, the setting being one of "
                f"{', '.join(LiveSettings.model_fields)}. It is not repeated."
            )
            continue
        try:
            live = config.live.changed(**{kind: value})
        except ConfigError as error:
            problems.append(f"The live change {shown(part)}: {error} It is not repeated.")
            continue
        events.append(Event(int(step), EventKind(kind), getattr(live, kind)))
    return tuple(sorted(events, key=lambda event: event.step))


def _plain_number(value: float) -> str:
    """Without an exponent, whose minus sign would cut the change in two."""
    return f"{Decimal(repr(value)):f}"
