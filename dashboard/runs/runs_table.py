"""The list of runs as a table: rows of the store in, a DataFrame out. Draws nothing.

Losses become bits per character here. A run's id is the table's index.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
from pandas.io.formats.style import Styler

from core.config import PRESETS, TrainingConfig
from core.insight.standing import among_lines
from core.labels import number, setting, value_name
from core.palette import run_colour
from core.storage.rows import RunRow, bits


def runs_table(rows: Sequence[RunRow], owners: Sequence[str] = ()) -> pd.DataFrame:
    """A row a run, in the given order.

    Args:
        rows: the runs.
        owners: whose each is, if that is to be told.
    """
    table = pd.DataFrame(
        {
            "Colour": ["⬤" for _ in rows],
            "Star": ["★" if row.starred else "" for row in rows],
            "Name": [row.name for row in rows],
            "Status": [str(row.status) for row in rows],
            "Differs": [differences(row) for row in rows],
            "Text": [row.text_title or row.settings["text"] for row in rows],
            "Best": [bits(row.best_validation) for row in rows],
            "Last": [bits(row.last_validation) for row in rows],
            "Gap": [bits(row.gap) for row in rows],
            "Steps": [row.step for row in rows],
            "Planned": [row.planned_steps for row in rows],
            "Characters": [row.characters_seen for row in rows],
            "Time": [str(timedelta(seconds=round(row.seconds))) for row in rows],
            "Diagnosis": [diagnosis(row) for row in rows],
            "Tags": [list(row.tags) for row in rows],
            "Note": [row.note for row in rows],
            "Started": [datetime.fromtimestamp(row.created) for row in rows],
        },
        index=[row.id for row in rows],
    )
    if owners:
        table.insert(1, "Whose", owners)
    for name in ("Best", "Last", "Gap"):
        table[name] = table[name].astype(float)
    return table


def coloured(table: pd.DataFrame, colours: Mapping[str, str]) -> pd.DataFrame | Styler:
    """The same with each run's colour in it; as it is where it is too long to be styled.

    Args:
        colours: by id, of the runs that do not have their own.
    """
    if table.size > pd.get_option("styler.render.max_elements"):
        return table
    styles = [f"color: {colours.get(run_id) or run_colour(run_id)}" for run_id in table.index]
    return table.style.apply(lambda _: styles, subset=["Colour"])


def differences(row: RunRow) -> str:
    """What differs from the preset, shortly: "Quick demo: ReLU, T 40"."""
    changes = ", ".join(setting(name, value) for name, value in row.differences.items())
    title = PRESETS[row.preset].title
    return f"{title}: {changes}" if changes else title


def diagnosis(row: RunRow) -> str:
    """What was found about a run, or where its loss stands among the lines of counting."""
    if row.diagnosis or row.last_validation is None or not row.floors or not row.step:
        return row.diagnosis
    return among_lines(row.last_validation, row.floors).partition(":")[0].rstrip(".")


def matching(
    rows: Sequence[RunRow], words: str, statuses: Sequence[str], starred: bool
) -> list[RunRow]:
    """The rows that hold every word somewhere, have one of the statuses, and a star if asked.

    No status means any.
    """
    wanted = words.lower().split()
    return [
        row
        for row in rows
        if (not statuses or str(row.status) in statuses)
        and (row.starred or not starred)
        and all(word in _searched(row) for word in wanted)
    ]


def configuration_differences(rows: Sequence[RunRow]) -> pd.DataFrame:
    """The settings in which runs differ: a row a setting, a column a run."""
    columns: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        title = row.name if row.name not in columns else f"{row.name} ({row.id})"
        columns[title] = row.settings
    names = [
        name
        for name in TrainingConfig.model_fields
        if len({str(settings.get(name)) for settings in columns.values()}) > 1
    ]
    return pd.DataFrame(
        {
            title: [shown(settings.get(name)) for name in names]
            for title, settings in columns.items()
        },
        index=[name.replace("_", " ") for name in names],
    )


def shown(value: object) -> str:
    """A setting's value for people."""
    return number(value) if isinstance(value, int | float) else value_name(str(value))


def _searched(row: RunRow) -> str:
    return " ".join(
        (row.id, row.name, row.note, *row.tags, row.text_title, diagnosis(row), differences(row))
    ).lower()
